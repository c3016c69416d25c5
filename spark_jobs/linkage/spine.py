"""The person spine: who is who, from one build to the next."""

from __future__ import annotations

from spark_jobs.linkage.backend import Backend

# A cluster keeps the number of a person whom it holds already; of several the smallest, and each number goes to one
# cluster alone: the one with that person's first record. A new cluster is named after its first record.
_SPINE = """
    WITH held AS (
        SELECT c.cluster, o.person, min(c.record) AS first_record
        FROM clusters c JOIN old_spine o ON c.record = o.record GROUP BY c.cluster, o.person
    ), owner AS (
        SELECT person, min_by(cluster, first_record) AS cluster FROM held GROUP BY person
    ), kept AS (
        SELECT cluster, min(person) AS person FROM owner GROUP BY cluster
    ), fresh AS (
        SELECT cluster, concat('P', substr(sha2(concat(min(record), ' {generation}'), 256), 1, 30)) AS person
        FROM clusters GROUP BY cluster
    )
    SELECT r.provider, r.local_id, r.record, coalesce(kept.person, fresh.person) AS person
    FROM clusters c JOIN records r ON c.record = r.record JOIN fresh ON c.cluster = fresh.cluster
    LEFT JOIN kept ON c.cluster = kept.cluster
"""

# Persons whom an older spine held and whose records now stand with another: joined into one, or parted.
_CHANGES = """
    WITH moved AS (
        SELECT DISTINCT o.person AS before, s.person AS after FROM old_spine o JOIN spine s ON o.record = s.record
    )
    SELECT 'merged' AS change, before, after FROM moved WHERE before <> after
      AND after IN (SELECT after FROM moved GROUP BY after HAVING count(*) > 1)
    UNION ALL
    SELECT 'split' AS change, before, after FROM moved WHERE before <> after
      AND before IN (SELECT before FROM moved GROUP BY before HAVING count(*) > 1)
"""

# How many persons each two providers share; a provider with itself is everybody whom it knows.
SHARED = """
    WITH known AS (SELECT DISTINCT person, provider FROM spine)
    SELECT a.provider AS one, b.provider AS other, count(*) AS persons
    FROM known a JOIN known b ON a.person = b.person AND a.provider <= b.provider
    GROUP BY a.provider, b.provider ORDER BY one, other
"""


def write(backend: Backend, generation: int) -> dict[str, int]:
    """Make the tables ``spine`` and ``changes`` and return how many persons were merged and split.

    Needs ``records``, ``clusters`` and ``old_spine`` (record, person).

    Parameters
    ----------
    generation : int
        The number of this build: a new person is never given a number that an earlier build could have given.
    """
    backend.make("spine", _SPINE.format(generation=int(generation)))
    backend.make("changes", _CHANGES)
    told = dict(backend.rows("SELECT change, count(DISTINCT before) FROM changes GROUP BY change"))
    return {"merged": int(told.get("merged", 0)), "split": int(told.get("split", 0))}
