"""Links the records of all providers: certain pairs, probable pairs, guards, clusters, the spine, the doubtful."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
from pyspark.sql import SparkSession

from spark_jobs.linkage import rules, spine
from spark_jobs.linkage.backend import Backend, choose
from spark_jobs.linkage.model import score
from spark_jobs.linkage.settings import LinkageSettings, load_settings


@dataclass(frozen=True)
class Linked:
    """What came of linkage: counts, the persons whom two providers share, and the model's weights. No identifier."""

    records: int
    persons: int
    merged: int
    split: int
    doubtful: int
    model: dict[str, Any] = field(repr=False)
    shared: list[dict[str, Any]] = field(repr=False)

    @classmethod
    def nobody(cls) -> Linked:
        """Return what comes of linkage where there is no record."""
        return cls(0, 0, 0, 0, 0, {}, [])

    def counts(self) -> dict[str, int]:
        """Return the counts as plain values."""
        return {name: value for name, value in asdict(self).items() if name not in {"model", "shared"}}


def link(
    records: Path,
    old_spine: Path | None,
    out: Path,
    generation: int,
    progress: Callable[[str], None],
    *,
    settings: LinkageSettings | None = None,
    decisions: Path | None = None,
    spark: SparkSession | None = None,
) -> Linked:
    """Write the person spine (who of which provider is which person) and the pairs that a person should look at.

    Parameters
    ----------
    records : Path
        Parquet: provider, local_id, nhs_number (null unless verified), number (digits as sent), forename, surname,
        sex, birth_date, postcode.
    old_spine : Path or None
        The spine of the last build, whose persons keep their numbers.
    out : Path
        Folder that receives the spine (provider, local_id, record, person) and, below it, ``_changes`` and
        ``_doubtful``.
    generation : int
        The number of this build.
    decisions : Path or None
        Parquet of what reviewers decided: l, r (records, l before r) and joined.
    spark : SparkSession or None
        The job's session, used for more records than one machine holds.
    """
    told = settings or load_settings()
    count = sum(parquet.read_metadata(part).num_rows for part in records.glob("*.parquet"))
    with choose(count, told.backend, spark, out.with_name(f".{out.name}.work")) as backend:
        _load(backend, records, old_spine, decisions, out)
        progress("linking by NHS number")
        backend.make("certain", rules.certain(told.deterministic))
        progress("linking the rest (Splink)")
        model = score(backend, told)
        backend.make("judged", rules.judged(told.guards))
        backend.make("edges", rules.edges(told.thresholds))
        progress("guarding against persons made of two")
        _cluster(backend, told)
        changed = spine.write(backend, generation)
        backend.make("doubtful", rules.doubtful(told.thresholds))
        backend.save("spine", out)
        for table in ("changes", "doubtful"):
            backend.save(table, out / f"_{table}")  # what begins so is no part of a Parquet folder
        shared = [
            {"one": one, "other": other, "persons": int(persons)} for one, other, persons in backend.rows(spine.SHARED)
        ]
        persons, doubtful = (
            int(backend.rows(query)[0][0])
            for query in ("SELECT count(DISTINCT person) FROM spine", "SELECT count(*) FROM doubtful")
        )
    return Linked(count, persons, changed["merged"], changed["split"], doubtful, model, shared)


def _load(backend: Backend, records: Path, old_spine: Path | None, decisions: Path | None, out: Path) -> None:
    backend.load("sent", records)
    backend.make("plain", rules.RECORDS)
    if old_spine is not None:
        backend.load("old_spine", old_spine)
    else:
        backend.make("old_spine", "SELECT record, cast(NULL AS string) AS person FROM plain WHERE 1 = 0")
    if decisions is not None:
        backend.load("decided", decisions)
    else:
        backend.make("decided", "SELECT record AS l, record AS r, true AS joined FROM plain WHERE 1 = 0")
    backend.make("same_numbers", rules.SAME_NUMBERS)
    backend.make("records", rules.ANCHORS)


def _cluster(backend: Backend, settings: LinkageSettings) -> None:
    """Make ``clusters`` (record, cluster): connected records, none of them two verified numbers' at once."""
    backend.make("nearest", rules.NEAREST)
    backend.make("kept", rules.ANCHORED)
    backend.make("clusters", "SELECT record, record AS cluster FROM records")
    backend.make("open", "SELECT record FROM records")
    for tier in (0.0, *settings.guards.tiers):
        _connect(backend, tier)
        backend.make("broken", rules.implausible(settings.guards))
        backend.make("open", "SELECT c.record FROM clusters c JOIN broken b ON c.cluster = b.cluster")
        if not backend.rows("SELECT 1 FROM open LIMIT 1"):
            return


def _connect(backend: Backend, least: float) -> None:
    """Cluster the open records anew by the edges of at least this probability; all others stay as they are."""
    from splink.clustering import cluster_pairwise_predictions_at_threshold as connected

    backend.make(
        "strong",
        f"SELECT k.l, k.r, k.p AS match_probability FROM kept k JOIN open a ON k.l = a.record "
        f"JOIN open b ON k.r = b.record WHERE k.p >= {least}",
    )
    groups = connected(backend.registered("open"), backend.registered("strong"), backend.api, "record", "l", "r", least)
    backend.adopt("grouped", groups)
    backend.make(
        "clusters_next",
        "SELECT c.record, c.cluster FROM clusters c LEFT JOIN open o ON c.record = o.record WHERE o.record IS NULL "
        "UNION ALL SELECT record, cluster_id AS cluster FROM grouped",
    )
    backend.make("clusters", "SELECT * FROM clusters_next")
