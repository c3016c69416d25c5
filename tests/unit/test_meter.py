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
    assert tell({"sent": 4}).json() == {"left": browser_ceiling() - 4}
    assert tell({"sent": 10}).json() == {"left": browser_ceiling() - 10}
    assert tell({"sent": 5}, "other").json() == {"left": browser_ceiling() - 15}
    session.refresh_from_db()
    other.refresh_from_db()
    assert (session.sent, other.sent, sent_today(session.account)) == (10, 5, 15)
    assert "15\xa0bytes" in browser("ann").get("/account/").content.decode()


def test_what_is_told_again_or_late_is_counted_once(session):
    for told in (10, 10, 3, 0):
        assert tell({"sent": told}).json() == {"left": browser_ceiling() - 10}
    session.refresh_from_db()
    assert (session.sent, sent_today(session.account)) == (10, 10)


def test_a_new_day_begins_anew(session):
    note_sent(session, 100)
    SentOnDay.objects.update(day=timezone.localdate() - timedelta(days=1))
    assert note_sent(session, 107) == browser_ceiling() - 7


def test_half_of_the_ceiling_is_an_alert_and_the_ceiling_an_end_each_written_down_once(session):
    half = browser_ceiling() // 2
    assert note_sent(session, half - 1) == browser_ceiling() - half + 1
    assert not Entry.objects.filter(event__startswith="workspace.").exists()
    note_sent(session, half)
    note_sent(session, half + 1)
    assert note_sent(session, browser_ceiling()) == 0
    assert note_sent(session, browser_ceiling() + 5) == 0
    told = list(Entry.objects.filter(event__startswith="workspace.").order_by("number").values_list("event", "actor"))
    assert told == [("workspace.much_sent", "ann"), ("workspace.sending_stopped", "ann")]
    close_workspace(session.pk)
    assert Entry.objects.get(event="workspace.closed").data["sent"] == browser_ceiling() + 5


@pytest.mark.parametrize("told", [{}, {"sent": -1}, {"sent": "7"}, {"sent": True}, {"sent": 1.5}, [], None])
def test_what_is_no_count_is_refused(session, told):
    assert tell(told).status_code == 403
    assert not SentOnDay.objects.exists()


def test_who_is_no_gate_tells_nothing(session):
    assert tell({"sent": 1}, "guessed").status_code == 403
    assert browser("ann").post("/api/gate/sent", "{}", content_type="application/json").status_code == 403
    assert not SentOnDay.objects.exists()


def test_a_closed_workspace_may_send_no_more_and_the_log_tells_what_it_sent_before_its_gate_knew(session):
    note_sent(session, 100)
    close_workspace(session.pk)
    assert tell({"sent": 100}).json() == {"left": 0}
    assert not Entry.objects.filter(event="workspace.sent_late").exists()
    for _ in range(2):
        assert tell({"sent": 109}).json() == {"left": 0}
    assert sent_today(session.account) == 109
    closed, late = Entry.objects.filter(event__startswith="workspace.").order_by("number")
    assert (closed.event, closed.data["sent"]) == ("workspace.closed", 100)
    assert (late.event, late.data) == ("workspace.sent_late", {"session": session.pk, "bytes": 9, "sent": 109})


def test_the_log_and_the_count_of_what_was_sent_late_are_written_together_or_not_at_all(session, monkeypatch):
    close_workspace(session.pk)

    def fails(*arguments: object, **named: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("tre.workspace.services.record", fails)
    with pytest.raises(RuntimeError):
        note_sent(session, 9)
    session.refresh_from_db()
    assert (session.sent, sent_today(session.account)) == (0, 0)


def meter_of(answer: Callable[[httpx.Request], httpx.Response]) -> Meter:
    return Meter(httpx.AsyncClient(transport=httpx.MockTransport(answer)), "http://portal/api/gate/sent", TOKEN)


class Portal:
    """A portal with so much left, which may be away."""

    def __init__(self, left: int) -> None:
        self.left, self.away, self.deaf, self.sent = left, False, False, 0

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.away:
            raise httpx.ConnectError("away")
        told = json.loads(request.content)["sent"]
        self.left, self.sent = max(0, self.left - max(0, told - self.sent)), max(self.sent, told)
        if self.deaf:
            raise httpx.ReadError("the answer is lost")
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
        await meter.tell()
        assert portal.sent == 100

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
        assert portal.sent == 10 * MIB, "what did not pass is not counted"

    run(scene())


def test_an_answer_that_is_lost_counts_nothing_twice():
    async def scene() -> None:
        portal = Portal(MIB)
        meter = portal.meter()
        assert await meter.allowed(1000)
        portal.deaf = True
        for _ in range(3):
            await meter.tell()
        portal.deaf = False
        await meter.tell()
        assert (portal.sent, portal.left) == (1000, MIB - 1000)

    run(scene())


def test_what_reaches_the_ceiling_is_the_last_however_many_send_at_once():
    async def scene() -> None:
        portal = Portal(100)
        meter = portal.meter()
        passed = await asyncio.gather(*(meter.allowed(30) for _ in range(20)))
        assert sum(passed) == 4
        await meter.tell()
        assert (portal.sent, portal.left) == (120, 0)

    run(scene())


def test_a_meter_that_is_closed_lets_nothing_pass_and_tells_until_it_is_heard(monkeypatch):
    monkeypatch.setattr("tre.workspace.meter._AGAIN_SECONDS", 0.01)

    async def scene() -> None:
        portal = Portal(MIB)
        meter = portal.meter()
        assert await meter.allowed(70)
        portal.away = True
        settling = asyncio.ensure_future(meter.settle())
        await asyncio.sleep(0.05)
        assert [await meter.allowed(count) for count in (0, 1)] == [False, False]
        portal.away = False
        await settling
        assert portal.sent == 70

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
        async with asyncio.timeout(5):
            while portal.sent < 11:
                await asyncio.sleep(0.01)
        telling.cancel()
        assert portal.sent == 11

    run(scene())


def test_the_ceiling_is_a_setting():
    assert browser_ceiling() == load().browser_megabytes * MIB
