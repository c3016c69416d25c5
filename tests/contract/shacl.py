"""Judges a graph by shapes, and damages it in every way that a shape forbids, to see that each is noticed.

The shapes are SHACL (https://www.w3.org/TR/shacl/), in files below ``shapes``. For each constraint of each of their
properties there is one damage, done at one node that the shape is for: a value removed, added or replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyshacl
from rdflib import RDF, SH, XSD, BNode, Graph, Literal, URIRef
from rdflib.collection import Collection

SHAPES = Path(__file__).parent / "shapes"
_LONG = Literal("x" * 10_000)


def shapes(name: str) -> Graph:
    """Return the shapes of a file."""
    return Graph().parse(SHAPES / f"{name}.ttl", format="turtle")


def faults(graph: Graph, judged_by: Graph) -> set[tuple[str, str, str]]:
    """Return the node, the path and the broken constraint of each fault, by their names' last words."""
    _, told, _ = pyshacl.validate(graph, shacl_graph=judged_by)
    return {
        (
            str(told.value(each, SH.focusNode)),
            _path(told.value(each, SH.resultPath), told),
            str(told.value(each, SH.sourceConstraintComponent)).rpartition("#")[2],
        )
        for each in told.subjects(RDF.type, SH.ValidationResult)
    }


def constraints(judged_by: Graph) -> set[tuple[str, str, str]]:
    """Return the class, the path and the constraint of all that the shapes ask of properties."""
    return {(_name(kind), _path(path, judged_by), name) for kind, path, name, _ in _asked(judged_by)}


def damages(graph: Graph, judged_by: Graph) -> Iterator[tuple[tuple[str, str, str], tuple[str, str, str], Graph]]:
    """Yield what is broken (as :func:`constraints` names it), the fault to find, and a graph with that one damage.

    What no node has that a shape is for is passed over.
    """
    for kind, path, name, bound in _asked(judged_by):
        steps = _steps(path, judged_by)
        for focus in sorted(graph.subjects(RDF.type, kind), key=str):
            at = _holder(graph, focus, steps)
            if at is None:
                continue
            damaged = Graph() + graph
            if _DAMAGE[name](damaged, at, steps[-1], bound):
                told = _path(path, judged_by)
                component = name[0].upper() + name[1:] + "ConstraintComponent"
                yield (_name(kind), told, name), (str(focus), told, component), damaged
                break


class _Step:
    """One step of a path: along a property, or against it."""

    def __init__(self, name: Any, *, inverse: bool = False) -> None:
        self.name, self.inverse = name, inverse

    def values(self, graph: Graph, node: Any) -> list[Any]:
        found = graph.subjects(self.name, node) if self.inverse else graph.objects(node, self.name)
        return sorted(found, key=str)

    def triple(self, node: Any, value: Any) -> tuple[Any, Any, Any]:
        return (value, self.name, node) if self.inverse else (node, self.name, value)


def _asked(judged_by: Graph) -> Iterator[tuple[Any, Any, str, Any]]:
    """Yield the class, the path, the name of the constraint and its bound of all that is asked of properties."""
    for shape, kind in judged_by.subject_objects(SH.targetClass):
        for asked in judged_by.objects(shape, SH.property):
            for name, bound in judged_by.predicate_objects(asked):
                if name != SH.path:
                    yield kind, judged_by.value(asked, SH.path), _name(name), bound


def _name(address: Any) -> str:
    return str(address).replace("#", "/").rpartition("/")[2]


def _steps(path: Any, judged_by: Graph) -> list[_Step]:
    if inverse := judged_by.value(path, SH.inversePath):
        return [_Step(inverse, inverse=True)]
    return [_Step(each) for each in Collection(judged_by, path)] if isinstance(path, BNode) else [_Step(path)]


def _path(path: Any, judged_by: Graph) -> str:
    return "/".join(f"^{_name(each.name)}" if each.inverse else _name(each.name) for each in _steps(path, judged_by))


def _holder(graph: Graph, focus: Any, steps: list[_Step]) -> Any:
    """Return the node that the last step of a path is taken from."""
    for step in steps[:-1]:
        focus = next(iter(step.values(graph, focus)), None)
    return focus


def _removed(graph: Graph, node: Any, step: _Step, bound: Any) -> bool:
    values = step.values(graph, node)
    for value in values:
        graph.remove(step.triple(node, value))
    return bool(values)


def _added(graph: Graph, node: Any, step: _Step, bound: Any) -> bool:
    for number in range(int(bound) + 1):
        graph.add(step.triple(node, URIRef(f"urn:another:{number}")))
    return True


def _unclassed(graph: Graph, node: Any, step: _Step, bound: Any) -> bool:
    values = step.values(graph, node)
    for value in values:
        graph.remove((value, RDF.type, bound))
    return bool(values)


def _replaced_by(*instead: Any) -> Callable[[Graph, Any, _Step, Any], bool]:
    def replaced(graph: Graph, node: Any, step: _Step, bound: Any) -> bool:
        if there := _removed(graph, node, step, bound):
            for each in instead:
                graph.add(step.triple(node, each))
        return there

    return replaced


def _of_other_kind(graph: Graph, node: Any, step: _Step, bound: Any) -> bool:
    other = Literal("a word") if bound == SH.IRI else URIRef("urn:a:node")
    return _replaced_by(other)(graph, node, step, bound)


# By the constraint's name: what is done so that it alone need be broken.
_DAMAGE: dict[str, Callable[[Graph, Any, _Step, Any], bool]] = {
    "minCount": _removed,
    "maxCount": _added,
    "class": _unclassed,
    "nodeKind": _of_other_kind,
    "datatype": _replaced_by(Literal("12", datatype=XSD.integer)),
    "or": _replaced_by(Literal("in June")),
    "pattern": _replaced_by(Literal("?")),
    "minLength": _replaced_by(Literal("")),
    "maxLength": _replaced_by(_LONG),
    "uniqueLang": _replaced_by(Literal("one", lang="en"), Literal("two", lang="en")),
}
