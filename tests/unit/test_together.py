"""Files that are read together: each by a process of its own, and one that breaks takes no other with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.planted import MAKERS
from tre.disclosure import together
from tre.disclosure.inspection import inspect_counts, inspect_together
from tre.disclosure.model import Context, DisclosureError
from tre.disclosure.showing import Ask, show, show_together


def served(
    folder: Path, answer: str, asked: list[object], seconds: float = 20, most: int = 10_000
) -> dict[int, object]:
    """Run a worker, unsandboxed, that answers each file by a function of these lines."""
    (folder / "files").mkdir(exist_ok=True)
    for number in range(len(asked)):
        (folder / "files" / str(number)).write_text(f"content {number}")
    lines = textwrap.indent(textwrap.dedent(answer), "    ")
    program = (
        "import json, os, sys, time\nfrom pathlib import Path\nfrom tre.disclosure import together\n"
        f"together.FOLDER = Path({str(folder / 'files')!r})\ndef answer(path, asked):\n{lines}\n"
        f"together.answer_each(json.load(sys.stdin)['asked'], answer, lambda size: 2, 10_000)\n"
    )
    return together.ask([sys.executable, "-c", program], {"asked": asked}, seconds, 10**6)


@pytest.fixture(autouse=True)
def _reach_the_product(monkeypatch):
    run = subprocess.run
    told = {"PYTHONPATH": os.pathsep.join(sys.path)}
    monkeypatch.setattr(subprocess, "run", lambda *words, **more: run(*words, **{**more, "env": told}))


def test_each_file_is_answered_by_its_number(tmp_path):
    found = served(tmp_path, "return [path.read_text(), asked]", ["a", "b"])
    assert found == {0: ["content 0", "a"], 1: ["content 1", "b"]}


@pytest.mark.parametrize(
    "breaks",
    [
        "os.abort()",
        "raise ValueError('no')",
        "time.sleep(60)",
        "print('[1, 7]', flush=True); os._exit(1)",
        "return {1, 2}",
    ],
)
def test_one_that_breaks_takes_no_other_with_it(tmp_path, breaks):
    found = served(tmp_path, f"if asked == 'bad':\n    {breaks}\nreturn asked", ["a", "bad", "c"])
    assert found == {0: "a", 2: "c"}


def test_an_answer_that_is_too_long_is_none(tmp_path):
    assert served(tmp_path, "return 'x' * asked", [10, 20_000, 10]) == {0: "x" * 10, 2: "x" * 10}


def test_when_the_time_is_over_what_was_answered_is_there(tmp_path):
    found = served(tmp_path, "time.sleep(asked)\nreturn asked", [0, 0, 6, 6, 6], seconds=10)
    assert found.keys() >= {0, 1}
    assert 4 not in found


def test_no_process_can_look_into_another(tmp_path):
    tries = """
        try:
            open(f"/proc/{os.getppid()}/mem", "rb")
        except PermissionError:
            return "refused"
        return "root" if os.geteuid() == 0 else "let in"
    """
    assert served(tmp_path, tries, ["a"])[0] in {"refused", "root"}  # root is stopped by the sandbox, which drops all


def test_answers_are_trusted_no_further_than_their_form():
    raw = b'[0, {"a": 1}]\nnot json\n[1]\n["x", 2]\n{"0": 1}\n' + b"[" * 100_000 + b"\n[2, 3]\n[3, 4]"
    assert dict(together._answers(raw)) == {0: {"a": 1}, 2: 3}


def test_files_are_shown_together_as_they_are_alone(tmp_path, monkeypatch):
    monkeypatch.undo()
    asked = {}
    for kind in ("csv", "ipynb", "png", "json", "xlsx"):
        if kind in MAKERS:
            path = tmp_path / f"file.{kind}"
            path.write_bytes(MAKERS[kind]({}))
            asked[path] = Ask(name=path.name)
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04" + os.urandom(100))
    asked[broken] = Ask(name=broken.name)
    found = show_together(asked, 60)
    assert len(asked) > 3
    assert found == {path: show(path, ask) for path, ask in asked.items()}


def test_an_answer_of_another_form_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(together, "ask", lambda *told: {0: {"type": "csv"}, 7: {}, 1: None})
    paths = [tmp_path / "a", tmp_path / "b"]
    assert show_together({path: Ask() for path in paths}, 5) == {}


def test_without_bubblewrap_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(DisclosureError, match="Install bubblewrap"):
        show_together({tmp_path: Ask()}, 5)


def test_files_are_inspected_together_as_they_are_alone(tmp_path, monkeypatch):
    monkeypatch.undo()
    named = []
    for kind in ("csv", "ipynb", "png", "json", "xlsx", "parquet"):
        path = tmp_path / f"file.{kind}"
        path.write_bytes(MAKERS[kind]({"nhs_number": ["9434765919", "9434765870"]}) if kind in MAKERS else b"a,b")
        named.append((path, path.name))
    named.append((named[0][0], "named otherwise 9434765919.csv"))  # the same bytes under another name
    found = inspect_together(named, Context())
    alone = [inspect_counts(path, Context(), name=name) for path, name in named]
    assert [each for each, _ in found] == [each for each, _ in alone]
    told = [[[table.to_json() for table in tables] for _, tables in each] for each in (found, alone)]
    assert told[0] == told[1]
    assert found[0][0] != found[-1][0]


def test_one_that_has_no_answer_together_is_inspected_alone(tmp_path, monkeypatch):
    monkeypatch.undo()
    named = [(tmp_path / name, name) for name in ("a.csv", "b.csv")]
    for path, _ in named:
        path.write_bytes(b"age_band,persons\n60s,120\n")
    unknown = {"type": "csv", "hits": [{"rule": "x"}], "tables": []}
    monkeypatch.setattr(together, "ask", lambda *told: {1: unknown, 7: 1})
    assert [found.type for found, _ in inspect_together(named, Context())] == ["csv", "csv"]
    with pytest.raises(DisclosureError, match="regular file"):
        inspect_together([(tmp_path, "folder")], Context())
