"""The airlock's pages without a browser: what each form does, what it says when it is not complete, and to whom."""

from __future__ import annotations

import pytest

from tests.airlock import SAFE, open_study, quick_inspection, state, submit, vote, work
from tests.factories import LATER, TODAY, as_seen_now, person, project
from tests.unit.test_pages import browser
from tre.airlock import drafts, submissions
from tre.airlock.drafts import Upload
from tre.airlock.models import Absence, Assignment, Comment, Request, Review
from tre.api.told.requests import RequestTold
from tre.projects.models import Agreement

pytestmark = pytest.mark.django_db
OTHER = SAFE.replace(b"120", b"125")


@pytest.fixture
def study(monkeypatch):
    quick_inspection(monkeypatch)
    return open_study()


def reviewed(study, *files: tuple[str, bytes]) -> Request:
    made = submit(study, *(files or (("a.csv", SAFE), ("b.csv", OTHER))))
    work()
    return now(made)


def now(made: Request) -> Request:
    return Request.objects.get(pk=made.pk)


def votes(made: Request, **choices: str) -> dict[str, str]:
    told = {}
    for file in now(made).leaving():
        if choice := choices.get(file.name.partition(".")[0]):
            told |= {f"file-{file.pk}-choice": choice, f"file-{file.pk}-comment": ""}
        told[f"file-{file.pk}-sha256"] = file.sha256
    return told


def page(who: str, made: Request, query: str = "") -> str:
    return " ".join(browser(who).get(f"/airlock/{made.pk}/{query}").content.decode().split())


def test_a_vote_is_saved_and_the_page_goes_on_to_the_next_file(study):
    made = reviewed(study)
    first, second = made.held()
    client, where = browser("cat"), f"/airlock/{made.pk}/files/{first.pk}/vote"
    answer = client.post(where, votes(made, a="approve"))
    assert answer["Location"] == f"/airlock/{made.pk}/#file-{second.pk}-title"
    assert "Saved. It counts when you hand your review in." in page("cat", made)
    assert "Saved." not in page("dan", made)
    assert client.post(where, votes(made)).status_code == 400  # no choice
    last = f"/airlock/{made.pk}/files/{second.pk}/vote"
    assert client.post(last, votes(made, b="approve"))["Location"].endswith(f"#file-{second.pk}-title")


def test_a_review_that_is_not_complete_says_what_is_missing_by_file(study):
    made = reviewed(study)
    client, where = browser("cat"), f"/airlock/{made.pk}/review"
    answer = client.post(where, votes(made, a="approve"))
    assert answer.status_code == 400
    assert "b.csv: Choose a vote" in answer.content.decode()
    answer = client.post(where, votes(made, a="approve", b="return"))
    assert "b.csv: Say what has to change" in answer.content.decode()
    assert not Review.objects.exists()
    assert client.post(where, votes(made, a="approve", b="approve")).status_code == 302
    assert "Your review is in. Another checker's is needed." in page("cat", made)
    assert "Hand in your review" not in page("cat", made)


def test_a_place_is_taken_and_given_back_on_the_page(study):
    made = reviewed(study)
    client = browser("cat")
    assert "Take this request" in page("cat", made)
    client.post(f"/airlock/{made.pk}/take")
    assert "Give this request back" in page("cat", made)
    client.post(f"/airlock/{made.pk}/give-back")
    assert not Assignment.objects.filter(ended=None).exists()


def test_a_full_request_offers_a_third_nothing(study):
    made = reviewed(study)
    for who in ("cat", "dan"):
        browser(who).post(f"/airlock/{made.pk}/take")
    told = page("eve", made)
    assert "Take this request" not in told
    assert "Hand in your review" not in told


def test_a_third_is_asked_for_with_a_reason(study):
    made = reviewed(study)
    client = browser("cat")
    client.post(f"/airlock/{made.pk}/take")
    assert client.post(f"/airlock/{made.pk}/third", {"why": ""}).status_code == 400
    client.post(f"/airlock/{made.pk}/third", {"why": "A rare disease."})
    assert now(made).checkers == 3
    assert "3 have to agree" in page("ann", made)


def test_a_comment_names_its_file_and_lines(study):
    made = reviewed(study)
    client, where, file = browser("cat"), f"/airlock/{made.pk}/comment", made.held()[0]
    told = {"about": f"file-{file.pk}", "first_line": "2", "text": "This one?", "audience": "checkers"}
    for wrong in ({"about": "file-999"}, {"text": ""}, {"audience": "all"}, {"first_line": "0"}):
        assert client.post(where, {**told, **wrong}).status_code == 400
    assert client.post(where, {**told, "last_line": "1"}).status_code == 403  # from 2 to 1
    client.post(where, told)
    said = Comment.objects.get()
    assert (said.first_line, said.last_line, said.audience) == (2, 2, "checkers")
    assert "line 2" in page("cat", made)
    client.post(where, {"about": f"group-{file.group_id}", "text": "All of it.", "audience": "public"})
    assert Comment.objects.get(file=None).text == "All of it."


def test_an_author_goes_through_the_whole_of_a_draft_by_pages(study):
    made = drafts.draft(as_seen_now("ann"), study, "Falls.")
    drafts.add_files(made.pk, as_seen_now("ann"), "Tables", [Upload("a.csv", [SAFE]), Upload("b.csv", [OTHER])])
    client, where = browser("ann"), f"/airlock/{made.pk}/draft"
    a, b = now(made).held()
    assert "Go on with this draft" in page("ann", made)
    answer = client.post(f"{where}/submit")
    assert answer.status_code == 400
    assert "The context of group 1 is missing" in answer.content.decode()
    client.post(f"{where}/files/{b.pk}", {"group": "Background", "kind": "supporting"})
    client.post(f"{where}/group", {"name": "Tables", "context": "Counts.", "controls": "Rounded."})
    client.post(f"{where}/group", {"name": "Background", "context": "Counts.", "controls": "Never let out."})
    for wrong in ({"name": "Tables", "context": "x" * 5000}, {"context": "x"}):
        assert client.post(f"{where}/group", wrong).status_code == 403
    assert client.post(f"{where}/files/{a.pk}", {"group": "", "kind": "nonsense"}).status_code == 403
    told = client.get(f"{where}/").content.decode()
    assert "Rounded." in told
    client.post(f"{where}/files/{b.pk}/remove")
    assert client.post(f"{where}/submit").status_code == 302
    assert state(made) == "submitted"
    assert not now(made).groups.filter(name="Background").exists()


def test_what_came_back_is_answered_and_shows_what_has_changed(study):
    made = reviewed(study, ("a.csv", SAFE), ("b.csv", OTHER), ("d.csv", OTHER))
    for checker in ("cat", "dan"):
        vote(made, checker, "return", "Say what is counted.")
    assert "Say what is counted." in page("ann", made)
    client = browser("ann")
    assert client.post(f"/airlock/{made.pk}/revise")["Location"] == f"/airlock/{made.pk}/draft/"
    drafts.add_files(made.pk, as_seen_now("ann"), "Files", [Upload("b.csv", [SAFE]), Upload("c.csv", [OTHER])])
    drafts.remove_file(made.pk, as_seen_now("ann"), now(made).files.get(turn=2, name="d.csv").pk)
    assert client.post(f"/airlock/{made.pk}/draft/submit", {"answer": " "}).status_code == 400
    assert client.post(f"/airlock/{made.pk}/draft/submit", {"answer": "People are counted."}).status_code == 302
    work()
    told = page("cat", made)
    assert "People are counted." in told
    assert "The same bytes as in turn 1." in told
    assert "New in this turn." in told
    assert told.partition("Taken out since the turn before</dt>")[2].startswith(
        ' <dd class="nhsuk-summary-list__value">d.csv</dd>'
    )
    assert "What has changed in b.csv since turn 1" in told
    changed = now(made).files.get(turn=2, name="b.csv")
    shown = browser("cat").get(f"/airlock/{made.pk}/files/{changed.pk}/changes").content.decode()
    assert "<del>125</del> <ins>120</ins>" in " ".join(shown.split())
    new = now(made).files.get(turn=2, name="c.csv")
    assert browser("cat").get(f"/airlock/{made.pk}/files/{new.pk}/changes").status_code == 404
    earlier = page("cat", made, "?turn=1")
    assert "This is turn 1 as it was then" in earlier
    assert "Say what is counted." in earlier
    assert "Hand in your review" not in earlier


def test_what_was_released_before_on_the_same_data_is_shown_to_who_reviews(study):
    before = reviewed(study)
    for checker in ("cat", "dan"):
        vote(before, checker)
    work()
    assert state(before) == "released"
    person("bea", "researcher")
    other = project("cancer", "bea")
    made = submissions.submit(as_seen_now("bea"), other, "Counts.", [Upload("c.csv", [SAFE])])
    work()
    link = f'<a href="/airlock/{before.pk}/">Request {before.pk}</a> of The frailty study'
    assert link in page("cat", made)
    assert link not in page("bea", made)
    told = RequestTold.seen(now(made), as_seen_now("cat")).released_before
    assert [(each.request, each.project, each.datasets) for each in told] == [(before.pk, "frailty", ["people"])]
    assert RequestTold.seen(now(made), as_seen_now("bea")).released_before == []
    assert "Released before on the same data" not in page("cat", before), "its own release is none before it"
    Agreement.objects.filter(project__code="cancer").update(dataset="gp_events")
    assert link not in page("cat", made)


def test_what_supports_and_an_earlier_turn_are_not_downloaded(study):
    made = drafts.draft(as_seen_now("ann"), study, "Falls.")
    drafts.add_files(made.pk, as_seen_now("ann"), "Tables", [Upload("a.csv", [SAFE])])
    drafts.add_files(made.pk, as_seen_now("ann"), "Tables", [Upload("b.csv", [OTHER])], "supporting")
    drafts.describe_group(made.pk, as_seen_now("ann"), "Tables", "Counts.", "Rounded.")
    submissions.submit_draft(made.pk, as_seen_now("ann"))
    work()
    for checker in ("cat", "dan"):
        vote(made, checker)
    work()
    a, b = now(made).held()
    client = browser("ann")
    assert client.get(f"/airlock/{made.pk}/files/{a.pk}/download").getvalue() == SAFE
    assert client.get(f"/airlock/{made.pk}/files/{b.pk}/download").status_code == 404


def test_a_recall_is_told_and_ends_downloads(study):
    made = reviewed(study)
    for checker in ("cat", "dan"):
        vote(made, checker)
    work()
    client, where = browser("eve"), f"/airlock/{made.pk}/recall"
    assert client.post(where, {"why": " "}).status_code == 400
    assert client.post(where, {"why": "A count is wrong."}).status_code == 302
    assert "This release is recalled" in page("ann", made)
    assert "A count is wrong." in browser("ann").get("/notices/").content.decode()
    file = now(made).held()[0]
    assert browser("ann").get(f"/airlock/{made.pk}/files/{file.pk}/download").status_code == 403


def test_days_of_absence_are_kept_and_ended(study):
    client = browser("cat")
    assert "Say when you are away" in client.get("/airlock/").content.decode()
    assert "Say when you are away" not in browser("ann").get("/airlock/").content.decode()
    days = {f"{name}_{part}": str(getattr(day, part)) for name, day in (("first", TODAY), ("last", LATER))
            for part in ("day", "month", "year")}  # fmt: skip
    assert client.post("/airlock/away/", {}).status_code == 400
    assert client.post("/airlock/away/", days).status_code == 302
    held = Absence.objects.get()
    assert (held.first, held.last) == (TODAY, LATER)
    assert browser("dan").post(f"/airlock/away/{held.pk}/end").status_code == 403
    assert client.post(f"/airlock/away/{held.pk}/end").status_code == 302
    assert not Absence.objects.exists()


def test_the_queue_is_sorted_and_paged_by_its_address(study):
    made = reviewed(study)
    for query in ("", "?sort=risk", "?sort=nonsense", "?page=2", "?page=x", "?page=-1"):
        answer = browser("cat").get(f"/airlock/{query}")
        assert answer.status_code == 200, query
        assert f"Request {made.pk}" in answer.content.decode()
