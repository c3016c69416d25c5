"""Reads a cohort's or a query's SQL as Spark parses it, and lets through only what is known to be harmless.

Default deny.

What is judged is Spark's own parse tree, node by node, and the tree that was judged is the one that is run: there is
no second reading of the text. A node that is not listed here (a file, a table function, a hint, a script, a lambda,
a call into Java) is refused by not being listed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from py4j.java_gateway import JavaObject
from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import DataFrame, SparkSession

from spark_jobs.errors import JobRefused
from spark_jobs.provisioning.about import rows_of

# Names of Spark 4.3's parse tree (org.apache.spark.sql.catalyst). No limit, sort or sample: a cohort has no order,
# and the same versions must give the same persons.
_PLANS = frozenset(
    {
        "Project",
        "Filter",
        "Aggregate",
        "UnresolvedHaving",
        "Distinct",
        "Union",
        "Intersect",
        "Except",
        "Join",
        "SubqueryAlias",
        "UnresolvedRelation",
        "UnresolvedWith",
    }
)
_EXPRESSIONS = frozenset(
    {
        "UnresolvedAttribute",
        "UnresolvedAlias",
        "Alias",
        "UnresolvedStar",
        "Literal",
        "And",
        "Or",
        "Not",
        "EqualTo",
        "EqualNullSafe",
        "LessThan",
        "LessThanOrEqual",
        "GreaterThan",
        "GreaterThanOrEqual",
        "In",
        "InSubquery",
        "ListQuery",
        "Exists",
        "IsNull",
        "IsNotNull",
        "Like",
        "Add",
        "Subtract",
        "UnaryMinus",
        "Cast",
        "UnresolvedFunction",
    }
)
_SUBQUERIES = frozenset({"ListQuery", "Exists"})
FUNCTIONS = frozenset(
    {
        "between",
        "coalesce",
        "count",
        "min",
        "max",
        "year",
        "quarter",
        "month",
        "date_add",
        "date_sub",
        "datediff",
        "add_months",
        "lower",
        "upper",
        "trim",
        "substr",
        "substring",
        "left",
        "length",
        "abs",
    }
)


@dataclass(frozen=True)
class Rules:
    """What one use of SQL may hold.

    Parameters
    ----------
    what : str
        What refusals call it.
    plans, expressions, functions : frozenset of str
        The nodes of Spark's parse tree that it may have, and the functions that it may call.
    of_persons : bool
        Whether each row of its answer is about the person whose pseudonym stands in it: tables are joined by that
        column alone, no other column is called so, and the plan says the same (:mod:`spark_jobs.provisioning.about`).
    """

    what: str
    plans: frozenset[str]
    expressions: frozenset[str]
    functions: frozenset[str]
    of_persons: bool = False

    def refused(self, told: str, todo: str = "") -> JobRefused:
        """Return the refusal that says this; ``{}`` in it stands for what is refused."""
        return JobRefused(told.replace("{}", self.what), where=self.what, todo=todo)


COHORT = Rules("cohort", _PLANS, _EXPRESSIONS, FUNCTIONS)
QUERY = Rules(
    "query",
    _PLANS - {"Union", "Intersect", "Except"},  # these put columns of other names under a first one's
    _EXPRESSIONS | {"CaseWhen", "Multiply", "Divide"},
    FUNCTIONS | {"if", "floor", "ceil", "round", "sum", "avg", "concat", "greatest", "least"},
    of_persons=True,
)
_PERSON = "pseudonym"


@dataclass
class _Names:
    """What the query itself names: its subqueries, aliases of tables and aliases of columns."""

    relations: set[str] = field(default_factory=set)
    columns: set[str] = field(default_factory=set)


def run(spark: SparkSession, sql: str, tables: Mapping[str, DataFrame], rules: Rules = COHORT) -> DataFrame:
    """Return the rows of a SELECT that reads nothing but the tables given.

    Parameters
    ----------
    sql : str
        One SELECT.
    tables : mapping of str to DataFrame
        The tables that the query can see, by name; it sees the columns that they have and no others.
    rules : Rules
        What it may hold: a cohort's rules by default.

    Raises
    ------
    JobRefused
        When it is no SELECT, or holds anything that is not known to be harmless. No value is told.
    """
    if "${" in sql:  # Spark would put settings and the environment in its place before it parses
        raise rules.refused("The {} may not refer to settings")
    try:
        plan = spark._jsparkSession.sessionState().sqlParser().parsePlan(sql)
        _check(plan, tables, rules)
        for name, frame in tables.items():
            frame.createOrReplaceTempView(name)
        java: Any = spark._jvm
        found = DataFrame(java.org.apache.spark.sql.classic.Dataset.ofRows(spark._jsparkSession, plan), spark)
        _refuse_failing_casts(found, rules)
        if rules.of_persons:
            rows_of(found._jdf.queryExecution().analyzed())
    except ParseException:
        raise rules.refused("The {} cannot be read", todo="Write a condition or one SELECT") from None
    except AnalysisException as error:
        told = f"The {{}} does not fit the tables: {(error.getCondition() or 'analysis').lower()}"
        raise rules.refused(told, todo=f"Use the columns of: {', '.join(sorted(tables))}") from None
    return found


def _check(plan: JavaObject, tables: Mapping[str, DataFrame], rules: Rules) -> None:
    walked = list(_walk(plan, rules))
    nodes = [node for node, is_plan in walked if is_plan]
    expressions = [node for node, is_plan in walked if not is_plan]
    names = _named(nodes, expressions)
    relations = {name.lower() for name in tables} | names.relations
    columns = {name.lower() for frame in tables.values() for name in frame.columns} | names.columns
    for name in names.relations | names.columns:
        if rules.of_persons and name == _PERSON and name in names.columns:
            raise rules.refused(f"No other column in the {{}} may be called {_PERSON}")
        if name.startswith("_"):  # Spark's own hidden columns begin so
            raise rules.refused("A name in the {} may not begin with '_'")
    for node in nodes:
        _check_plan(node, relations, rules)
    for node in expressions:
        _check_expression(node, relations, columns, rules)


def _walk(root: JavaObject, rules: Rules) -> Iterator[tuple[JavaObject, bool]]:
    """Yield every node below a plan, subqueries included, and whether it is a plan; refuse a kind that is not listed.

    Refused before its children are looked at: what an unknown kind keeps elsewhere than in them is never missed.
    """
    waiting: list[tuple[JavaObject, bool]] = [(root, True)]
    while waiting:
        node, is_plan = waiting.pop()
        kind = _kind(node)
        if kind not in (rules.plans if is_plan else rules.expressions):
            raise rules.refused(f"The {{}} may not use {_in_words(kind)}", todo="See docs/cohorts.md")
        yield node, is_plan
        waiting += [(each, is_plan) for each in _sequence(node.children())]
        if is_plan:
            waiting += [(each, False) for each in _sequence(node.expressions())]
        if kind in _SUBQUERIES:
            waiting.append((node.plan(), True))
        if kind == "UnresolvedWith":
            waiting += [(each, True) for each in _sequence(node.innerChildren())]


def _named(nodes: Sequence[JavaObject], expressions: Sequence[JavaObject]) -> _Names:
    found = _Names()
    found.relations |= {str(each.alias()).lower() for each in nodes if _kind(each) == "SubqueryAlias"}
    found.columns |= {str(each.name()).lower() for each in expressions if _kind(each) == "Alias"}
    return found


def _check_plan(node: JavaObject, relations: set[str], rules: Rules) -> None:
    kind = _kind(node)
    if kind == "UnresolvedRelation":
        parts = [str(part).lower() for part in _sequence(node.multipartIdentifier())]
        if len(parts) != 1 or parts[0] not in relations or not node.options().isEmpty() or node.isStreaming():
            raise rules.refused("The {} may read only people and the agreed datasets")
    if kind == "UnresolvedWith" and node.allowRecursion():
        raise rules.refused("The {} may not be recursive")
    if kind == "Join" and rules.of_persons and not _joins_persons(node):
        told = f"Tables in the {{}} are joined by {_PERSON} alone"
        raise rules.refused(told, todo=f"Write JOIN ... USING ({_PERSON})")
    if kind == "Join" and node.condition().isEmpty() and not str(node.joinType()).startswith("UsingJoin"):
        raise rules.refused("A join in the {} needs a condition", todo="Write JOIN ... ON or USING")


def _joins_persons(join: JavaObject) -> bool:
    """Return whether the two sides of a join are each about one person, who is the same."""
    kind = join.joinType()
    using = _sequence(kind.usingColumns()) if _kind(kind) == "UsingJoin" else []
    return [str(name).lower() for name in using] == [_PERSON]


def _check_expression(node: JavaObject, relations: set[str], columns: set[str], rules: Rules) -> None:
    kind = _kind(node)
    if kind == "UnresolvedAttribute":
        *table, column = (str(part).lower() for part in _sequence(node.nameParts()))
        if len(table) > 1 or not relations.issuperset(table) or column not in columns:
            raise rules.refused("The {} names a column that no table of it has")
    elif kind == "UnresolvedFunction":
        parts = [str(part).lower() for part in _sequence(node.nameParts())]
        if len(parts) != 1 or parts[0] not in rules.functions:
            allowed = ", ".join(sorted(rules.functions))
            raise rules.refused("The {} calls a function that it may not", todo=f"Use one of: {allowed}")
    elif kind == "Cast" and str(node.evalMode()) != "TRY":
        raise rules.refused("A cast in the {} may fail on a value", todo="Use try_cast")
    elif kind == "Like" and _kind(node.right()) != "Literal":
        raise rules.refused("LIKE in the {} needs a fixed pattern")


def _refuse_failing_casts(frame: DataFrame, rules: Rules) -> None:
    """Refuse what Spark itself adds: text compared with a number becomes a cast that fails and tells the value."""
    for each in _expressions(frame._jdf.queryExecution().analyzed()):
        if _kind(each) != "Cast" or str(each.evalMode()) == "TRY" or each.child().foldable():
            continue
        if str(each.child().dataType().typeName()) == "string" and str(each.dataType().typeName()) != "string":
            raise rules.refused("The {} compares text with something else", todo="Quote the value, or use try_cast")


def _expressions(plan: JavaObject) -> Iterator[JavaObject]:
    """Yield every expression of an analysed plan, down to the tables themselves, whose plans are the platform's."""
    waiting: list[tuple[JavaObject, bool]] = [(plan, True)]
    while waiting:
        node, is_plan = waiting.pop()
        kind = _kind(node)
        if kind == "View":
            continue
        waiting += [(each, is_plan) for each in _sequence(node.children())]
        if is_plan:
            waiting += [(each, False) for each in _sequence(node.expressions())]
            continue
        if kind in _SUBQUERIES:
            waiting.append((node.plan(), True))
        yield node


def _kind(node: JavaObject) -> str:
    return str(node.getClass().getSimpleName())


def _sequence(values: JavaObject) -> list[Any]:
    return [values.apply(place) for place in range(values.size())]


def _in_words(kind: str) -> str:
    """Return 'LambdaFunction' as 'a lambda function': what a person can look for in their own text."""
    plain = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in kind.removeprefix("Unresolved"))
    words = plain.replace("$", "").strip()
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"
