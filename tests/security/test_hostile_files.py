"""Every hostile file ends in a finding that blocks it, within the limits, and whoever asked lives on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.planted import MAKERS, examined
from tests.security.hostile_files import HOSTILE
from tre.disclosure import Context, inspect
from tre.disclosure.policy import load_policy

with_bwrap = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
# What is textual has no end of its own, and in a file of one stream nothing stands behind the last byte that counts.
BINARY = sorted(set(MAKERS) - {
    "csv", "utf-16 text", "utf-32 text", "log", "source code", "sql", "markdown", "yaml", "ndjson", "html", "lightgbm",
    "svg", "xml", "json", "notebook", "xgboost json",
})  # fmt: skip
_HEAD = 32  # bytes of which less are letters that any text may begin with
_HEADS = {"spss portable": 64}
# Bytes at the end that hold nothing: a line's end, padding. A protobuf message may end behind any of its fields.
SLACK = {"spss portable": 18, "pdf": 1, "pdf of a figure": 1, "tiff": 4, "onnx": 12}
IN_THE_WORKER = ("zip bomb", "xlsx of two far cells", "pdf whose pages go in a circle", "pickle that starts a program")


def blocked(body: bytes) -> tuple[bool, set[str]]:
    policy = load_policy()
    _, hits = examined(body)
    return any(policy.rules[hit.rule].severity == "block" for hit in hits), {hit.rule for hit in hits}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_told_for_what_it_is(name: str) -> None:
    make, rules = HOSTILE[name]
    _, told = blocked(make())
    assert rules & told, told


@pytest.mark.parametrize("kind", BINARY)
def test_a_file_that_is_cut_short_is_never_passed(kind: str) -> None:
    whole = MAKERS[kind]({})
    end = len(whole) - SLACK.get(kind, 0)
    head = _HEADS.get(kind, _HEAD)
    cuts = {*range(head, end, max(1, end // 40)), *range(max(head, end - 24), end)}
    if kind == "sas transport":
        cuts = {cut for cut in cuts if cut % 80}  # it says nowhere how many records it has
    passed = [cut for cut in sorted(cuts) if not blocked(whole[:cut])[0]]
    assert not passed, f"{len(whole)} bytes"


@with_bwrap
@pytest.mark.parametrize("name", IN_THE_WORKER)
def test_the_worker_ends_a_hostile_file_and_the_parent_lives(tmp_path: Path, name: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(HOSTILE[name][0]())
    found = inspect(path, Context())
    assert found.verdict == "block"
    assert HOSTILE[name][1] & {finding.rule for finding in found.findings}
