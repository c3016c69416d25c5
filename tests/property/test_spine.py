"""The person spine over any sequence of builds: persons keep their numbers, and no number is ever another's."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_jobs.linkage import spine
from spark_jobs.linkage.backend import DuckDB

Spine = dict[str, str]  # record -> person
Partition = dict[str, int]  # record -> group
RECORDS = [f"p {number}" for number in range(8)]
BUILDS = st.lists(
    st.dictionaries(st.sampled_from(RECORDS), st.integers(0, 3), min_size=1), min_size=2, max_size=5
)  # fmt: skip


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    made = DuckDB(1, tmp_path_factory.mktemp("duckdb"))
    yield made
    made.close()


def build(database: DuckDB, partition: Partition, before: Spine, generation: int) -> tuple[Spine, set[tuple[str, ...]]]:
    """Return the spine and the changes of one build."""
    _table(database, "records", [(name, "p", name) for name in partition], "record, provider, local_id")
    _table(database, "clusters", [(name, str(group)) for name, group in partition.items()], "record, cluster")
    _table(database, "old_spine", list(before.items()), "record, person")
    spine.write(database, generation)
    made = dict(database.rows("SELECT record, person FROM spine"))
    return made, set(database.rows("SELECT change, before, after FROM changes"))


def _table(database: DuckDB, name: str, rows: list[tuple[str, ...]], columns: str) -> None:
    width = columns.count(",") + 1
    values = ", ".join(str(row) for row in rows) or str(("",) * width)
    database.make(name, f"SELECT * FROM (VALUES {values}) AS t({columns}){'' if rows else ' WHERE 1 = 0'}")


def grouped(of: dict[str, object]) -> set[frozenset[str]]:
    return {frozenset(name for name in of if of[name] == group) for group in of.values()}


@settings(max_examples=40, deadline=None)
@given(builds=BUILDS)
def test_persons_keep_their_numbers_and_no_number_is_anothers(database, builds):
    before: Spine = {}
    ever: dict[str, set[str]] = {}  # every record that a number has stood for
    for generation, partition in enumerate(builds, start=1):
        made, changes = build(database, partition, before, generation)
        assert grouped(made) == grouped(partition), "a person is a cluster"
        for group in grouped(made):
            person = made[next(iter(group))]
            known = {before[name] for name in group if name in before}
            if person in ever:
                assert person in known, "a number that was given is kept by its own records or by nobody"
            if len(known) == 1 and {name for name in before if before[name] in known and name in made} <= group:
                assert person in known, "who is whole still keeps the number"
        for name, person in made.items():
            ever.setdefault(person, set()).add(name)
        moved = {(before[name], made[name]) for name in made if name in before and before[name] != made[name]}
        assert {(old, new) for _, old, new in changes} <= moved
        assert moved <= {(old, new) for _, old, new in changes}, "every change of number is written down"
        before = made


@settings(max_examples=15, deadline=None)
@given(partition=st.dictionaries(st.sampled_from(RECORDS), st.integers(0, 3), min_size=1), seed=st.randoms())
def test_the_order_of_records_does_not_matter(database, partition, seed):
    shuffled = list(partition.items())
    seed.shuffle(shuffled)
    renamed = {name: group * 7 + 1 for name, group in shuffled}  # what clusters are called does not matter either
    assert build(database, partition, {}, 1)[0] == build(database, renamed, {}, 1)[0]
