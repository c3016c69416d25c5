"""A researcher who subtracts one release from another: by two requests at once, in other clothes, across projects."""

from __future__ import annotations

import gzip
import io
import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pandas as pd
import pytest
from django.db import connection

from tests.airlock import events, inspected, open_study, state, work
from tests.factories import person
from tests.unit.test_differencing_at_release import FEWER, approve, of_another_project, released, rules
from tests.unit.test_pages import browser
from tre.airlock import jobs, services
from tre.airlock.models import Release, Request
from tre.people.models import Account
from tre.projects.models import Membership

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    return open_study()


def workbook(frame: pd.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.to_excel(out, index=False)
    return out.getvalue()


def in_other_clothes() -> dict[str, bytes]:
    """Return the table without three people, as a reader would still know it."""
    frame = pd.read_csv(io.BytesIO(FEWER))
    renamed = frame.assign(age_band=["60 - 69", "70 to 79", "80\u201389"]).rename(
        columns={"persons": "N", "age_band": "a"}
    )
    parted = pd.concat([frame.assign(sex="F", persons=frame.persons // 3), frame.assign(sex="M")])
    parted.loc[parted.sex == "M", "persons"] = (frame.persons - frame.persons // 3).to_list()
    across = parted.pivot(index="age_band", columns="sex", values="persons").reset_index()
    return {
        "renamed.csv": renamed.to_csv(index=False).encode(),
        "turned.xlsx": workbook(frame.set_index("age_band").T.reset_index()),
        "noise.csv": frame.assign(note=["x", "y", "z"], weight=[1.25, 2.5, 3.75]).to_csv(index=False).encode(),
        "packed.csv.gz": gzip.compress(frame[::-1].to_csv(index=False).encode()),
        "records.json": frame.to_json(orient="records").encode(),
        "parted.csv": parted.to_csv(index=False).encode(),
        "across.csv": across.to_csv(index=False).encode(),
    }


@pytest.mark.parametrize("name", in_other_clothes())
def test_other_clothes_hide_no_difference(study, name):
    released(study)
    made = inspected(study, (name, in_other_clothes()[name]))
    assert "differencing" in rules(made)
    assert made.state == "blocked"


def test_across_two_projects_and_the_requester_learns_no_name_and_no_figure(study):
    other = of_another_project(FEWER)
    approve(other)
    work()
    made = inspected(study)
    assert rules(made) == ["differencing"]
    told = json.dumps(made.files.get().inspection)
    assert not [each for each in ("falls", "bob", "337") if each in told]
    mine, theirs = (browser(who).get(f"/airlock/{made.pk}/").content.decode() for who in ("ann", "cat"))
    assert f"release-{other.pk}-" in mine
    assert "falls study" not in mine
    assert f'href="/airlock/{other.pk}/"' in theirs
    assert "The falls study" in theirs


def test_a_colleague_of_the_author_learns_no_other_project_either(study):
    other = of_another_project(FEWER)
    approve(other)
    work()
    made = inspected(study)
    person("amy", "researcher")
    Membership.objects.create(project=study, account=Account.objects.get(username="amy"), lead=False)
    page = browser("amy").get(f"/airlock/{made.pk}/").content.decode()
    assert "falls" not in page
    assert "337" not in page


def test_two_that_are_inspected_side_by_side_are_not_both_let_out(study):
    first, second = inspected(study), inspected(study, ("fewer.csv", FEWER))
    assert (first.state, second.state) == ("in_review", "in_review")
    approve(first)
    approve(second)
    work()
    assert (state(first), state(second)) == ("released", "blocked")
    why = services.why_halted(Request.objects.get(pk=second.pk))
    assert f"release-{first.pk}-" in why
    assert events(second)[-2:] == ["airlock.release_began", "airlock.release_halted"]
    assert Release.objects.count() == 1
    again = inspected(study, context="Asked for anew.")  # what was halted never left, and is no release
    assert again.state == "in_review"


@pytest.mark.django_db(transaction=True)
def test_of_two_releases_that_begin_at_once_one_is_let_out():
    study = open_study()
    both = [inspected(study), inspected(study, ("fewer.csv", FEWER))]
    for made in both:
        approve(made)
    meet = Barrier(2)

    def release(made: Request) -> None:
        try:
            meet.wait(timeout=30)
            jobs.release_request({"request": made.pk})
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(release, both))
    assert sorted(state(made) for made in both) == ["blocked", "released"]
