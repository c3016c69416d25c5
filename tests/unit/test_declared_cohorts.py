"""What a declared cohort becomes, and what is refused before Spark is asked."""

from __future__ import annotations

import pytest

from spark_jobs.errors import JobRefused
from spark_jobs.provisioning.declared import OPERATORS, is_declared, to_sql

DATES = {"gp_events": "event_date"}


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("table: gp_events", "SELECT pseudonym FROM gp_events"),
        ("{table: people, column: sex, value: '1'}", "SELECT pseudonym FROM people WHERE sex = '1'"),
        ("{table: people, column: sex, operator: not in, value: ['1', 2, 2.5]}",
         "SELECT pseudonym FROM people WHERE sex NOT IN ('1', 2, 2.5)"),
        ("{table: p, column: c, operator: between, value: [2020-01-01, 2020-12-31]}",
         "SELECT pseudonym FROM p WHERE c BETWEEN date'2020-01-01' AND date'2020-12-31'"),
        ("{table: p, column: c, operator: starts with, value: I2}",
         "SELECT pseudonym FROM p WHERE substr(c, 1, 2) = 'I2'"),
        ("{table: p, column: c, operator: is there}", "SELECT pseudonym FROM p WHERE c IS NOT NULL"),
        ("{table: gp_events, column: c, value: x, from: 2020-01-01, at_least: 3}",
         "SELECT pseudonym FROM gp_events WHERE c = 'x' AND date_add(event_date, 0) >= date'2020-01-01'"
         " GROUP BY pseudonym HAVING count(*) >= 3"),
        ("{any: [{table: a}, {all: [{table: b}, {not: {table: c}}]}]}",
         "(SELECT pseudonym FROM a) UNION ((SELECT pseudonym FROM b) INTERSECT "
         "((SELECT pseudonym FROM people) EXCEPT (SELECT pseudonym FROM c)))"),
        ('{"table": "p", "column": "c", "value": "it\'s \\\\ x"}',
         "SELECT pseudonym FROM p WHERE c = 'it\\'s \\\\ x'"),
    ],
)  # fmt: skip
def test_a_declaration_becomes_sql(text, sql):
    assert is_declared(text)
    assert to_sql(text, DATES) == sql


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "neither YAML nor JSON"), ("{}", "lacks its table"), ("[1]", "must be a criterion"),
        ("all: []", "needs a list"), ("any: {table: a}", "needs a list"), ("all: [1]", "must be a criterion"),
        ("table: a; b", "lacks its table"), ("table: parquet.`x`", "lacks its table"),
        ("table: [a]", "lacks its table"),
        ("{table: a, colour: b}", "no key 'colour'"), ("{table: a, value: 1}", "without a column"),
        ("{table: a, column: 'x) OR (1=1'}", "lacks its column"),
        ("{table: a, column: b}", "neither text, a number"), ("{table: a, column: b, value: true}", "neither text"),
        ("{table: a, column: b, value: {x: 1}}", "neither text"),
        ("{table: a, column: b, operator: like, value: x}", "do not fit"),
        ("{table: a, column: b, operator: in, value: x}", "do not fit"),
        ("{table: a, column: b, operator: in, value: []}", "do not fit"),
        ("{table: a, column: b, operator: between, value: [1]}", "do not fit"),
        ("{table: a, column: b, operator: starts with, value: 1}", "do not fit"),
        ("{table: people, from: 2020-01-01}", "no date to bound"), ("{table: gp_events, to: soon}", "must be dates"),
        ("{table: a, at_least: 0}", "whole number"), ("{table: a, at_least: true}", "whole number"),
        ("all: &x [{all: *x}]", "must be a criterion"), ("not: &x {not: *x}", "must be a criterion"),
        ("all: [" + "{table: a}, " * 201 + "]", "more than 200"),
        ("{table: !!python/object/apply:os.system ['x']}", "neither YAML"),
    ],
)  # fmt: skip
def test_what_is_no_declaration_is_refused_in_one_sentence(text, sentence):
    with pytest.raises(JobRefused, match=sentence):
        to_sql(text, DATES)


@pytest.mark.parametrize("text", ["birth_year < 1950", "SELECT pseudonym FROM people", "(SELECT 1)", "not sex = '1'"])
def test_sql_is_no_declaration(text):
    assert not is_declared(text)


def test_every_operator_is_told_of():
    assert {"=", "in", "between", "starts with", "is missing"} < set(OPERATORS)
    with pytest.raises(JobRefused) as told:
        to_sql("{table: a, column: b, operator: like, value: x}", DATES)
    assert all(operator in told.value.sentence() for operator in OPERATORS)
