"""The public page: what is held, used and released is told as it is, and no small count with it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests.catalogue import built
from tests.factories import person, project
from tre.airlock.models import Release, Request
from tre.catalogue.models import WarehouseBuild
from tre.catalogue.suppression import shown
from tre.config.options import load
from tre.disclosure.policy import load_policy
from tre.people.models import Account
from tre.projects.models import Project
from tre.web import public
from tre.web.bars import WIDTH, bars

_TABLES = (
    {"dataset": "people", "version": 1, "rows": 20_192, "first_year": 1930, "last_year": 2026},
    {"dataset": "deaths", "version": 1, "rows": 7, "first_year": 2025, "last_year": 2025},
    {"dataset": "gp_events", "version": 1, "rows": 3},
    {"dataset": "gp_events", "version": 2, "rows": 181_266},
    {"dataset": "unknown", "version": 1, "rows": 400},
)


@pytest.fixture
def study(db) -> Project:
    person("ann", "researcher")
    built([], tables=_TABLES)
    WarehouseBuild.objects.update(opted_out=4)
    return project("frailty", "ann")


def page() -> str:
    """Return the page's text as a stranger reads it."""
    answer = Client().get(reverse("public"))
    assert answer.status_code == 200
    return answer.content.decode()


def released(study: Project, number: int, at: datetime) -> None:
    """Let something of a project have been released at a time."""
    ann = Account.objects.get(username="ann")
    request = Request.objects.create(
        project=study, author=ann, context="Counts of 3 people.", state="released", once=f"{number}"
    )
    Release.objects.create(request=request, identity=f"release-{number}", files=[])
    Release.objects.filter(identity=f"release-{number}").update(at=at)


def test_it_tells_what_is_held_in_the_newest_version_and_no_small_count(study):
    held = {each.dataset.name: each for each in public.held()}
    assert list(held) == ["gp_events", "people", "deaths"]
    assert (held["people"].told, held["people"].years, held["people"].projects) == ("about 20,190", "1930 to 2026", 1)
    assert (held["gp_events"].told, held["gp_events"].years) == ("about 181,265", "")
    assert (held["deaths"].rows, held["deaths"].told, held["deaths"].years) == (None, "fewer than 10", "2025")
    text = page()
    assert "about 20,190" in text
    assert "20,192" not in text
    assert "20192" not in text
    assert "fewer than 10 people here" in text  # who opted out


def test_a_profile_that_asks_for_more_is_kept_to(study, monkeypatch):
    changed = load().model_copy(update={"disclosure_profile": "strict"})
    profile = load_policy().profile("acro")
    policy = replace(load_policy(), profiles={"strict": replace(profile, threshold=25, round_base=50)})
    monkeypatch.setattr(public, "load", lambda: changed)
    monkeypatch.setattr(public, "load_policy", lambda: policy)
    assert public.bounds() == public.Bounds(25, 50)
    assert {each.dataset.name: each.told for each in public.held()}["people"] == "about 20,200"
    assert "fewer than 25" in page()


def test_a_profile_that_asks_for_less_loosens_nothing(study, monkeypatch):
    changed = load().model_copy(update={"disclosure_profile": "opensafely"})  # which has 8
    monkeypatch.setattr(public, "load", lambda: changed)
    assert public.bounds() == public.Bounds(10, 5)


def test_it_tells_who_uses_it_for_what_and_never_what_was_only_asked_for(study):
    project("stroke", "ann", approved=False)
    text = page()
    assert "The frailty study" in text
    assert "To learn what helps, for planning." in text
    assert "The stroke study" not in text
    assert "ann" not in re.findall(r"\w+", text)


def test_a_closed_project_stands_after_those_of_today(study):
    project("asthma", "ann")
    Project.objects.filter(code="asthma").update(status="closed")
    assert [each.project.code for each in public.used()] == ["frailty", "asthma"]


def test_it_tells_how_often_something_was_released_and_not_what(study):
    now = timezone.now()
    released(study, 1, now)
    released(study, 2, now - timedelta(days=31 * 3))
    released(study, 3, now - timedelta(days=800))
    assert public.used()[0].releases == 3
    months = public._by_month()
    assert len(months.bars) == 12
    assert [bar.told for bar in months.bars].count("1") == 2
    text = page()
    assert "Results have left 3 times." in text
    assert "Counts of 3 people" not in text


def test_months_go_over_the_turn_of_a_year():
    months = public._last_months(datetime(2026, 2, 28, tzinfo=UTC).date(), 4)
    assert [(each.year, each.month) for each in months] == [(2025, 11), (2025, 12), (2026, 1), (2026, 2)]


def test_it_tells_how_to_opt_out(study):
    text = page()
    assert "https://www.nhs.uk/your-nhs-data-matters/" in text
    assert "0300 303 5678" in text
    assert "type 1 opt-out" in text


def test_it_brings_no_script_and_its_plots_have_tables(study):
    text = page()
    assert "<script" not in text
    assert text.count("<svg") == 3
    for chart in re.findall(r'<figure class="tre-chart">.*?</figure>', text, flags=re.DOTALL):
        assert 'role="img"' in chart
        assert "<table" in chart


def test_an_empty_installation_says_so(db):
    text = page()
    assert "No data is held yet." in text
    assert "No project has been approved yet." in text


@given(st.lists(st.tuples(st.text(min_size=1, max_size=20), st.none() | st.integers(0, 10**9), st.text(max_size=9))))
def test_a_bar_is_as_long_as_its_number(values):
    """None is wider than the chart, a larger number never has a shorter bar, and what is not told has none."""
    made = bars("rows", "Rows", "Dataset", "Rows", values)
    assert len(made.bars) == len(values)
    assert all(0 <= bar.width <= WIDTH for bar in made.bars)
    drawn = sorted(((value or 0), bar.width) for (_, value, _), bar in zip(values, made.bars, strict=True))
    assert [width for _, width in drawn] == sorted(width for _, width in drawn)
    assert made.height >= len(values) * (made.bars[0].bar_y if made.bars else 0)


@given(st.integers(0, 10**7), st.integers(10, 100), st.sampled_from([5, 6, 10, 50]))
def test_what_is_shown_of_a_count_is_rounded_and_never_small(count, threshold, base):
    told = shown(count, threshold, base)
    assert (told is None) == (count < threshold)
    if told is not None:
        assert told % base == 0
        assert abs(told - count) <= base / 2
