"""Has each file of the corpus inspected, with exact match and without, on every core."""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from tests.corpus import floors
from tests.corpus.families import about
from tests.corpus.model import Item
from tests.corpus.world import PROJECT, World
from tre.disclosure.inspection import inspect
from tre.disclosure.model import VERDICTS, Context

Exact = Literal["on", "off"]
SECONDS = 30  # of processor time for one file: less than the policy allows, more than any honest file takes


@dataclass(frozen=True)
class Judged:
    """What inspection said of one item: its verdict and the rules of its findings; `failed` where it broke."""

    item: Item
    exact: Exact
    verdict: str
    rules: tuple[tuple[str, str], ...]
    failed: str = ""

    @property
    def caught(self) -> bool:
        """Whether a leak does not simply pass. A file that broke inspection is not caught by it."""
        return self.verdict in ("review", "block")

    @property
    def rightly(self) -> bool:
        """Whether a leak is caught by a finding that is about it."""
        return self.caught and any(
            about(rule, self.item.families) for rule, severity in self.rules if severity in ("review", "block")
        )

    @property
    def unfair(self) -> bool:
        """Whether a clean file is judged worse than a reviewer would."""
        return bool(self.failed) or VERDICTS.index(self.verdict) > VERDICTS.index(self.item.fair)


@dataclass(frozen=True)
class _Work:
    """What a process needs; it is inherited, since items hold functions."""

    items: list[Item]
    world: World
    filters: Path
    exact: tuple[Exact, ...]
    sandbox: bool


_work: _Work | None = None


def judge(
    items: list[Item], world: World, exact: tuple[Exact, ...] = ("on", "off"), *, sandbox: bool = False
) -> list[Judged]:
    """Return what inspection says of each item.

    Parameters
    ----------
    exact : tuple of {"on", "off"}
        With exact match against the world's people, or without.
    sandbox : bool
        Read each file in the product's own worker; slow.
    """
    global _work
    with tempfile.TemporaryDirectory() as folder:
        filters = Path(folder) / "filters"
        world.write_filters(filters)
        _work = _Work(items, world, filters, exact, sandbox)
        processes = multiprocessing.get_context("fork").Pool(
            os.cpu_count(), initializer=torch.set_num_threads, initargs=(1,)
        )
        with processes as pool:
            answers = pool.imap(_judged, range(len(items)), chunksize=4)
            return [
                Judged(items[place], mode, verdict, rules, failed)
                for place, told in enumerate(answers)
                for mode, verdict, rules, failed in told
            ]


_Answer = tuple[Exact, str, tuple[tuple[str, str], ...], str]


def _judged(place: int) -> list[_Answer]:
    if _work is None:
        raise RuntimeError("no work was handed over")
    item = _work.items[place]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(item.write(_work.world))
        return [_answer(path, item, _work, mode) for mode in _work.exact]


def _answer(path: Path, item: Item, work: _Work, mode: Exact) -> _Answer:
    filters, key = (work.filters, work.world.key) if mode == "on" else (None, None)
    context = Context(filters=filters, filter_key=key, project=PROJECT, sandbox=work.sandbox)
    try:
        with _deadline(SECONDS):
            found = inspect(path, context, name=item.name)
    except Exception as error:  # whatever breaks inspection is what is looked for
        return mode, "pass", (), type(error).__name__
    return mode, found.verdict, tuple(sorted({(each.rule, each.severity) for each in found.findings})), ""


@contextmanager
def _deadline(seconds: int) -> Iterator[None]:
    def end(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def sample(items: Iterable[Item], one_in: int) -> list[Item]:
    """Return every n-th item: of each technique and format some."""
    return list(items)[::one_in]


def tried(items: Iterable[Item]) -> list[Item]:
    """Return what each test run judges: of each author's items every so-manyth."""
    held = list(items)
    return [
        item
        for author, one_in in floors.ONE_IN.items()
        for item in sample((each for each in held if each.author == author), one_in)
    ]
