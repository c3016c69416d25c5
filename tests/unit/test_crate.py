"""A release's crate keeps the Five Safes profile, tells what it should and nothing else; each rule can be broken."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace

import pytest

from tests.crates import FILES, at, release
from tre.airlock.crate import CrateBroken, broken, check, to_bytes, to_json
from tre.airlock.crate.model import Agent, Code, Organisation, Project, ReleasedFile, Review
from tre.airlock.crate.names import METADATA_FILE, ROOT, SHP
from tre.airlock.crate.reading import Graph, identity, references
from tre.airlock.crate.rules import RULES


def test_it_keeps_every_rule_also_the_recommended():
    made = to_json(release())
    check(made)
    assert broken(made, "SHOULD") == ()


def test_the_same_release_is_the_same_bytes():
    assert to_bytes(to_json(release())) == to_bytes(to_json(release()))
    assert json.loads(to_bytes(to_json(release()))) == to_json(release())


def test_it_tells_each_file_with_its_hash_and_findings_by_rule():
    graph = Graph(to_json(release()))
    table = graph.by_id["tables/by%20age.csv"]
    told = {key: table[key] for key in ("name", "sha256", "contentSize", "encodingFormat")}
    assert told == {
        "name": "tables/by age.csv", "sha256": "a" * 64, "contentSize": "120", "encodingFormat": "text/csv"
    }  # fmt: skip
    findings = graph.follow(table, "additionalProperty")
    assert [(each["propertyID"], each["value"]) for each in findings] == [("small-count", 2), ("text-to-read", 1)]
    assert "additionalProperty" not in graph.by_id["figure.png"]
    assert set(references(graph.root, "hasPart")) >= {"tables/by%20age.csv", "figure.png"}


def test_its_phases_are_in_order_with_their_times():
    graph = Graph(to_json(release()))
    acts = graph.follow(graph.root, "mentions")
    told = [(each["name"], each.get("endTime", "")[8:10]) for each in acts]
    assert told == [
        ("Approval of the project for its data: approved", "01"),
        ("Work that request 7 asked to let out", "02"),
        ("Automated disclosure inspection: 3 findings, for the checkers to answer", "03"),
        ("Review by Output checker 1: approve", "04"),
        ("Review by Output checker 2: approve", "05"),
        ("Disclosure check of the files: approved by 2 of 2 checkers", "05"),
        ("SHA-256 of the 2 released files is what was submitted and reviewed: OK", "06"),
        ("Validation against Five Safes RO-Crate profile: approved", "06"),
        ("BagIt manifests of the crate written", ""),
    ]


def test_a_checker_who_said_otherwise_is_told_and_is_not_the_decision():
    third = Review(Agent("checker-3", "Output checker 3"), "return", at(5))
    graph = Graph(to_json(release(reviews=(*release().reviews, third))))
    names = [each["name"] for each in graph.of_type("AssessAction")]
    assert "Review by Output checker 3: return" in names
    assert "Disclosure check of the files: approved by 2 of 3 checkers" in names
    assert {each["actionStatus"] for each in graph.phase("DisclosureCheck")} == {
        "http://schema.org/CompletedActionStatus"
    }


def test_code_is_told_by_its_files_and_what_the_platform_made_by_what_it_was_made_from():
    code = ReleasedFile("code/tables.py", "c" * 64, 900, "text/plain", code=True)
    made = (("run", "run:12"), ("specification", "d" * 64), ("code", "e" * 64))
    graph = Graph(to_json(release(files=(replace(FILES[0], made=made), code))))
    assert broken(to_json(release(files=(replace(FILES[0], made=made), code))), "SHOULD") == ()
    assert references(graph.by_id["#code"], "hasPart") == ["code/tables.py"]
    assert graph.by_id["code/tables.py"]["@type"] == ["File", "SoftwareSourceCode"]
    table = graph.follow(graph.root, "hasPart")[0]
    told = {each["propertyID"]: each["value"] for each in graph.follow(table, "additionalProperty")}
    assert {name: told[f"made by {name}"] for name, _ in made} == dict(made)
    assert told["small-count"] == 2
    assert "hasPart" not in Graph(to_json(release())).by_id["#code"]


@pytest.mark.parametrize(
    "changes",
    [
        {"data": ()},
        {"code": Code("A workflow", "abc", workflow=True)},
        {"publisher": Organisation("A name alone")},
        {"files": FILES[:1]},
        {"reviews": (Review(Agent("urn:uuid:00000000-0000-5000-8000-000000000000", "A checker"), "approve", at(4)),)},
    ],
)
def test_what_may_be_missing_breaks_no_rule(changes):
    assert broken(to_json(release(**changes)), "SHOULD") == ()


def test_a_project_without_approval_or_organisation_breaks_what_is_recommended_alone():
    bare = replace(release().project, approved=None, organisation="", funders="", digest="")
    assert broken(to_json(release(project=bare)), "SHOULD") == (
        "Requesting agent: they have an affiliation",
        "Review process: each phase has its action",
    )
    assert broken(to_json(release(project=Project("frailty", "A title", approved=at(1))))) == ()


def _entity(crate: dict, name: str) -> dict:
    graph = crate["@graph"]
    if name.startswith("shp:"):
        return next(each for each in graph if each.get("additionalType") == {"@id": SHP + name[4:]})
    return next(each for each in graph if name in (each["@id"], each["@type"]))


def _set(name: str, key: str, value: object):
    return lambda crate: _entity(crate, name).update({key: value})


def _drop(name: str, key: str):
    return lambda crate: _entity(crate, name).pop(key)


def _remove(name: str):
    return lambda crate: crate["@graph"].remove(_entity(crate, name))


def _forget(crate: dict, name: str) -> None:
    gone = _entity(crate, name)["@id"]
    root = _entity(crate, ROOT)
    root["mentions"] = [each for each in root["mentions"] if each["@id"] != gone]


def _lead_out(crate: dict) -> None:
    crate["@graph"].append({"@id": "tables/%2E%2E/../x", "@type": "File", "name": "x"})


HARMS = {
    "Metadata: the context is that of RO-Crate 1.2": lambda crate: crate.update({"@context": "https://example.org"}),
    "Metadata: each entity has an identifier and a type": _drop("DefinedTerm", "@id"),
    "Metadata: no two entities have one identifier": lambda crate: crate["@graph"].append(_entity(crate, "#project")),
    "Metadata: the descriptor is about the root, and says the version": _drop(METADATA_FILE, "about"),
    "Metadata: what is referred to is described": _remove("#platform"),
    "BagIt: no path leads out of the crate": _lead_out,
    "Root: it is a Dataset with name, description, date and licence": _drop(ROOT, "license"),
    "Profile conformance: the root says that it keeps this profile": _drop(ROOT, "conformsTo"),
    "Workflow crate: the main entity is one Dataset, of no other kind of crate": _set("#code", "@type", "File"),
    "Requested run: the root mentions a CreateAction": lambda crate: _forget(crate, "CreateAction"),
    "Requested run: its instrument is the main entity": _set("CreateAction", "instrument", {"@id": "#platform"}),
    "Requested run: it has a name for a person": _set("CreateAction", "name", "Run"),
    "Requesting agent: each is a Person": _set("CreateAction", "agent", {"@id": "#platform"}),
    "Requesting agent: they have an affiliation": _drop("#requester", "affiliation"),
    "Responsible project: the root has a Project with a name": _drop("#project", "name"),
    "Responsible project: the requester is its member": _drop("#requester", "memberOf"),
    "Review process: the root mentions every assessment": lambda crate: _forget(crate, "shp:DisclosureCheck"),
    "Review process: each action has a name for a person": _drop("UpdateAction", "name"),
    "Review process: a phase's action is of its type": _set("shp:SignOff", "@type", "CreativeWork"),
    "Review process: each phase has its action": _drop("shp:CheckValue", "additionalType"),
    "Execution states: each action has one of four": _set("shp:CheckValue", "actionStatus", "done"),
    "Review process: times are RFC 3339's, with their offset": _set("shp:SignOff", "endTime", "2026-11-01T09:30:00"),
    "Review process: what ended has its time": _drop("shp:SignOff", "endTime"),
    "Review process: each assessment has its agent, and the root among its objects": _drop("shp:CheckValue", "agent"),
    "Review process: a program has its provider": _drop("#platform", "provider"),
    "Publishing: every result is a part of the crate": _set(ROOT, "hasPart", [{"@id": "#code"}]),
    "Publishing: the root has its publisher": _drop(ROOT, "publisher"),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.text)
def test_each_rule_is_broken_by_a_crate_that_breaks_it(rule):
    harmed = deepcopy(to_json(release()))
    HARMS[rule.text](harmed)
    assert rule.text in broken(harmed, "SHOULD")
    if rule.level == "MUST":
        with pytest.raises(CrateBroken, match="does not keep the profile"):
            check(harmed)


@pytest.mark.parametrize("crate", [{}, {"@graph": 7}, {"@graph": [1, "x", {"@type": [3]}]}, {"@context": []}])
def test_what_is_no_crate_breaks_rules_and_raises_nothing(crate):
    assert broken(crate, "SHOULD")


def test_an_identifier_of_nothing_is_empty():
    assert identity({}) == ""
