"""What is certain and what no probability may override, as queries over the tables of :mod:`spark_jobs.linkage.job`."""

from __future__ import annotations

from spark_jobs.linkage.settings import Deterministic, Guards, Thresholds

FIELDS = ("number", "forename", "surname", "birth_date", "postcode", "sex")
_CLOSE_EDITS = 2

RECORDS = """
    SELECT concat(provider, ' ', local_id) AS record, provider, local_id, nhs_number, number,
           upper(forename) AS forename, upper(surname) AS surname, sex, cast(birth_date AS string) AS birth_date,
           upper(replace(postcode, ' ', '')) AS postcode,
           left(upper(forename), 1) AS forename_start, left(upper(surname), 3) AS surname_start,
           left(cast(birth_date AS string), 4) AS birth_year,
           left(upper(replace(postcode, ' ', '')), 3) AS postcode_start
    FROM sent
"""

# Where a person joined two records with two verified numbers, the numbers stand for each other: the smaller for both.
SAME_NUMBERS = """
    SELECT greatest(a.nhs_number, b.nhs_number) AS number, min(least(a.nhs_number, b.nhs_number)) AS stands_for
    FROM decided d JOIN plain a ON d.l = a.record JOIN plain b ON d.r = b.record
    WHERE d.joined AND a.nhs_number <> b.nhs_number GROUP BY greatest(a.nhs_number, b.nhs_number)
"""
ANCHORS = """
    SELECT p.*, coalesce(second.stands_for, first.stands_for, p.nhs_number) AS anchor FROM plain p
    LEFT JOIN same_numbers first ON p.nhs_number = first.number
    LEFT JOIN same_numbers second ON first.stands_for = second.number
"""


def certain(rule: Deterministic) -> str:
    """Return the pairs that a verified number joins.

    A verified number joins two records only when the persons could be one: a number typed into the wrong record of a
    household is valid too, and twins share a date of birth.
    """
    return f"""
        SELECT a.record AS l, b.record AS r
        FROM records a JOIN records b ON a.nhs_number = b.nhs_number AND a.record < b.record
        WHERE (a.birth_date = b.birth_date AND a.forename_start = b.forename_start)
           OR (jaro_winkler(a.forename, b.forename) >= {rule.forename_similarity}
               AND (a.surname = b.surname OR a.postcode = b.postcode OR a.birth_date = b.birth_date))
    """


def judged(guards: Guards) -> str:
    """Return each scored pair with what the guards ask of it.

    ``numbers`` is ``same``, ``other`` (two verified numbers that differ) or ``unknown``; ``alike`` says whether
    forename and date of birth agree at least roughly, or one of them does and the numbers as sent are equal (a value
    that is missing disagrees with nothing).
    """
    names = f"""(coalesce(jaro_winkler(a.forename, b.forename), 1) >= {guards.forename_similarity}
                 OR (a.forename = b.surname AND a.surname = b.forename))"""
    births = f"coalesce(damerau_levenshtein(a.birth_date, b.birth_date), 0) <= {guards.birth_date_edits}"
    return f"""
        SELECT s.l, s.r, s.p,
               CASE WHEN a.nhs_number = b.nhs_number THEN 'same'
                    WHEN a.nhs_number <> b.nhs_number THEN 'other' ELSE 'unknown' END AS numbers,
               ({names} AND {births}) OR (coalesce(a.number = b.number, false) AND ({names} OR {births})) AS alike
        FROM scored s JOIN records a ON s.l = a.record JOIN records b ON s.r = b.record
    """


def edges(thresholds: Thresholds) -> str:
    """Return the pairs to join: certain ones, probable ones that pass the guards, and those that a person joined."""
    return f"""
        SELECT l, r, max(p) AS p FROM (
            SELECT l, r, cast(1.0 AS double) AS p FROM certain
            UNION ALL SELECT l, r, p FROM judged WHERE p >= {thresholds.link} AND numbers <> 'other' AND alike
            UNION ALL SELECT l, r, cast(1.0 AS double) AS p FROM decided WHERE joined
        ) AS found
        WHERE NOT EXISTS (SELECT 1 FROM decided d WHERE NOT d.joined AND d.l = found.l AND d.r = found.r)
        GROUP BY l, r
    """


# A record without a verified number follows the one number that it is nearest to; what would tie it to another number's
# records is cut, or it would join two persons into one.
NEAREST = """
    SELECT record, max_by(anchor, p) AS anchor FROM (
        SELECT e.l AS record, b.anchor, e.p FROM edges e
        JOIN records a ON e.l = a.record JOIN records b ON e.r = b.record
        WHERE a.anchor IS NULL AND b.anchor IS NOT NULL
        UNION ALL
        SELECT e.r AS record, a.anchor, e.p FROM edges e
        JOIN records a ON e.l = a.record JOIN records b ON e.r = b.record
        WHERE b.anchor IS NULL AND a.anchor IS NOT NULL
    ) AS found GROUP BY record
"""
ANCHORED = """
    SELECT e.l, e.r, e.p FROM edges e
    JOIN records a ON e.l = a.record JOIN records b ON e.r = b.record
    LEFT JOIN nearest n ON e.l = n.record LEFT JOIN nearest m ON e.r = m.record
    WHERE coalesce(a.anchor, n.anchor) IS NULL OR coalesce(b.anchor, m.anchor) IS NULL
       OR coalesce(a.anchor, n.anchor) = coalesce(b.anchor, m.anchor)
"""


def implausible(guards: Guards) -> str:
    """Return the clusters that cannot be one person: two verified numbers, too many records, or a decided parting."""
    return f"""
        SELECT c.cluster FROM clusters c JOIN records r ON c.record = r.record GROUP BY c.cluster
        HAVING count(DISTINCT r.anchor) > 1 OR count(*) > {guards.most_records}
        UNION
        SELECT a.cluster FROM decided d JOIN clusters a ON d.l = a.record JOIN clusters b ON d.r = b.record
        WHERE NOT d.joined AND a.cluster = b.cluster
    """


def doubtful(thresholds: Thresholds) -> str:
    """Return the pairs that a person should look at: probable, alike, undecided, and not joined by other ways.

    Two verified numbers that differ are two persons; only when all else says otherwise is one of them in doubt. The
    pairs carry how far each field agrees, the bits that it added to the pair's weight, and the values themselves, which
    never leave the landing zone unmasked.
    """
    levels = ", ".join(f"{_agreement(name)} AS {name}" for name in FIELDS)
    values = ", ".join(f"{side}.{name} AS {name}_{side}" for name in FIELDS for side in ("x", "y"))
    bits = ", ".join(f"s.bits_{name}" for name in FIELDS)
    return f"""
        SELECT j.l, j.r, j.p, j.numbers, {levels}, {values}, s.weight, {bits} FROM judged j
        JOIN scored s ON j.l = s.l AND j.r = s.r
        JOIN clusters a ON j.l = a.record JOIN clusters b ON j.r = b.record
        JOIN records x ON j.l = x.record JOIN records y ON j.r = y.record
        WHERE a.cluster <> b.cluster AND j.alike
          AND (j.numbers <> 'other' OR j.p >= {thresholds.link})
          AND NOT EXISTS (SELECT 1 FROM decided d WHERE d.l = j.l AND d.r = j.r)
    """


def _agreement(name: str) -> str:
    """Return in a word how far two records agree in a field: no value is told."""
    return f"""CASE WHEN x.{name} IS NULL OR y.{name} IS NULL THEN 'missing' WHEN x.{name} = y.{name} THEN 'same'
                    WHEN damerau_levenshtein(x.{name}, y.{name}) <= {_CLOSE_EDITS} THEN 'close' ELSE 'different' END"""
