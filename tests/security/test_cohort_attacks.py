"""A cohort is written by a researcher and run by the platform: what it must not reach, and what it may say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spark_jobs.errors import JobRefused
from spark_jobs.provisioning import cohort, guard

pytestmark = pytest.mark.spark
SECRET = "E01999999"
DATES = {"gp_events": "event_date"}
PEOPLE = [("A", 1940, "1", "E01000001"), ("B", 1950, "2", SECRET), ("C", 1960, None, "E01000001")]
EVENTS = [("A", "111"), ("A", "111"), ("B", "111"), ("C", "222"), ("D", "111")]


@pytest.fixture(scope="module")
def tables(spark):
    spark.sql("SELECT 'hidden' AS pseudonym").createOrReplaceTempView("other_project")
    events = spark.createDataFrame(EVENTS, "pseudonym string, snomed_code string")
    return {
        "people": spark.createDataFrame(PEOPLE, "pseudonym string, birth_year int, sex string, lsoa string"),
        "gp_events": events.selectExpr("pseudonym", "snomed_code", "date'2020-01-31' AS event_date"),
    }


@pytest.fixture(scope="module")
def planted(spark, tmp_path_factory):
    """Return a file that an attacker would like to read, and a way to know that it could be read."""
    path = str(tmp_path_factory.mktemp("attacks") / "planted")
    spark.sql("SELECT 'A' AS pseudonym").write.parquet(path)
    assert spark.sql(f"SELECT pseudonym FROM parquet.`{path}`").collect()[0][0] == "A"
    return path


def chosen(spark, text: str, tables: dict) -> str:
    return "".join(sorted(row[0] for row in cohort.persons(spark, text, tables, DATES).collect()))


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("", "ABC"),
        (" \n", "ABC"),
        ("birth_year <= 1950", "AB"),
        ("birth_year BETWEEN 1945 AND 1960 AND NOT sex = '1'", "B"),
        ("people.sex IN ('1', '2') OR lsoa LIKE 'E01%1'", "ABC"),
        ("sex IS NULL", "C"),
        ("try_cast(substr(lsoa, 2) AS int) > 1000001", "B"),
        ("coalesce(sex, '2') = '2' -- and a comment", "BC"),
        ("pseudonym IN (SELECT pseudonym FROM people WHERE birth_year < 1950)", "A"),
        ("SELECT pseudonym FROM people", "ABC"),
        ("SELECT pseudonym FROM gp_events", "ABC"),
        ("select PSEUDONYM from GP_EVENTS where snomed_code = '111' group by pseudonym having count(*) >= 2", "A"),
        ("WITH w AS (SELECT pseudonym AS p FROM gp_events WHERE event_date >= date'2020-01-01' AND snomed_code = '222')"
         " SELECT pseudonym FROM people JOIN w ON people.pseudonym = w.p", "C"),
        ("(SELECT pseudonym FROM people) EXCEPT (SELECT pseudonym FROM gp_events WHERE snomed_code = '111')", "C"),
        ("SELECT pseudonym FROM people p WHERE EXISTS (SELECT 1 FROM gp_events e WHERE e.pseudonym = p.pseudonym AND"
         " snomed_code = '222')", "C"),
        ("SELECT pseudonym FROM people LEFT SEMI JOIN gp_events USING (pseudonym) WHERE year(date'2020-01-01') = 2020"
         " AND birth_year > -birth_year + 1", "ABC"),
        ("all:\n- {table: people, column: birth_year, operator: between, value: [1940, 1950]}\n"
         "- not: {table: gp_events, column: snomed_code, value: '111', from: 2020-01-01, to: 2020-01-31, at_least: 2}",
         "B"),
        ('{"any": [{"table": "people", "column": "sex", "operator": "is missing"}, {"table": "people", "column":'
         ' "lsoa", "operator": "starts with", "value": "E019"}]}', "BC"),
        ("table: people\ncolumn: sex\noperator: '!='\nvalue: it\\'s ' \\ ", "AB"),
        ("SELECT DISTINCT pseudonym FROM people UNION SELECT pseudonym FROM gp_events", "ABC"),
    ],
)  # fmt: skip
def test_what_a_cohort_may_say(spark, tables, text, who):
    assert chosen(spark, text, tables) == who


@pytest.mark.parametrize(
    "text",
    [
        # files, by every road
        "pseudonym IN (TABLE parquet.`{path}`)", "EXISTS (FROM parquet.`{path}` |> WHERE true)",
        "SELECT pseudonym FROM parquet.`{path}`", "SELECT pseudonym FROM PARQUET.`{path}` p",
        "WITH x AS (SELECT * FROM parquet.`{path}`) SELECT pseudonym FROM x",
        "SELECT pseudonym FROM people UNION ALL SELECT pseudonym FROM parquet.`{path}`",
        "SELECT pseudonym FROM people JOIN parquet.`{path}` f USING (pseudonym)",
        "SELECT pseudonym FROM people WHERE pseudonym = (SELECT max(pseudonym) FROM parquet.`{path}`)",
        "1=1) OR pseudonym IN (SELECT pseudonym FROM parquet.`{path}`", "SELECT pseudonym FROM text.`{path}`",
        "SELECT pseudonym FROM read_files('{path}')", "SELECT pseudonym FROM identifier('parquet.`{path}`')",
        "SELECT pseudonym FROM identifier('par' || 'quet.`{path}`')",
        "SELECT pseudonym FROM people WITH (path = '{path}')", "SELECT pseudonym FROM people VERSION AS OF 0",
        "INSERT OVERWRITE DIRECTORY '{path}' USING parquet SELECT pseudonym FROM people",
        "CREATE TABLE t USING parquet LOCATION '{path}'", "CREATE TEMPORARY VIEW people AS SELECT 1",
        "LOAD DATA INPATH '{path}' INTO TABLE people", "ADD JAR '{path}'", "SELECT input_file_name() FROM people",
        "input_file_name() = ''", "_metadata.file_path = ''",
        "SELECT pseudonym FROM people _metadata WHERE _metadata.file_path = ''",
        "SELECT _metadata.file_path AS file_path, pseudonym FROM people",
        # other tables
        "SELECT pseudonym FROM other_project", "TABLE other_project", "pseudonym IN (FROM other_project)",
        "SELECT pseudonym FROM default.people", "SELECT pseudonym FROM spark_catalog.default.people",
        "SELECT pseudonym FROM system.information_schema.tables", "SHOW TABLES", "DESCRIBE people",
        # code, scripts, settings, the environment
        "java_method('java.lang.System', 'getenv') IS NULL", "reflect('java.lang.System', 'getenv', 'HOME') > ''",
        "try_reflect('java.lang.System', 'getenv', 'HOME') > ''", "SELECT system.builtin.reflect('a', 'b') FROM people",
        "SELECT TRANSFORM(pseudonym) USING 'cat' AS (pseudonym) FROM people", "SET spark.ui.enabled=true", "RESET",
        "lsoa = '${{env:HOME}}'", "lsoa = '${{system:user.home}}'", "birth_year = :x", "birth_year = ?",
        "current_user() = 'x'", "version() = 'x'", "SELECT /*+ BROADCAST(people) */ pseudonym FROM people",
        "transform(array(1), x -> x) IS NULL", "SELECT pseudonym FROM people LATERAL VIEW explode(array(1)) t AS x",
        "SELECT pseudonym FROM range(10)", "SELECT pseudonym FROM VALUES ('A') AS people(pseudonym)",
        "EXPLAIN SELECT pseudonym FROM people", "BEGIN SELECT pseudonym FROM people; END", "CACHE TABLE people",
        "SELECT pseudonym FROM people; SELECT 1", "DROP VIEW people",
        # chance and order: the same versions must give the same persons
        "rand() < 0.5", "uuid() > ''", "SELECT pseudonym FROM people LIMIT 1",
        "SELECT pseudonym FROM people ORDER BY 1",
        "SELECT pseudonym FROM people TABLESAMPLE (10 PERCENT)", "current_date() > date'2020-01-01'",
        # what does not end
        "WITH RECURSIVE t AS (SELECT 1 UNION ALL SELECT 1 FROM t) SELECT pseudonym FROM people",
        "SELECT people.pseudonym FROM people, gp_events", "SELECT people.pseudonym FROM people CROSS JOIN gp_events",
        "SELECT pseudonym FROM people NATURAL JOIN gp_events",
        # values told by an error
        "cast(lsoa AS int) > 1", "lsoa::int > 1", "lsoa > 1", "lsoa + 1 = 2", "raise_error(pseudonym) IS NULL",
        "assert_true(sex = '1', lsoa) IS NULL", "int(lsoa) > 1", "to_date(lsoa) IS NULL", "lsoa LIKE concat(sex, '\\')",
        "lsoa RLIKE lsoa", "element_at(array(1), birth_year) = 1", "SELECT pseudonym FROM people WHERE lsoa IN (1, 2)",
        "pseudonym IN (SELECT pseudonym FROM people WHERE lsoa > 1)", "year(lsoa) = 2020",
        # by a declaration
        "table: other_project", "table: people\ncolumn: lsoa\noperator: '>'\nvalue: 1",
        "table: people\ncolumn: no_such",
        "{{table: people, column: _metadata, operator: is there}}",
        # no condition at all
        "birth_year", "birth_year <", "no_such = 1", "SELECT sex FROM people", "SELECT pseudonym, sex FROM people",
        "SELECT *, 1 FROM people", "gp_events.snomed_code = '111'", ";", "--",
    ],
)  # fmt: skip
def test_what_a_cohort_may_not_say_is_refused_in_one_sentence_without_a_value(spark, tables, planted, text):
    with pytest.raises(JobRefused) as told:
        cohort.persons(spark, text.format(path=planted), tables, DATES).collect()
    assert SECRET not in told.value.sentence()
    assert planted not in told.value.sentence()
    assert "\n" not in told.value.sentence()
    assert told.value.__cause__ is None


def test_a_kind_of_node_that_nobody_thought_of_is_refused(spark, tables):
    query = "SELECT pseudonym FROM people WHERE sex IS NULL"
    assert guard.run(spark, query, tables).count() == 1
    less = replace(guard.COHORT, expressions=guard.COHORT.expressions - {"IsNull"})
    with pytest.raises(JobRefused, match="may not use an is null"):
        guard.run(spark, query, tables, less)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT pseudonym, CASE WHEN birth_year < 1950 THEN 'old' ELSE 'young' END AS age FROM people",
        "SELECT p.pseudonym, sex, snomed_code FROM people p JOIN gp_events e USING (pseudonym)",
        "SELECT pseudonym, sum(birth_year / 2) AS half FROM people GROUP BY pseudonym",
        "WITH o AS (SELECT * FROM people WHERE sex = '1') SELECT * FROM o LEFT JOIN gp_events USING (pseudonym)",
        "SELECT * FROM people p WHERE EXISTS (SELECT 1 FROM gp_events e WHERE e.pseudonym = p.pseudonym)",
    ],
)
def test_a_query_may_say_what_is_about_one_person_a_row(spark, tables, query):
    assert "pseudonym" in guard.run(spark, query, tables, guard.QUERY).columns


@pytest.mark.parametrize(
    "query",
    [
        # another's pseudonym beside a row: the members of its cells would be other people than those it counts
        "SELECT e.pseudonym, p.sex FROM people p JOIN gp_events e ON p.pseudonym <> e.pseudonym",
        "SELECT e.pseudonym, p.sex FROM people p JOIN gp_events e ON p.pseudonym = e.pseudonym",
        "SELECT b.pseudonym, a.sex FROM people a JOIN people b USING (birth_year)",
        "SELECT b.pseudonym, a.sex FROM people a JOIN people b USING (pseudonym, birth_year)",
        "SELECT b.pseudonym, a.sex FROM people a CROSS JOIN people b",
        "SELECT b.pseudonym, a.sex FROM people a, people b",
        "SELECT b.pseudonym, a.sex FROM people a NATURAL JOIN people b",
        "SELECT max(pseudonym) AS pseudonym, sex FROM people GROUP BY sex",
        "SELECT lsoa AS Pseudonym, sex FROM people",
        "SELECT pseudonym, sex FROM people UNION ALL SELECT lsoa, sex FROM people",
        "SELECT pseudonym, sex FROM (SELECT lsoa, sex FROM people) AS t (pseudonym, sex)",
        "SELECT pseudonym, x FROM people LATERAL VIEW explode(array(1, 2)) t AS x",
        # and what no cohort may say either
        "SELECT pseudonym, 1 / cast(lsoa AS int) FROM people", "SELECT * FROM other_project",
        "SELECT pseudonym, rand() FROM people", "SELECT pseudonym, current_user() FROM people",
        "SELECT pseudonym, raise_error(lsoa) FROM people",
    ],
)  # fmt: skip
def test_a_query_may_not_put_another_persons_pseudonym_beside_a_row(spark, tables, query):
    with pytest.raises(JobRefused, match="query") as told:
        guard.run(spark, query, tables, guard.QUERY).collect()
    assert SECRET not in told.value.sentence()
