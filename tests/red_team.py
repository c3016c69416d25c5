"""Writes docs/red-team.md: each attempt against the platform that is a test, with what stops it.

Those from outside are told by the docstrings of :mod:`tests.security.test_outside_attacks`; the others by the rows of
``tests/security/attempts.yaml``, each bound to a test, and a probe's to a word of its source. A row whose test or word
is gone fails.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache

import yaml

from tre.config.options import REPOSITORY

DOCUMENT = REPOSITORY / "docs" / "red-team.md"
_FOLDER = "tests/security"
_TOLD = "test_outside_attacks"


@dataclass(frozen=True)
class Attempt:
    """One thing that an attacker tries, what stops it, and the test that tries it.

    Parameters
    ----------
    test : str
        ``module::function`` of tests/security, with ``::method`` for one of a class.
    word : str
        What must stand in that function's source: for a probe that tries several things.
    """

    what: str
    stopped: str
    test: str
    word: str = ""


def _rows(side: str) -> tuple[Attempt, ...]:
    told = yaml.safe_load((REPOSITORY / _FOLDER / "attempts.yaml").read_text())
    return tuple(Attempt(**row) for row in told[side])


OUTSIDE, INSIDE = _rows("outside"), _rows("inside")


def told() -> list[Attempt]:
    """Return the attempts that the tests from outside tell in their own docstrings.

    Raises
    ------
    ValueError
        When a docstring does not say what stops it.
    """
    found = []
    for name, node in _functions(_TOLD).items():
        text = ast.get_docstring(node)
        if name.startswith("test_") and text:
            what, marker, stopped = text.partition("Stopped by: ")
            if not marker:
                raise ValueError(f"{name} does not say what stops it")
            found.append(Attempt(_line(what).rstrip("."), _line(stopped).rstrip("."), f"{_TOLD}::{name}"))
    return found


def stray(attempts: tuple[Attempt, ...]) -> list[str]:
    """Return the attempts whose test, or whose word in it, is not there."""
    return [each.what for each in attempts if not _stands(each)]


def _stands(attempt: Attempt) -> bool:
    module, _, name = attempt.test.partition("::")
    node = _functions(module).get(name)
    return node is not None and attempt.word in ast.get_source_segment(_source(module), node, padded=True).replace(
        "'", '"'
    )


@cache
def _source(module: str) -> str:
    return (REPOSITORY / _FOLDER / f"{module}.py").read_text()


@cache
def _functions(module: str) -> dict[str, ast.FunctionDef]:
    found: dict[str, ast.FunctionDef] = {}
    for node in ast.parse(_source(module)).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = node
        elif isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{each.name}": each for each in node.body if isinstance(each, ast.FunctionDef)}
    return found


def _line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def document() -> str:
    """Return the whole document."""
    outside, inside = (*told(), *OUTSIDE), INSIDE
    return "\n".join(
        (
            "# Red team",
            "",
            "What an attacker may try, each attempt with what stops it and the test that tries it each time. Written",
            "by `python -m tests.red_team` from the tests; do not edit it.",
            "",
            f"## From outside: {len(outside)} attempts",
            "",
            "Without an account, or with one and another person's page, project, session or token.",
            "",
            *_table(outside),
            "",
            f"## From inside: {len(inside)} attempts",
            "",
            "With full execution of code in a notebook, knowing every path, port and name of the platform.",
            "",
            *_table(inside),
            "",
        )
    )


def _table(attempts: tuple[Attempt, ...]) -> list[str]:
    rows = [
        f"| {n} | {_cell(each.what)} | {_cell(each.stopped)} | `{each.test}` |" for n, each in enumerate(attempts, 1)
    ]
    return ["| | attempt | stopped by | test |", "| --- | --- | --- | --- |", *rows]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("``", "`")


if __name__ == "__main__":
    DOCUMENT.write_text(document())
