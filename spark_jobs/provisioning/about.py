"""Whose row each row of a query is, told from the plan as Spark has analysed it: a name can be made by the query.

A literal 'pseudonym' is a column of that name, and joined by it everybody stands beside everybody; a side of an outer
join that has no row leaves a pseudonym empty, and a person uncounted. So what is followed is the column itself, from
the extract's tables up to the answer. Each row is about the one person whose pseudonym stands in it, and follows from
nobody else's rows, where tables, joins, groups and subqueries are all held together by that column.

Default deny: a node of the plan that is not known here is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from py4j.java_gateway import JavaObject

from spark_jobs.errors import JobRefused

PERSON = "pseudonym"
_SAME = frozenset({"SubqueryAlias", "Distinct", "CTERelationDef"})  # their rows are their child's
_BOTH, _LEFT, _RIGHT = frozenset({"Inner"}), frozenset({"LeftOuter", "LeftSemi", "LeftAnti"}), frozenset({"RightOuter"})


@dataclass(frozen=True)
class Rows:
    """What is known of the rows of a plan, by the numbers that Spark gives its columns.

    Parameters
    ----------
    persons : frozenset of int
        The columns that hold the person whom the row is about, and are never empty.
    either : frozenset of int
        Two columns of which one at least holds that person: those of the sides of a full join.
    plain : mapping of int to str
        The columns that are a table's own, with the names that they have there.
    """

    persons: frozenset[int] = frozenset()
    either: frozenset[int] = frozenset()
    plain: dict[int, str] = field(default_factory=dict)


def rows_of(plan: JavaObject) -> Rows:
    """Return what is known of the rows of an analysed plan, whose column of persons is its only one of that name.

    Raises
    ------
    JobRefused
        When a row could be about somebody else, or follow from the rows of others.
    """
    found = _Reader().read(plan)
    named = [each for each in sequence(plan.output()) if str(each.name()).lower() == PERSON]
    if len(named) != 1 or str(named[0].name()) != PERSON:
        raise _refused(f"The query's answer needs the column {PERSON}, once", "Select it too")
    if _number(named[0]) not in found.persons:
        raise _refused(
            f"The column {PERSON} of the query's answer is not that of whom each row is about",
            "Take it from a side of the join that has every row, and do not change it",
        )
    return found


def are_plain(plan: JavaObject, names: Iterable[str]) -> bool:
    """Return whether these columns of an analysed plan are a table's own, under their own names.

    Then a table of them holds no word and no number that the query wrote.
    """
    plain = rows_of(plan).plain
    own = {str(each.name()) for each in sequence(plan.output()) if plain.get(_number(each)) == str(each.name())}
    return own.issuperset(names)


def kind(node: JavaObject) -> str:
    """Return the name of a node's class."""
    return str(node.getClass().getSimpleName())


def sequence(values: JavaObject) -> list[Any]:
    """Return a Scala sequence as a list."""
    return [values.apply(place) for place in range(values.size())]


class _Reader:
    """Reads one plan; it keeps what it knows of the subqueries that have a name."""

    def __init__(self) -> None:
        self._named: dict[int, tuple[list[int], Rows]] = {}

    def read(self, node: JavaObject) -> Rows:
        what = kind(node)
        if what == "View":  # a table: what is below is the platform's own
            columns = {_number(each): str(each.name()) for each in sequence(node.output())}
            return Rows(frozenset(at for at, name in columns.items() if name.lower() == PERSON), plain=columns)
        if what == "CTERelationRef":
            return self._of_reference(node)
        if what == "WithCTE":
            for each in sequence(node.cteDefs()):
                numbers = [_number(column) for column in sequence(each.output())]
                self._named[int(each.id())] = numbers, self.read(each.child())
            return self.read(node.plan())
        below = [self.read(each) for each in sequence(node.children())]
        for each in below[:1]:
            self._check_subqueries(node, each)
        if what in _SAME or what == "Filter":
            return Rows(below[0].persons, plain=below[0].plain)
        if what == "Project":
            return _carried(sequence(node.projectList()), below[0])
        if what == "Aggregate":
            return _grouped(node, below[0])
        if what == "Join":
            return _joined(node, *below)
        raise _refused("The query holds a step of which it is not known whom its rows are about", "See docs/cohorts.md")

    def _of_reference(self, node: JavaObject) -> Rows:
        before, known = self._named[int(node.cteId())]
        now = dict(zip(before, (_number(each) for each in sequence(node.output())), strict=True))
        persons = frozenset(now[each] for each in known.persons if each in now)
        return Rows(persons, plain={now[at]: name for at, name in known.plain.items() if at in now})

    def _check_subqueries(self, node: JavaObject, below: Rows) -> None:
        """Refuse a subquery by whose rows another person's row is let through, or has a value."""
        waiting = sequence(node.expressions())
        while waiting:
            each = waiting.pop()
            waiting += sequence(each.children())
            if (kind(each) == "InSubquery" and not self._are_own(each, below)) or (
                kind(each) == "Exists" and not self._are_there(each.plan(), below)
            ):
                raise _refused(
                    f"A subquery of the query may tell of the row's own {PERSON} alone",
                    f"Write {PERSON} IN (SELECT {PERSON} FROM ...)",
                )

    def _are_own(self, asked: JavaObject, below: Rows) -> bool:
        """Return whether ``x IN (SELECT y ...)`` asks for the row's person among persons."""
        values, inner = sequence(asked.values()), asked.query().plan()
        told = [_number(column) for column in sequence(inner.output())]
        if len(values) != 1 or len(told) != 1 or not _is_person(values[0], below):
            return False
        return told[0] in self.read(inner).persons

    def _are_there(self, inner: JavaObject, below: Rows) -> bool:
        """Return whether ``EXISTS (SELECT ... WHERE y = x)`` asks for rows of the row's person."""
        self.read(inner)  # refuses what is not known in it
        while kind(inner) in ("Project", "SubqueryAlias"):
            inner = sequence(inner.children())[0]
        if kind(inner) != "Filter":
            return False
        within = self.read(sequence(inner.children())[0])
        equal = [each for each in _conjuncts(inner.condition()) if kind(each) == "EqualTo"]
        pairs = [pair for each in equal for pair in ((each.left(), each.right()), (each.right(), each.left()))]
        return any(
            _is_person(own, within) and kind(outer) == "OuterReference" and _is_person(outer.e(), below)
            for own, outer in pairs
        )


def _conjuncts(condition: JavaObject) -> Iterator[JavaObject]:
    waiting = [condition]
    while waiting:
        each = waiting.pop()
        if kind(each) == "And":
            waiting += [each.left(), each.right()]
        else:
            yield each


def _is_person(value: JavaObject, rows: Rows) -> bool:
    """Return whether a value is a column that holds the row's person."""
    return kind(value) == "AttributeReference" and _number(value) in rows.persons


def _carried(columns: list[JavaObject], below: Rows) -> Rows:
    """Return what is known of rows whose columns are these, over those below."""
    persons, plain = set[int](), dict[int, str]()
    for each in columns:
        at, of = _number(each), each.child() if kind(each) == "Alias" else each
        if kind(of) == "AttributeReference":
            if _number(of) in below.persons:
                persons.add(at)
            if below.plain.get(_number(of)) == str(each.name()):
                plain[at] = str(each.name())
        elif kind(of) == "Coalesce" and below.either:
            sides = [_number(side) for side in sequence(of.children()) if kind(side) == "AttributeReference"]
            if len(sides) == len(below.either) and below.either == frozenset(sides):
                persons.add(at)
    return Rows(frozenset(persons), plain=plain)


def _grouped(node: JavaObject, below: Rows) -> Rows:
    """Return what is known of groups: rows about one person each only where persons make them."""
    by = {_number(each) for each in sequence(node.groupingExpressions()) if kind(each) == "AttributeReference"}
    found = _carried(sequence(node.aggregateExpressions()), below)
    return found if by & below.persons else Rows(plain=found.plain)


def _joined(node: JavaObject, left: Rows, right: Rows) -> Rows:
    how, sides = str(node.joinType()), _sides(node)
    if len(sides) != 2 or sides[0] not in left.persons or sides[1] not in right.persons:
        raise _refused(f"Tables in the query are joined by {PERSON} alone", f"Write JOIN ... USING ({PERSON})")
    plain = {**left.plain, **right.plain}
    if how in _BOTH:
        return Rows(left.persons | right.persons, plain=plain)
    if how in _LEFT:
        return Rows(left.persons, plain=plain)
    if how in _RIGHT:
        return Rows(right.persons, plain=plain)
    if how == "FullOuter":
        return Rows(either=frozenset(sides), plain=plain)
    raise _refused("The query holds a join of which it is not known whom its rows are about", "See docs/cohorts.md")


def _sides(node: JavaObject) -> list[int]:
    """Return the two columns that a join says are equal, the left side's first; nothing where it says anything else."""
    if node.condition().isEmpty() or kind(node.condition().get()) != "EqualTo":
        return []
    equal = node.condition().get()
    return [_number(each) for each in (equal.left(), equal.right()) if kind(each) == "AttributeReference"]


def _number(column: JavaObject) -> int:
    return int(column.exprId().id())


def _refused(told: str, todo: str) -> JobRefused:
    return JobRefused(told, where="query", todo=todo)
