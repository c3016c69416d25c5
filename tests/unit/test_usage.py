"""What a workspace used is counted once, by month, survives a kill, and is told in hours to whom it concerns."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.test_pages import browser
from tests.workspaces import opened_ago, set_options, study
from tre.audit.models import Entry
from tre.config.options import load
from tre.workspace import marker, usage
from tre.workspace.activity import Activity
from tre.workspace.lifetime import why_over
from tre.workspace.limits import Used, used
from tre.workspace.models import Usage, WorkspaceSession
from tre.workspace.services import close_for, open_workspace
from tre.workspace.session_watch import SessionWatch
from tre.workspace.usage import cost, lines, month_of, note_used, split

NO_TIME = timedelta(0)
MIB = 1024 * 1024
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))


@pytest.fixture
def frailty(db):
    yield study("frailty", "ann", "bob")
    shutil.rmtree(load().path("run", "workspaces"), ignore_errors=True)


@pytest.fixture
def opened(frailty):
    """Return a workspace and its token."""
    token = open_workspace("ann", "frailty").token
    return WorkspaceSession.objects.get(), token


@pytest.fixture
def now(monkeypatch) -> Callable[[datetime], None]:
    def at(moment: datetime) -> None:
        monkeypatch.setattr(timezone, "now", lambda: moment)

    return at


def rows() -> list[tuple[date, float, float, int]]:
    return [
        (row.month, (row.ends - row.begins).total_seconds() / 3600, row.processor_seconds, row.memory_peak)
        for row in Usage.objects.order_by("begins")
    ]


def placed(session: WorkspaceSession, moment: datetime) -> None:
    opened_ago(session, seconds=(timezone.now() - moment).total_seconds())


class TestCounting:
    def test_totals_told_twice_count_once(self, opened):
        session, _ = opened
        for told in (Used(10, 5 * MIB), Used(30, 9 * MIB), Used(30, 7 * MIB), Used(25, 1)):
            note_used(session, told, NO_TIME)
        assert [row[2:] for row in rows()] == [(30, 9 * MIB)]

    def test_a_month_s_end_parts_the_count(self, opened, now):
        session, _ = opened
        placed(session, datetime(2026, 3, 31, 20, 0, tzinfo=UTC))  # 21:00 in London, of which three hours are March's
        now(datetime(2026, 3, 31, 22, 0, tzinfo=UTC))
        note_used(session, Used(100, MIB), NO_TIME)
        now(datetime(2026, 4, 1, 3, 0, tzinfo=UTC))
        note_used(session, Used(160, 2 * MIB), NO_TIME)
        assert [(month, round(hours, 6)) for month, hours, *_ in rows()] == [
            (date(2026, 3, 1), 3), (date(2026, 4, 1), 4)
        ]  # fmt: skip
        assert [row[2:] for row in rows()] == [(100, MIB), (60, 2 * MIB)]

    def test_a_whole_month_between_has_its_row(self, opened, now):
        session, _ = opened
        placed(session, datetime(2026, 1, 31, 12, tzinfo=UTC))
        now(datetime(2026, 3, 1, 12, tzinfo=UTC))
        note_used(session, Used(1, 1), NO_TIME)
        assert [(month.month, round(hours)) for month, hours, *_ in rows()] == [(1, 12), (2, 28 * 24), (3, 12)]

    def test_closing_counts_to_the_end(self, opened, now):
        session, _ = opened
        began = session.opened
        now(began + timedelta(minutes=1))
        note_used(session, Used(1, 1), NO_TIME)
        now(began + timedelta(minutes=2))
        close_for(session.pk, "for the test")
        assert round(sum(row[1] for row in rows()) * 60, 6) == 2

    def test_a_kill_of_everything_costs_at_most_what_was_untold(self, opened, now):
        """The machine stops on Friday and starts on Monday: nobody is charged for the days between."""
        session, _ = opened
        now(session.opened + timedelta(hours=1))
        note_used(session, Used(1, 1), NO_TIME)
        now(session.opened + timedelta(days=3))
        close_for(session.pk, "the platform started anew")
        assert round(sum(row[1] for row in rows()) * 60) == 62

    def test_the_last_measure_of_a_closed_one_is_taken_and_prolongs_nothing(self, opened, now):
        session, _ = opened
        now(session.opened + timedelta(minutes=1))
        close_for(session.pk, "for the test")
        now(session.opened + timedelta(hours=9))
        note_used(session, Used(50, 5), NO_TIME)
        assert [(round(row[1] * 60), row[2]) for row in rows()] == [(1, 50)]

    @given(MOMENTS, st.timedeltas(NO_TIME, timedelta(days=400)))
    def test_a_time_is_parted_without_a_gap(self, begins, lasts):
        parts = list(split(begins, begins + lasts))
        months = [month for month, _, _ in parts]
        assert months == sorted(set(months))
        assert [first for _, first, _ in parts] == [begins, *(last for _, _, last in parts[:-1])]
        assert parts[-1][2] == begins + lasts
        for month, first, last in parts:
            assert first <= last
            assert {month_of(first), month_of(last - timedelta(microseconds=1) * (first < last))} == {month}


class TestTheLauncherTells:
    def tell(self, token: str, **told: object) -> httpx.Response:
        body = {"processor_seconds": 1, "memory_peak": 1, "idle_seconds": 0} | told
        headers = {"Authorization": f"Bearer {token}"}
        return Client().post("/api/gate/used", json.dumps(body), content_type="application/json", headers=headers)

    def test_it_is_noted(self, opened):
        session, token = opened
        opened_ago(session, hours=2)
        assert self.tell(token, processor_seconds=7.5, memory_peak=3, idle_seconds=1800).status_code == 200
        session.refresh_from_db()
        assert timezone.now() - session.told < timedelta(seconds=20)
        assert timedelta(minutes=29) < session.told - session.active < timedelta(minutes=31)
        assert [row[2:] for row in rows()][-1] == (7.5, 3)

    @pytest.mark.parametrize("value", [-1, True, None, "1", [], 1e300, float("nan")])
    def test_what_is_no_number_is_refused(self, opened, value):
        assert self.tell(opened[1], processor_seconds=value).status_code == 403

    def test_a_stranger_tells_nothing(self, opened):
        assert self.tell("another").status_code == 403


class TestActivity:
    """A launcher's own view, with a clock of the test's."""

    def scene(self) -> tuple[Activity, list[dict], dict[str, float]]:
        told, at = [], {"now": 0.0, "used": 0.0}

        def answer(request: httpx.Request) -> httpx.Response:
            told.append(json.loads(request.content))
            return httpx.Response(200, json={})

        client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
        activity = Activity(client, "http://portal/x", "t", lambda: Used(at["used"], 5), lambda: at["now"])
        return activity, told, at

    def test_who_is_let_through_is_noticed_and_silence_grows(self):
        activity, told, at = self.scene()

        async def allowed(count: int) -> bool:
            return True

        async def play() -> None:
            at["now"] = 100.0
            await activity.tell()
            await activity.noticing(allowed)(0)
            at["now"] = 130.0
            await activity.tell()

        asyncio.run(play())
        assert [each["idle_seconds"] for each in told] == [100.0, 30.0]

    @pytest.mark.parametrize(("seconds", "idle"), [(0.5, 60.0), (30.0, 0.0)])
    def test_computing_is_being_in_use_and_an_idle_server_s_hum_is_not(self, seconds, idle):
        activity, told, at = self.scene()
        at.update(now=60.0, used=seconds)
        asyncio.run(activity.tell())
        assert told == [{"processor_seconds": seconds, "memory_peak": 5, "idle_seconds": idle}]

    def test_a_portal_that_is_away_is_told_the_next_time(self):
        def away(request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("away")

        client = httpx.AsyncClient(transport=httpx.MockTransport(away))
        asyncio.run(Activity(client, "http://portal/x", "t", lambda: Used(0, 0)).tell())


class TestTheEndOfAWorkspace:
    @pytest.mark.parametrize(
        ("age", "idle", "why"),
        [
            (timedelta(hours=2), timedelta(minutes=59), ""),
            (timedelta(hours=2), timedelta(minutes=60), "nobody used it for 60 minutes"),
            (timedelta(hours=24), NO_TIME, "it was open for 24 hours"),
        ],
    )
    def test_idle_or_old_is_closed_and_the_log_says_which(self, opened, age, idle, why):
        session, _ = opened
        opened_ago(session, seconds=age.total_seconds())
        note_used(session, Used(1, 1), idle)
        assert why_over(WorkspaceSession.objects.get(), timezone.now()) == why
        held = marker.hold(marker.place(session.pk))
        SessionWatch().look()
        os.close(held)
        closings = Entry.objects.filter(event="workspace.closed", actor="platform")
        assert [each.data["why"] for each in closings] == [why] * bool(why)

    def test_a_portal_that_was_away_closes_nothing(self, opened):
        """Its launcher has told nothing for five hours: that is no word of its being idle."""
        session, _ = opened
        opened_ago(session, hours=5)
        assert why_over(session, timezone.now()) == ""

    def test_the_limits_are_the_settings(self, opened, monkeypatch):
        set_options(monkeypatch, workspace_idle_minutes=5, workspace_hours=1)
        session, _ = opened
        opened_ago(session, minutes=30)
        note_used(session, Used(1, 1), timedelta(minutes=6))
        assert why_over(WorkspaceSession.objects.get(), timezone.now()) == "nobody used it for 5 minutes"


class TestMeasured:
    def test_the_second_version_of_groups(self, tmp_path):
        (tmp_path / "cpu.stat").write_text("usage_usec 2500000\nuser_usec 1\n")
        (tmp_path / "memory.peak").write_text("4096\n")
        assert used((str(tmp_path / "cgroup.procs"),)) == Used(2.5, 4096)

    def test_the_first_version_of_groups(self, tmp_path):
        for folder, file, value in (("cpuacct", "cpuacct.usage", 1_500_000_000), ("cpu", "cpu.stat", "nr_periods 3"),
                                    ("memory", "memory.max_usage_in_bytes", 77)):  # fmt: skip
            (tmp_path / folder).mkdir()
            (tmp_path / folder / file).write_text(f"{value}\n")
        files = tuple(str(tmp_path / name / "cgroup.procs") for name in ("cpu", "memory", "cpuacct"))
        assert used(files) == Used(1.5, 77)

    def test_a_group_that_is_gone_and_none_at_all(self, tmp_path):
        assert used((str(tmp_path / "gone" / "cgroup.procs"),)) == Used(0.0, 0)
        assert used(()).processor_seconds >= 0
        assert Path(tmp_path).exists()


class TestThePage:
    @pytest.fixture
    def month(self, frailty):
        for name, hours in (("ann", 10.0), ("bob", 20.0)):
            open_workspace(name, "frailty")
            session = WorkspaceSession.objects.get(account__username=name, closed=None)
            begins = datetime(2026, 5, 2, 8, tzinfo=UTC)
            row = {"month": date(2026, 5, 1), "begins": begins, "ends": begins + timedelta(hours=hours)}
            Usage.objects.filter(session=session).update(**row, processor_seconds=7200, memory_peak=900 * MIB)
        return frailty

    def test_lines_add_up(self, month):
        told = {line.username: line for line in lines(month)}
        assert (told[""].processor_hours, told[""].gibibyte_hours, told[""].measured_hours) == (60, 180, 4)
        assert (told["bob"].processor_hours, told["bob"].pounds) == (40, cost(40, 120))
        assert told["ann"].peak_megabytes == 900

    def test_a_lead_sees_everybody_and_a_researcher_themselves_and_the_whole(self, month):
        assert [line.username for line in lines(month, "bob")] == ["", "bob"]
        lead, member = (browser(name).get("/projects/frailty/usage/").content.decode() for name in ("ann", "bob"))
        assert (">ann<" in lead, ">bob<" in lead, "Everybody" in lead) == (True, True, True)
        assert (">ann<" in member, ">bob<" in member, "Everybody" in member) == (False, True, True)
        assert f"£{cost(40, 120)}" in member
        assert ">ann<" in browser("data-manager").get("/projects/frailty/usage/").content.decode()

    def test_hours_are_whole_and_no_minute_is_told(self, month):
        Usage.objects.filter(session__account__username="bob").update(ends=datetime(2026, 5, 2, 8, 17, tzinfo=UTC))
        (line,) = [line for line in lines(month, "bob") if line.username]
        assert (line.processor_hours, line.gibibyte_hours, line.pounds) == (1, 2, cost(1, 2))

    def test_cost_is_of_the_settings_prices(self, monkeypatch):
        set_options(monkeypatch, price_processor_hour=Decimal("0.105"), price_gibibyte_hour=Decimal("1"))
        assert cost(1, 2) == Decimal("2.11")
        assert usage.cost(0, 0) == 0

    def test_a_project_that_used_nothing(self, frailty):
        assert "No workspace has been opened yet" in browser("ann").get("/projects/frailty/usage/").content.decode()
