"""Finds out which records of different providers speak of the same person. Runs in the landing zone alone.

First what a verified NHS number says; then Splink (Fellegi and Sunter's model, parameters by expectation
maximisation) for the rest. Splink runs on DuckDB here: on Spark it takes fifty times as long for a region's test data.
Everything stays in files and in DuckDB; nothing is collected into Python.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

# One readable place for what linkage depends on.
THRESHOLD = 0.90  # probability of a match above which two records are joined
TRAINING_RECALL = 0.85  # assumed recall of the deterministic rules below, from which the prior is estimated
SEED = 1
MOST_PAIRS = 2e6
BLOCKING = (
    ("nhs_number",),
    ("birth_date", "surname_start"),
    ("birth_date", "forename_start"),
    ("postcode", "forename_start"),
    ("surname", "forename", "birth_year"),
)

# A verified number joins two records only when the persons could be one: a number typed into the wrong record of a
# household is valid too, and twins share a date of birth.
_DETERMINISTIC = """
    SELECT a.record AS unique_id_l, b.record AS unique_id_r, 1.0::DOUBLE AS match_probability
    FROM records a JOIN records b ON a.nhs_number = b.nhs_number AND a.record < b.record
    WHERE (a.birth_date = b.birth_date AND a.forename_start = b.forename_start)
       OR (jaro_winkler_similarity(a.forename, b.forename) >= 0.85
           AND (a.surname = b.surname OR a.postcode = b.postcode OR a.birth_date = b.birth_date))
"""

_RECORDS = """
    CREATE TABLE records AS
    SELECT provider || ' ' || local_id AS record, provider, local_id, nhs_number,
           upper(forename) AS forename, upper(surname) AS surname, sex, birth_date::VARCHAR AS birth_date,
           upper(replace(postcode, ' ', '')) AS postcode,
           left(upper(forename), 1) AS forename_start, left(upper(surname), 3) AS surname_start,
           left(birth_date::VARCHAR, 4) AS birth_year
    FROM read_parquet($1)
"""

# A cluster keeps the number of a person whom it holds already; of several the smallest, and each number goes to one
# cluster alone: the one with that person's first record. A new cluster is named after its first record.
_SPINE = """
    CREATE TABLE spine AS
    WITH held AS (
        SELECT c.cluster, o.person, min(c.record) AS first_record
        FROM clusters c JOIN old_spine o USING (record) GROUP BY ALL
    ), owner AS (
        SELECT person, arg_min(cluster, first_record) AS cluster FROM held GROUP BY person
    ), kept AS (
        SELECT cluster, min(person) AS person FROM owner GROUP BY cluster
    ), fresh AS (
        SELECT cluster, 'P' || substr(sha256(min(record) || ' ' || ($1)::VARCHAR), 1, 30) AS person
        FROM clusters GROUP BY cluster
    )
    SELECT r.provider, r.local_id, r.record, coalesce(kept.person, fresh.person) AS person
    FROM clusters c JOIN records r USING (record) JOIN fresh USING (cluster) LEFT JOIN kept USING (cluster)
"""


def link(records: Path, old_spine: Path | None, out: Path, generation: int, progress: Callable[[str], None]) -> None:
    """Write the person spine: which provider's local number is which person.

    Parameters
    ----------
    records : Path
        Parquet: provider, local_id, nhs_number (null unless verified), forename, surname, sex, birth_date, postcode.
    old_spine : Path or None
        The spine of the last build, whose persons keep their numbers.
    out : Path
        Parquet that receives provider, local_id, record and person.
    generation : int
        The number of this build: a new person is never given a number that an earlier build could have given.
    """
    logging.getLogger("splink").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="splink")
    with duckdb.connect() as database:
        database.execute(_RECORDS, [f"{records}/*.parquet"])
        progress("linking by NHS number")
        database.execute(f"CREATE TABLE edges AS {_DETERMINISTIC}")
        progress("linking the rest (Splink)")
        _splink(database)
        database.execute("CREATE TABLE old_spine (record VARCHAR, person VARCHAR)")
        if old_spine is not None:
            database.execute(
                "INSERT INTO old_spine SELECT record, person FROM read_parquet($1)", [f"{old_spine}/*.parquet"]
            )
        database.execute(_SPINE, [str(generation)])
        out.mkdir(parents=True, exist_ok=True)
        database.execute(f"COPY spine TO '{out}/part-0.parquet' (FORMAT parquet)")


def _splink(database: duckdb.DuckDBPyConnection) -> None:
    """Add the pairs that Splink finds to the edges, and group all records into clusters."""
    import splink.comparison_library as compare
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on
    from splink.clustering import cluster_pairwise_predictions_at_threshold as cluster

    rules: list[Any] = [block_on(*columns) for columns in BLOCKING]
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="record",
        comparisons=[
            compare.ExactMatch("nhs_number"),
            compare.NameComparison("forename").configure(term_frequency_adjustments=True),
            compare.NameComparison("surname").configure(term_frequency_adjustments=True),
            compare.DamerauLevenshteinAtThresholds("birth_date", [1, 2]),
            compare.DamerauLevenshteinAtThresholds("postcode", [1, 2]).configure(term_frequency_adjustments=True),
            compare.ExactMatch("sex"),
        ],
        blocking_rules_to_generate_predictions=rules,
        retain_intermediate_calculation_columns=False,
    )
    api = DuckDBAPI(database)
    linker = Linker(api.register("records", table_name="people_records"), settings)
    linker.training.estimate_probability_two_random_records_match(
        [block_on("nhs_number"), block_on("forename", "surname", "birth_date")], recall=TRAINING_RECALL
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=MOST_PAIRS, seed=SEED)
    for columns in (("forename", "surname"), ("birth_date",), ("nhs_number",)):
        linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(*columns), record_sample_proportion=1.0
        )
    found = linker.inference.predict(threshold_match_probability=THRESHOLD)
    database.execute(
        "INSERT INTO edges SELECT record_l, record_r, match_probability FROM " + found.physical_name  # noqa: S608
    )
    groups = cluster("records", "edges", api, "record", "unique_id_l", "unique_id_r", THRESHOLD)
    database.execute(
        "CREATE TABLE clusters AS SELECT cluster_id AS cluster, record FROM " + groups.physical_name  # noqa: S608
    )


def evaluate(spine: Path, truth: Path) -> dict[str, Any]:
    """Return precision, recall and F1 of the linked pairs against ground truth, and how many records and persons.

    Two records are a true pair when they are of one person. Counted from group sizes, so that no pair is listed.
    """
    with duckdb.connect() as database:
        database.execute(
            """
            CREATE TABLE both_known AS SELECT s.person AS linked, t.person AS truly
            FROM read_parquet($1) s JOIN read_parquet($2) t USING (provider, local_id)
            """,
            [f"{spine}/*.parquet", f"{truth}/links/*.parquet"],
        )
        pairs = "SELECT coalesce(sum(n * (n - 1) // 2), 0) FROM (SELECT count(*) AS n FROM both_known GROUP BY {})"
        right, linked, true = (
            int(_one(database, pairs.format(by))) for by in ("linked, truly", "linked", "truly")
        )  # fmt: skip
        records = int(_one(database, "SELECT count(*) FROM both_known"))
        persons = int(_one(database, "SELECT count(DISTINCT linked) FROM both_known"))
    precision, recall = right / max(1, linked), right / max(1, true)
    f1 = 2 * precision * recall / max(1e-12, precision + recall)
    return {"precision": precision, "recall": recall, "f1": f1, "records": records, "persons": persons}


def _one(database: duckdb.DuckDBPyConnection, query: str) -> Any:
    row = database.execute(query).fetchone()
    return row[0] if row else 0
