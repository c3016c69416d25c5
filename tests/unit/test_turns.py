"""Turns: no more at once than there are, in the order of coming, and none is lost."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from tornado.web import HTTPError

from tre.workspace import spawner as spawners
from tre.workspace.spawner import SandboxSpawner
from tre.workspace.turns import Turns


async def _settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def test_no_more_at_once_than_there_are_and_the_first_come_first():
    async def scene() -> tuple[list[str], list[int], list[str]]:
        turns, has = Turns(2), []

        async def come(who: str) -> None:
            await turns.take(who)
            has.append(who)

        coming = [asyncio.ensure_future(come(who)) for who in "abcd"]
        await _settle()
        at_first, places = list(has), [turns.place(who) for who in "abcd"]
        for _ in coming:
            turns.leave()
        await asyncio.gather(*coming)
        return at_first, places, has

    assert asyncio.run(scene()) == (["a", "b"], [0, 0, 1, 2], ["a", "b", "c", "d"])


def test_who_gives_up_leaves_the_queue_and_takes_no_turn():
    async def scene() -> tuple[int, int]:
        turns = Turns(1)
        await turns.take("a")
        second, third = [asyncio.ensure_future(turns.take(who)) for who in "bc"]
        await _settle()
        second.cancel()
        await _settle()
        place = turns.place("c")
        turns.leave()
        await asyncio.wait_for(third, 10)
        return place, turns.place("b")

    assert asyncio.run(scene()) == (1, 0)


# The spawner


@pytest.fixture
def turns(monkeypatch) -> Turns:
    made = Turns(1)
    monkeypatch.setattr(spawners, "turns", lambda: made)
    return made


def _spawner(name: str, opened: list[str]) -> SandboxSpawner:
    """Return a spawner whose portal refuses, once it is asked."""

    class Refused(SandboxSpawner):
        async def _ask(self, verb: str, question: dict[str, object]) -> dict[str, object]:
            opened.append(name)
            raise HTTPError(403, "no")

    kept = SimpleNamespace(name=name, server=None)
    return Refused(user=SimpleNamespace(name=name, settings={}, escaped_name=name), orm_spawner=kept)


def test_a_start_keeps_its_turn_until_the_hub_is_done_with_it_and_a_failed_one_loses_none(turns):
    async def scene() -> list[tuple[list[str], list[str]]]:
        opened: list[str] = []
        first, second = _spawner("ann", opened), _spawner("ben", opened)
        seen = []
        first._spawn_pending = second._spawn_pending = True  # as the Hub sets it before it starts one
        with pytest.raises(HTTPError):
            await first.start()
        waiting = asyncio.ensure_future(second.start())
        await _settle()
        told = [each["message"] async for each in _first(second)]
        seen.append((list(opened), told))
        first._spawn_pending = False
        with pytest.raises(HTTPError):
            await asyncio.wait_for(waiting, 10)
        told = [each["message"] async for each in _first(second)]
        second._spawn_pending = False
        seen.append((list(opened), told))
        await asyncio.wait_for(turns.take("another"), 10)
        return seen

    assert asyncio.run(scene()) == [
        (["ann"], ["Others opened theirs just before. Yours is number 1 of those that wait to start."]),
        (["ann", "ben"], ["The notebook server starts."]),
    ]


async def _first(spawner: SandboxSpawner):
    async for each in spawner.progress():
        yield each
        return
