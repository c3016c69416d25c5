"""What goes to a browser is counted, told, and stopped at the day's ceiling; and the count survives what fails."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import person, project
from tests.unit.test_pages import browser
from tre.audit.models import Entry
from tre.config.options import load
from tre.people.models import Account
from tre.workspace.auth import hash_token
from tre.workspace.meter import Meter
from tre.workspace.models import SentOnDay, WorkspaceSession
from tre.workspace.services import browser_ceiling, close_workspace, note_sent, sent_today

TOKEN = "the-workspace-token"
MIB = 1024 * 1024


@pytest.fixture
def session(db):
    person("ann", "researcher")
    account = Account.objects.get(username="ann")
    return WorkspaceSession.objects.create(
        account=account, project=project("frailty", "ann"), token_hash=hash_token(TOKEN)
    )


def tell(told: object, token: str = TOKEN) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return Client().post("/api/gate/sent", json.dumps(told), content_type="application/json", headers=headers)


def test_bytes_add_up_by_person_and_day_over_all_their_workspaces(session):
    other = WorkspaceSession.objects.create(
        account=session.account, project=project("asthma", "ann"), token_hash=hash_token("other")
    )
    assert tell({"bytes": 10}).json() == {"left": browser_ceiling() - 10}
    assert tell({"bytes": 5}, "other").json() == {"left": browser_ceiling() - 15}
    assert tell({"bytes": 0}).json() == {"left": browser_ceiling() - 15}
    session.refresh_from_db()
    other.refresh_from_db()
    assert (session.sent, other.sent, sent_today(session.account)) == (10, 5, 15)
    assert "15\xa0bytes" in browser("ann").get("/account/").content.decode()


def test_a_new_day_begins_anew(session):
    note_sent(session, 100)
    SentOnDay.objects.update(day=timezone.localdate() - timedelta(days=1))
    assert note_sent(session, 7) == browser_ceiling() - 7


def test_half_of_the_ceiling_is_an_alert_and_the_ceiling_an_end_each_written_down_once(session):
    half = browser_ceiling() // 2
    assert note_sent(session, half - 1) == browser_ceiling() - half + 1
    assert not Entry.objects.filter(event__startswith="workspace.").exists()
    note_sent(session, 1)
    note_sent(session, 1)
    assert note_sent(session, browser_ceiling()) == 0
    assert note_sent(session, 5) == 0
    told = list(Entry.objects.filter(event__startswith="workspace.").order_by("number").values_list("event", "actor"))
    assert told == [("workspace.much_sent", "ann"), ("workspace.sending_stopped", "ann")]
    close_workspace(session.pk)
    assert Entry.objects.get(event="workspace.closed").data["sent"] == half + 1 + browser_ceiling() + 5


@pytest.mark.parametrize("told", [{}, {"bytes": -1}, {"bytes": "7"}, {"bytes": True}, {"bytes": 1.5}, [], None])
def test_what_is_no_count_is_refused(session, told):
    assert tell(told).status_code == 403
    assert not SentOnDay.objects.exists()


def test_who_is_no_gate_tells_nothing(session):
    assert tell({"bytes": 1}, "guessed").status_code == 403
    assert browser("ann").post("/api/gate/sent", "{}", content_type="application/json").status_code == 403
    assert not SentOnDay.objects.exists()


def test_a_closed_workspace_is_counted_to_its_end(session):
    close_workspace(session.pk)
    assert tell({"bytes": 9}).status_code == 200
    assert sent_today(session.account) == 9


def meter_of(answer: Callable[[httpx.Request], httpx.Response]) -> Meter:
    return Meter(httpx.AsyncClient(transport=httpx.MockTransport(answer)), "http://portal/api/gate/sent", TOKEN)


class Portal:
    """A portal with so much left, which may be away."""

    def __init__(self, left: int) -> None:
        self.left, self.away, self.told = left, False, []

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.away:
            raise httpx.ConnectError("away")
        count = json.loads(request.content)["bytes"]
        self.told.append(count)
        self.left = max(0, self.left - count)
        return httpx.Response(200, json={"left": self.left})

    def meter(self) -> Meter:
        return Meter(
            httpx.AsyncClient(transport=httpx.MockTransport(self.answer)), "http://portal/api/gate/sent", TOKEN
        )


def run(scene: Awaitable[None]) -> None:
    asyncio.run(asyncio.wait_for(scene, 20))


def test_nothing_passes_before_the_portal_has_said_what_is_left():
    async def scene() -> None:
        portal = Portal(100)
        meter = portal.meter()
        portal.away = True
        assert not await meter.allowed(0)
        portal.away = False
        assert await meter.allowed(60)
        assert await meter.allowed(40)
        assert not await meter.allowed(1)
        assert sum(portal.told) <= 100 + 1

    run(scene())


def test_a_portal_that_is_away_loses_no_byte_and_lets_no_more_pass():
    async def scene() -> None:
        portal = Portal(10 * MIB)
        meter = portal.meter()
        assert await meter.allowed(0)
        portal.away = True
        passed = [await meter.allowed(MIB) for _ in range(12)]
        assert passed == [True] * 10 + [False] * 2
        portal.away = False
        await meter.tell()
        assert sum(portal.told) == 12 * MIB

    run(scene())


@pytest.mark.parametrize("answer", [httpx.Response(500), httpx.Response(200, text="x"), httpx.Response(200, json=[]),
                                    httpx.Response(200, json={"left": "all"})])  # fmt: skip
def test_an_answer_that_says_nothing_changes_nothing(answer):
    async def scene() -> None:
        meter = Meter(
            httpx.AsyncClient(transport=httpx.MockTransport(lambda request: answer)), "http://portal/x", TOKEN
        )
        assert not await meter.allowed(1)

    run(scene())


def test_with_nothing_left_nothing_passes_however_small():
    async def scene() -> None:
        meter = Portal(0).meter()
        assert [await meter.allowed(count) for count in (0, 0, 100, 0)] == [False] * 4

    run(scene())


def test_it_tells_by_itself(monkeypatch):
    monkeypatch.setattr("tre.workspace.meter._TELL_SECONDS", 0.02)

    async def scene() -> None:
        portal = Portal(MIB)
        meter = portal.meter()
        await meter.allowed(5)
        await meter.allowed(6)
        telling = asyncio.ensure_future(meter.keep_telling())
        while sum(portal.told) < 11:
            await asyncio.sleep(0.01)
        telling.cancel()

    run(scene())


def test_the_ceiling_is_a_setting():
    assert browser_ceiling() == load().browser_megabytes * MIB
