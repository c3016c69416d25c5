"""The policies as formulas of z3: what they answer for everybody and everything at once, not for examples.

Each set of a person is a function from texts to true or false, each attribute a symbol, both made when a policy speaks
of them; so a question holds for every number of roles, projects and people. A proof asks z3 for somebody who may do
what nobody should: that there is none is "unsat" (de Moura and Bjorner 2008, "Z3: An Efficient SMT Solver"). What is
decided is Cedar's: any forbid that matches wins, and without a permit that matches the answer is no (Cedar policy
language reference, "Authorization semantics"). The policies are checked against their schema, so none of them can err.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import z3

from tre.policy.decision import parsed
from tre.policy.domain import Principal, Resource

Tree = Mapping[str, Any]


@dataclass(frozen=True)
class World:
    """Who asks and what about: symbols, unless given.

    Parameters
    ----------
    kind : str
        The kind of resource.
    known : dict
        Values by name ("principal.second_factor", "resource.state"), and sets as functions of a term.
    """

    kind: str
    known: dict[str, Any] = field(default_factory=dict)

    def text(self, name: str) -> Any:
        """Return an attribute that is a text, or an account by its name."""
        return self.known.get(name, z3.String(name))

    def truth(self, name: str) -> Any:
        """Return an attribute that is true or false."""
        return self.known.get(name, z3.Bool(name))

    def holds(self, name: str, member: Any) -> Any:
        """Return whether a set holds this."""
        found: Callable[[Any], Any] = self.known.get(name, z3.Function(name, z3.StringSort(), z3.BoolSort()))
        return found(z3.StringVal(member) if isinstance(member, str) else member)


def world_of(principal: Principal, resource: Resource) -> World:
    """Return the world in which everything is known."""
    known: dict[str, Any] = {"principal": z3.StringVal(principal.username), "resource": z3.StringVal(resource.id)}
    policies_see = {name: value for name, value in vars(principal).items() if name != "grant"}  # it only takes away
    for name, value in policies_see.items():
        known[f"principal.{name}"] = _set_of(value) if isinstance(value, frozenset) else _value(value)
    known |= {f"resource.{name}": _value(value) for name, value in resource.attributes.items()}
    return World(resource.kind, known)


def _value(value: bool | str) -> Any:
    return z3.BoolVal(value) if isinstance(value, bool) else z3.StringVal(value)


def _set_of(values: frozenset[str]) -> Callable[[Any], Any]:
    return lambda member: z3.Or([member == z3.StringVal(each) for each in sorted(values)])


def allowed(text: str, act: str, world: World) -> Any:
    """Return the formula that is true where the policies of this text allow the act."""
    found: dict[str, list[Any]] = {"permit": [], "forbid": []}
    for body in parsed(text).values():
        found[body["effect"]].append(_matches(body, act, world))
    return z3.And(z3.Or(found["permit"]), z3.Not(z3.Or(found["forbid"])))


def counterexample(*formulas: Any) -> z3.ModelRef | None:
    """Return somebody of whom all of this is true, or None where there is nobody.

    Raises
    ------
    AssertionError
        When z3 cannot tell: that is no proof.
    """
    solver = z3.Solver()
    solver.add(*formulas)
    answer = solver.check()
    assert answer != z3.unknown, solver.reason_unknown()
    return solver.model() if answer == z3.sat else None


def _matches(body: Tree, act: str, world: World) -> Any:
    assert body["principal"] == {"op": "All"}
    scope, kind = body["action"], body["resource"]
    named = scope.get("entities") or [scope["entity"]] if scope["op"] in ("==", "in") else None
    if named is not None and act not in {each["id"] for each in named}:
        return z3.BoolVal(False)
    if kind["op"] != "All":
        assert kind["op"] == "is", kind
        if kind["entity_type"] != world.kind:
            return z3.BoolVal(False)
    parts = [_truth(each["body"], world) for each in body["conditions"]]
    return z3.And(
        [part if each["kind"] == "when" else z3.Not(part) for each, part in zip(body["conditions"], parts, strict=True)]
    )


def _truth(tree: Tree, world: World) -> Any:
    [(form, body)] = tree.items()
    if form == "Value":
        return z3.BoolVal(body)
    if form == "!":
        return z3.Not(_truth(body["arg"], world))
    if form in ("&&", "||"):
        join = z3.And if form == "&&" else z3.Or
        return join(_truth(body["left"], world), _truth(body["right"], world))
    if form in ("==", "!="):
        same = _same(body["left"], body["right"], world)
        return same if form == "==" else z3.Not(same)
    if form == "contains":
        return _contains(body["left"], body["right"], world)
    if form == ".":
        return world.truth(_name(tree))
    raise NotImplementedError(form)


def _same(left: Tree, right: Tree, world: World) -> Any:
    if "Var" in left and "Var" in right and left != right:  # things of two kinds are never the same one
        return world.text("principal") == world.text("resource") if world.kind == "Account" else z3.BoolVal(False)
    return _text(left, world) == _text(right, world)


def _contains(left: Tree, right: Tree, world: World) -> Any:
    member = _text(right, world)
    if "Set" in left:
        return z3.Or([member == _text(each, world) for each in left["Set"]])
    return world.holds(_name(left), member)


def _text(tree: Tree, world: World) -> Any:
    [(form, body)] = tree.items()
    if form == "Value":
        assert isinstance(body, str), body
        return z3.StringVal(body)
    return world.text(_name(tree))


def _name(tree: Tree) -> str:
    [(form, body)] = tree.items()
    if form == "Var":
        return str(body)
    assert form == ".", form
    assert "Var" in body["left"], body
    return f"{body['left']['Var']}.{body['attr']}"
