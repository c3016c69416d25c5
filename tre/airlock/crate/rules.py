"""The rules of the Five Safes RO-Crate profile 0.4, and those of RO-Crate 1.2 that it stands on, for a finished crate.

Each is told in short from https://w3id.org/5s-crate/0.4, by the section that it stands in. The levels are RFC 2119's.
A crate that says of itself that it was validated has passed these.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import unquote

from tre.airlock.crate.names import CONTEXT, METADATA_FILE, PROFILE, ROOT, SHP, SPECIFICATION, WORKFLOW_CRATE
from tre.airlock.crate.reading import Entity, Graph, identity, kinds, references
from tre.errors import TreError

Level = Literal["MUST", "SHOULD"]
Holds = Callable[[Graph], bool]
_ENDED = ("http://schema.org/CompletedActionStatus", "http://schema.org/FailedActionStatus")
_STATES = ("http://schema.org/PotentialActionStatus", "http://schema.org/ActiveActionStatus", *_ENDED)
# RFC 3339, section 5.6: `date-time`, which always has its offset.
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_SHORTEST_NAME = 10  # characters, of what names a run or a disclosure check for a person
_ACTS = ("CreateAction", "AssessAction", "UpdateAction", "DownloadAction")
# The phases of a release, each with what its action is.
_PHASES = {
    "CheckValue": "AssessAction",
    "ValidationCheck": "AssessAction",
    "SignOff": "AssessAction",
    "DisclosureCheck": "AssessAction",
    "GenerateCheckValue": "UpdateAction",
}


class CrateBroken(TreError):
    """A crate does not keep the profile's rules; it is not released."""


@dataclass(frozen=True)
class Rule:
    """One rule: how much it asks, what it asks, and what finds whether a crate keeps it."""

    level: Level
    text: str
    holds: Holds


RULES: list[Rule] = []


def _rule(level: Level, text: str) -> Callable[[Holds], Holds]:
    def keep(holds: Holds) -> Holds:
        RULES.append(Rule(level, text, holds))
        return holds

    return keep


def broken(crate: Mapping[str, Any], level: Level = "MUST") -> tuple[str, ...]:
    """Return the rules that a crate breaks: of ``MUST`` alone, or of ``SHOULD`` too."""
    graph = Graph(crate)
    asked = [rule for rule in RULES if rule.level == "MUST" or level == "SHOULD"]
    return tuple(rule.text for rule in asked if not rule.holds(graph))


def check(crate: Mapping[str, Any]) -> None:
    """Refuse a crate that breaks what the profile demands.

    Raises
    ------
    CrateBroken
        Naming the first rule that is broken.
    """
    found = broken(crate)
    if found:
        raise CrateBroken("The crate does not keep the profile", where=found[0], todo="Tell the operator")


def _every(entities: list[Entity], holds: Callable[[Entity], bool]) -> bool:
    """Return whether there are any, and it holds of each."""
    return bool(entities) and all(map(holds, entities))


def _is(kind: str) -> Callable[[Entity], bool]:
    return lambda entity: kind in kinds(entity)


def _named(entities: list[Entity], least: int = 1) -> bool:
    return all(isinstance(each.get("name"), str) and len(each["name"]) >= least for each in entities)


def _requesters(graph: Graph) -> list[Entity]:
    return [agent for run in graph.of_type("CreateAction") for agent in graph.follow(run, "agent")]


@_rule("MUST", "Metadata: the context is that of RO-Crate 1.2")
def _context(graph: Graph) -> bool:
    return CONTEXT in graph.contexts


@_rule("MUST", "Metadata: each entity has an identifier and a type")
def _identified(graph: Graph) -> bool:
    return _every(graph.entities, lambda each: bool(identity(each)) and bool(kinds(each)))


@_rule("MUST", "Metadata: no two entities have one identifier")
def _distinct(graph: Graph) -> bool:
    return len(graph.by_id) == len(graph.entities)


@_rule("MUST", "Metadata: the descriptor is about the root, and says the version")
def _descriptor(graph: Graph) -> bool:
    told = graph.by_id.get(METADATA_FILE, {})
    return references(told, "about") == [ROOT] and references(told, "conformsTo") == [SPECIFICATION]


@_rule("MUST", "Metadata: what is referred to is described")
def _described(graph: Graph) -> bool:
    told = {one for each in graph.entities for name in each for one in references(each, name)}
    terms = (SHP, SPECIFICATION, WORKFLOW_CRATE)  # addresses that stand for themselves
    return all(kinds(graph.by_id.get(each, {})) for each in told if not each.startswith(terms))


@_rule("MUST", "BagIt: no path leads out of the crate")
def _within(graph: Graph) -> bool:
    paths = [unquote(each) for each in graph.by_id if not each.startswith("#") and not _SCHEME.match(each)]
    return not any(each.startswith("/") or "\\" in each or ".." in each.split("/") for each in paths)


@_rule("MUST", "Root: it is a Dataset with name, description, date and licence")
def _root(graph: Graph) -> bool:
    told = graph.root.get("description") and graph.root.get("datePublished") and references(graph.root, "license")
    return _is("Dataset")(graph.root) and _named([graph.root]) and bool(told)


@_rule("SHOULD", "Profile conformance: the root says that it keeps this profile")
def _conforms(graph: Graph) -> bool:
    return PROFILE in references(graph.root, "conformsTo")


@_rule("MUST", "Workflow crate: the main entity is one Dataset, of no other kind of crate")
def _main(graph: Graph) -> bool:
    main = graph.follow(graph.root, "mainEntity")
    others = [each for one in main for each in references(one, "conformsTo") if each != WORKFLOW_CRATE]
    return len(main) == 1 and _is("Dataset")(main[0]) and not others


@_rule("MUST", "Requested run: the root mentions a CreateAction")
def _mentioned(graph: Graph) -> bool:
    return bool({identity(each) for each in graph.of_type("CreateAction")} & set(references(graph.root, "mentions")))


@_rule("MUST", "Requested run: its instrument is the main entity")
def _instrument(graph: Graph) -> bool:
    main = references(graph.root, "mainEntity")
    return _every(graph.of_type("CreateAction"), lambda each: references(each, "instrument") == main)


@_rule("MUST", "Requested run: it has a name for a person")
def _run_named(graph: Graph) -> bool:
    return _named(graph.of_type("CreateAction"), _SHORTEST_NAME)


@_rule("MUST", "Requesting agent: each is a Person")
def _persons(graph: Graph) -> bool:
    return _every(_requesters(graph), _is("Person"))


@_rule("SHOULD", "Requesting agent: they have an affiliation")
def _affiliated(graph: Graph) -> bool:
    return _every(_requesters(graph), lambda each: _every(graph.follow(each, "affiliation"), _is("Organization")))


@_rule("MUST", "Responsible project: the root has a Project with a name")
def _project(graph: Graph) -> bool:
    found = graph.follow(graph.root, "sourceOrganization")
    return _every(found, _is("Project")) and _named(found)


@_rule("SHOULD", "Responsible project: the requester is its member")
def _member(graph: Graph) -> bool:
    project = references(graph.root, "sourceOrganization")
    return _every(_requesters(graph), lambda each: references(each, "memberOf") == project)


@_rule("MUST", "Review process: the root mentions every assessment")
def _assessments(graph: Graph) -> bool:
    return {identity(each) for each in graph.of_type("AssessAction")} <= set(references(graph.root, "mentions"))


@_rule("MUST", "Review process: each action has a name for a person")
def _acts_named(graph: Graph) -> bool:
    return _named(graph.of_type(*_ACTS)) and _named(graph.phase("DisclosureCheck"), _SHORTEST_NAME)


@_rule("MUST", "Review process: a phase's action is of its type")
def _typed(graph: Graph) -> bool:
    return all(kind in kinds(each) for term, kind in _PHASES.items() for each in graph.phase(term))


@_rule("SHOULD", "Review process: each phase has its action")
def _phases(graph: Graph) -> bool:
    return all(graph.phase(term) for term in _PHASES)


@_rule("MUST", "Execution states: each action has one of four")
def _states(graph: Graph) -> bool:
    return all(each.get("actionStatus") in _STATES for each in graph.of_type(*_ACTS))


@_rule("MUST", "Review process: times are RFC 3339's, with their offset")
def _times(graph: Graph) -> bool:
    told = [each[name] for each in graph.of_type(*_ACTS) for name in ("startTime", "endTime") if name in each]
    return all(isinstance(each, str) and _TIME.fullmatch(each) for each in [*told, graph.root.get("datePublished")])


@_rule("SHOULD", "Review process: what ended has its time")
def _ends(graph: Graph) -> bool:
    acts = graph.of_type("AssessAction", "CreateAction")
    return all("endTime" in each for each in acts if each.get("actionStatus") in _ENDED)


@_rule("SHOULD", "Review process: each assessment has its agent, and the root among its objects")
def _agents(graph: Graph) -> bool:
    acts = graph.of_type("AssessAction")
    return _every(acts, lambda each: bool(references(each, "agent")) and ROOT in references(each, "object"))


@_rule("MUST", "Review process: a program has its provider")
def _providers(graph: Graph) -> bool:
    programs = graph.of_type("SoftwareApplication")
    return all(_every(graph.follow(each, "provider"), _is("Organization")) for each in programs)


@_rule("MUST", "Publishing: every result is a part of the crate")
def _results(graph: Graph) -> bool:
    parts = set(references(graph.root, "hasPart"))
    return all(set(references(each, "result")) <= parts for each in graph.of_type("CreateAction"))


@_rule("SHOULD", "Publishing: the root has its publisher")
def _publisher(graph: Graph) -> bool:
    return _every(graph.follow(graph.root, "publisher"), _is("Organization"))
