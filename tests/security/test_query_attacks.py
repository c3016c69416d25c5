"""A query of a run says whom each row is about: what would set others' rows, or nobody's, beside a pseudonym."""

from __future__ import annotations

import pytest

from spark_jobs.errors import JobRefused
from spark_jobs.provisioning import guard
from spark_jobs.provisioning.about import are_plain

pytestmark = pytest.mark.spark
PEOPLE = [(f"P{n}", str(n % 2), n) for n in range(6)]


@pytest.fixture(scope="module")
def tables(spark):
    return {
        "people": spark.createDataFrame(PEOPLE, "pseudonym string, sex string, age int"),
        "deaths": spark.createDataFrame([("P1", "x"), ("P2", "y")], "pseudonym string, cause string"),
    }


def answer(spark, tables, query: str) -> dict[str, str]:
    found = guard.run(spark, query, tables, guard.QUERY)
    return {row["pseudonym"]: row["g"] for row in found.selectExpr("pseudonym", "g").collect()}


OWN = {"P1": "x", "P2": "y"}
SEXES = {name: sex for name, sex, _ in PEOPLE}


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT pseudonym, sex AS g FROM people", SEXES),
        ("SELECT pseudonym, cause AS g FROM people JOIN deaths USING (pseudonym)", OWN),
        ("SELECT d.pseudonym, cause AS g FROM people p JOIN deaths d USING (pseudonym)", OWN),
        ("SELECT pseudonym, sex AS g FROM people LEFT JOIN deaths USING (pseudonym)", SEXES),
        ("SELECT pseudonym, cause AS g FROM people RIGHT JOIN deaths USING (pseudonym)", OWN),
        ("SELECT pseudonym, sex AS g FROM deaths FULL JOIN people USING (pseudonym)", SEXES),
        ("SELECT pseudonym, cause AS g FROM deaths LEFT SEMI JOIN people USING (pseudonym)", OWN),
        ("SELECT pseudonym, sex AS g FROM people LEFT ANTI JOIN deaths USING (pseudonym)",
         {each: sex for each, sex in SEXES.items() if each not in OWN}),
        ("SELECT pseudonym, cause AS g FROM deaths WHERE pseudonym NOT IN (SELECT pseudonym FROM people WHERE age = 9)",
         OWN),
        ("SELECT DISTINCT a.pseudonym, b.sex AS g FROM people a JOIN people b USING (pseudonym)", SEXES),
        ("WITH t AS (SELECT pseudonym, max(cause) AS g FROM deaths GROUP BY pseudonym HAVING count(*) > 0),"
         " u AS (SELECT * FROM t) SELECT pseudonym, g FROM people JOIN u USING (pseudonym)", OWN),
        ("SELECT pseudonym, CASE WHEN pseudonym IN (SELECT pseudonym FROM deaths) THEN 'd' ELSE 'a' END AS g"
         " FROM people WHERE age < 2", {"P0": "a", "P1": "d"}),
        ("SELECT pseudonym, sex AS g FROM people p WHERE EXISTS (SELECT 1 FROM deaths d WHERE cause > '' AND"
         " p.pseudonym = d.pseudonym) AND age < 2", {"P1": "1"}),
    ],
)  # fmt: skip
def test_what_a_query_of_persons_may_say(spark, tables, query, told):
    assert answer(spark, tables, query) == told


@pytest.mark.parametrize(
    "query",
    [
        # a text is a column of its own name: joined by it, everybody stands beside everybody
        "SELECT t.pseudonym, o.sex AS g FROM (SELECT 'pseudonym', sex FROM people WHERE pseudonym = 'P1') o"
        " JOIN (SELECT 'pseudonym', pseudonym FROM people) t USING (pseudonym)",
        "SELECT 'pseudonym', sex AS g FROM people",
        "SELECT 'Pseudonym', pseudonym, sex AS g FROM people",
        # a side without a row: somebody is counted whom no member tells of
        "SELECT d.pseudonym, p.sex AS g FROM people p LEFT JOIN deaths d USING (pseudonym)",
        "SELECT d.pseudonym, p.sex AS g FROM deaths d RIGHT JOIN people p USING (pseudonym)",
        "SELECT d.pseudonym, p.sex AS g FROM deaths d FULL JOIN people p USING (pseudonym)",
        "SELECT pseudonym, g FROM (SELECT d.pseudonym, p.sex AS g FROM people p LEFT JOIN deaths d USING (pseudonym)) t"
        " JOIN people USING (pseudonym)",
        "SELECT try_cast(pseudonym AS int), sex AS g FROM people",
        "SELECT try_cast(pseudonym AS binary), sex AS g FROM people",
        # everybody's rows, or their values, by what somebody's say
        "SELECT pseudonym, sex AS g FROM people WHERE EXISTS (SELECT 1 FROM deaths d WHERE d.pseudonym = 'P1')",
        "SELECT pseudonym, sex AS g FROM people p WHERE EXISTS (SELECT 1 FROM deaths d WHERE d.pseudonym = p.pseudonym"
        " OR d.pseudonym = 'P1')",
        "SELECT pseudonym, sex AS g FROM people p WHERE EXISTS (SELECT max(cause) FROM deaths d WHERE d.pseudonym ="
        " 'P1' GROUP BY d.pseudonym HAVING d.pseudonym = max(p.pseudonym))",
        "SELECT pseudonym, sex AS g FROM people WHERE 'x' IN (SELECT cause FROM deaths WHERE pseudonym = 'P1')",
        "SELECT pseudonym, sex AS g FROM people WHERE age IN (SELECT max(age) FROM people)",
        "SELECT pseudonym, sex AS g FROM people WHERE pseudonym IN (SELECT max(pseudonym) FROM people)",
        "SELECT pseudonym, sex AS g FROM people WHERE pseudonym NOT IN"
        " (SELECT d.pseudonym FROM people p LEFT JOIN deaths d USING (pseudonym))",
        "SELECT pseudonym, CASE WHEN 'x' IN (SELECT cause FROM deaths) THEN 1 ELSE 2 END AS g FROM people",
        "SELECT pseudonym, sex AS g FROM people JOIN (SELECT pseudonym, max(age) AS age FROM people GROUP BY pseudonym"
        " HAVING 'x' IN (SELECT cause FROM deaths)) t USING (pseudonym)",
        "WITH t(pseudonym, g) AS (SELECT sex, pseudonym FROM people) SELECT * FROM t",
        "SELECT max(pseudonym), sex AS g FROM people GROUP BY sex",
        "SELECT pseudonym, pseudonym, sex AS g FROM people",
        "SELECT sex AS g FROM people",
    ],
)  # fmt: skip
def test_a_query_whose_rows_could_be_about_others_is_refused_in_one_sentence(spark, tables, query):
    with pytest.raises(JobRefused) as met:
        answer(spark, tables, query)
    assert "\n" not in met.value.sentence()
    assert "P1" not in met.value.sentence()


@pytest.mark.parametrize(
    ("query", "plain"),
    [
        ("SELECT * FROM people", True),
        ("WITH t AS (SELECT DISTINCT pseudonym, sex FROM people JOIN deaths USING (pseudonym)) SELECT * FROM t", True),
        ("SELECT pseudonym, sex FROM people GROUP BY pseudonym, sex", True),
        ("SELECT pseudonym, concat('P1 died of ', sex) AS sex FROM people", False),
        ("SELECT pseudonym, 'sex' FROM people", False),
        ("SELECT pseudonym, age AS sex FROM people", False),
        ("SELECT pseudonym, sex FROM (SELECT pseudonym, 'P1 died' AS sex FROM people) t", False),
    ],
)
def test_a_word_that_the_query_wrote_is_no_table_s_own(spark, tables, query, plain):
    plan = guard.run(spark, query, tables, guard.QUERY)._jdf.queryExecution().analyzed()
    assert are_plain(plan, ["sex"]) is plain
