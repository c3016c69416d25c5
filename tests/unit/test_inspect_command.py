"""``tre inspect``: what it prints, what it writes, and what it ends with."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.disclosing import WHO
from tre.cli import main
from tre.disclosure import Context, command
from tre.disclosure.model import DisclosureError
from tre.workspace.client.door import PlatformError
from tre.workspace.client.inspecting import inspect as seen

CLEAN, SMALL = "band,count\n20-29,40\n30-39,50\n", "band,count\n20-29,9\n30-39,50\n40-49,60\n"
# What the OASIS standard requires of the parts that are used (SARIF 2.1.0, sections 3.13, 3.14, 3.19, 3.24, 3.27-3.30)
TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
ARTIFACT = {
    "type": "object",
    "properties": {"uri": {"type": "string", "format": "uri-reference"}, "index": {"type": "integer", "minimum": 0}},
}
LOCATION = {
    "type": "object",
    "properties": {
        "physicalLocation": {
            "type": "object",
            "required": ["artifactLocation"],
            "properties": {
                "artifactLocation": ARTIFACT,
                "region": {"type": "object", "properties": {"startLine": {"type": "integer", "minimum": 1}}},
            },
        },
        "message": TEXT,
        "logicalLocations": {"type": "array", "items": {"type": "object", "required": ["name"]}},
    },
    "additionalProperties": False,
}
RESULT = {
    "type": "object",
    "required": ["message", "ruleId"],
    "properties": {
        "ruleId": {"type": "string"}, "ruleIndex": {"type": "integer", "minimum": 0}, "level": LEVEL, "message": TEXT,
        "locations": {"type": "array", "items": LOCATION}, "occurrenceCount": {"type": "integer", "minimum": 1},
        "properties": {"type": "object"},
    },
    "additionalProperties": False,
}  # fmt: skip
RULE = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string"}, "shortDescription": TEXT, "help": TEXT,
        "defaultConfiguration": {"type": "object", "properties": {"level": LEVEL}},
    },
    "additionalProperties": False,
}  # fmt: skip
DRIVER = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "rules": {"type": "array", "items": RULE, "uniqueItems": True}},
    "additionalProperties": False,
}
RUN = {
    "type": "object",
    "required": ["tool", "results"],
    "properties": {
        "tool": {"type": "object", "required": ["driver"], "properties": {"driver": DRIVER}},
        "results": {"type": "array", "items": RESULT},
        "artifacts": {"type": "array", "items": {"type": "object", "properties": {"location": ARTIFACT}}},
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    },
    "additionalProperties": False,
}
LOG = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "$schema": {"type": "string"},
        "runs": {"type": "array", "items": RUN},
    },
    "additionalProperties": False,
}


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "Context", lambda profile: Context(profile, sandbox=False))


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "out puts"
    (folder / "deep").mkdir(parents=True)
    (folder / "clean.csv").write_text(CLEAN)
    (folder / "deep" / "small.csv").write_text(SMALL)
    (folder / ".notes.txt").write_text(f"first\nask {WHO}\n")
    return Path("out puts")


def inspected(*arguments: object) -> int:
    return main(["inspect", *map(str, arguments)])


def test_the_exit_status_is_that_of_the_worst_verdict(files: Path, tmp_path: Path) -> None:
    assert inspected(files / "clean.csv") == 0
    (tmp_path / "list.json").write_text(json.dumps({"x": [n / 7 for n in range(150)]}))
    assert inspected(files / "clean.csv", "list.json") == 4
    assert inspected(files, "list.json") == 5


def test_a_person_is_told_in_a_table(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "[red]odd.txt").write_text("fine\n")
    inspected(files)
    said = " ".join(capsys.readouterr().out.split())
    for words in (
        "out puts/clean.csv: passes",
        "small.csv: is blocked",
        "row 1, column count",
        "fix suppress",
        "[red]odd",
    ):
        assert words in said
    assert "5919" not in said


def test_json_has_a_line_for_each_file(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert inspected(files, "--json") == 5
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {each["file"]: each["verdict"] for each in lines} == {
        "out puts/.notes.txt": "block", "out puts/clean.csv": "pass", "out puts/deep/small.csv": "block",
    }  # fmt: skip


def test_the_sarif_log_is_what_the_standard_requires(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert inspected(files, "--sarif") == 5
    log: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.Draft7Validator(LOG).validate(log)
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    for result in run["results"]:
        place = result["locations"][0]["physicalLocation"]
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert (
            run["artifacts"][place["artifactLocation"]["index"]]["location"]["uri"] == place["artifactLocation"]["uri"]
        )
        assert " " not in place["artifactLocation"]["uri"]
    lines = {each["ruleId"]: each["locations"][0]["physicalLocation"].get("region") for each in run["results"]}
    assert lines["identifier"] == {"startLine": 2}
    assert lines["small-count"] is None  # a row of a table is no line of the file
    hashes = {each["hashes"]["sha-256"] for each in run["artifacts"]}
    assert hashlib.sha256(CLEAN.encode()).hexdigest() in hashes
    assert "5919" not in json.dumps(log)


@pytest.mark.parametrize("given", ["none.csv", "empty", "link.csv", "linked"])
def test_what_is_not_there_or_is_a_link_is_told_in_a_sentence(
    files: Path, given: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("empty").mkdir()
    Path("link.csv").symlink_to(files / "clean.csv")
    Path("linked").mkdir()
    (Path("linked") / "x").symlink_to("/etc/passwd")
    assert inspected(given) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert given in told.err


def test_mended_copies_are_written_and_inspected_and_the_file_stays(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inspected(files, "--json", "--fix", "mended") == 5
    verdicts = {each["file"]: each["verdict"] for each in map(json.loads, capsys.readouterr().out.splitlines())}
    assert verdicts["mended/suppress/out puts/deep/small.csv"] == "pass"
    assert verdicts["mended/round/out puts/deep/small.csv"] == "pass"
    assert (files / "deep" / "small.csv").read_text() == SMALL
    for folder in (files, files / "deep", "out puts/deep/../deep"):
        assert inspected(files / "deep", "--fix", folder) == 1


def test_a_copy_that_cannot_be_made_is_told_and_the_rest_goes_on(
    files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(path: Path, fix: str, context: Context) -> bytes:
        raise DisclosureError("The file cannot be mended as it is", where=fix)

    monkeypatch.setattr(command, "mended", refuse)
    assert inspected(files, "--fix", "mended", "--json") == 5
    told = capsys.readouterr()
    assert "suppress" in told.err
    assert len(told.out.splitlines()) == 3


def test_a_notebook_sees_what_the_airlock_will(files: Path) -> None:
    found = seen(files / "deep" / "small.csv")
    assert (found["file"], found["verdict"], found["fixes"]) == ("small.csv", "block", ["suppress", "round"])
    assert "small.csv: block" in found._repr_html_()
    assert seen(files / "clean.csv")["verdict"] == "pass"
    with pytest.raises(PlatformError, match="no such file"):
        seen("none.csv")
    with pytest.raises(DisclosureError):
        seen(files / "clean.csv", profile="none")


@pytest.fixture
def bwrap() -> None:
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")


@pytest.mark.sandbox
@pytest.mark.usefixtures("bwrap")
def test_a_mend_is_made_inside_the_sandbox(tmp_path: Path) -> None:
    from tre.disclosure.mending import mended

    (tmp_path / "small.csv").write_text(SMALL)
    assert mended(tmp_path / "small.csv", "suppress", Context()) == b"band,count\n20-29,[c]\n30-39,[c]\n40-49,60\n"
    (tmp_path / "not.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    with pytest.raises(DisclosureError, match="mended"):
        mended(tmp_path / "not.png", "re-encode-image", Context())
