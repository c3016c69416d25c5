"""The auditor's pages: what is found, how pages follow each other, what is proved, and what is sent as a file."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from tests.audit import keep_checkpoints_in
from tests.factories import person
from tests.insider import as_an_insider
from tests.unit.test_pages import browser
from tre import cli
from tre.audit import checkpoints, search
from tre.audit.checkpoints import write_checkpoint
from tre.audit.domain import leaf_hash
from tre.audit.models import Entry
from tre.audit.search import Search, every, page
from tre.audit.services import record

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    return keep_checkpoints_in(tmp_path / "audit", monkeypatch)


def at(monkeypatch, moment: datetime) -> None:
    monkeypatch.setattr("tre.audit.services.timezone.now", lambda: moment)


def happen(event: str, actor: str, subject: str, **data: object) -> int:
    with transaction.atomic():
        return record(event, actor=actor, subject=subject, data=data).number


@pytest.fixture
def auditor() -> Client:
    person("aud", "auditor")
    return browser("aud")


def numbers(wanted: Search, **place: int) -> list[int]:
    return [each.number for each in page(wanted, **place).entries]


def test_each_thing_that_is_asked_narrows_the_search(monkeypatch):
    begin = datetime(2026, 7, 1, 12, tzinfo=UTC)
    told = [
        ("a.one", "ann", "request:1", {"reason": "Zoë asked"}), ("a.two", "bob", "request:1", {}),
        ("a.one", "bob", "request:2", {"reason": "100% sure_"}), ("b.one", "ann", "request:12", {"n": [1, "deep"]}),
    ]  # fmt: skip
    first = None
    for day, (event, actor, subject, data) in enumerate(told):
        at(monkeypatch, begin + day * DAY)
        number = happen(event, actor, subject, **data)
        first = first or number
    monkeypatch.undo()
    for wanted, found in [
        (Search(), [3, 2, 1, 0]), (Search(event="a.one"), [2, 0]), (Search(actor="ann"), [3, 0]),
        (Search(subject="request:1"), [1, 0]), (Search(event="a.one", actor="ann"), [0]),
        (Search(subject="request:1", actor="bob", event="a.two"), [1]), (Search(words="request:1"), [3, 1, 0]),
        (Search(words="ZOË"[:2] + "ë"), [0]), (Search(words="ann DEEP"), [3]), (Search(words="% _"), [2]),
        (Search(words="sure nobody"), []), (Search(since=begin.date() + DAY), [3, 2, 1]),
        (Search(until=begin.date() + DAY), [1, 0]), (Search(since=begin.date(), until=begin.date()), [0]),
        (Search(since=begin.date() + DAY, until=begin.date() + 2 * DAY, actor="bob"), [2, 1]),
        (Search(since=begin.date() + 9 * DAY), []), (Search(event="a"), []),
    ]:  # fmt: skip
        assert numbers(wanted) == [first + each for each in found], wanted
        exported = [each.number for some in every(wanted) for each in some]
        assert exported == sorted(first + each for each in found), wanted


def test_a_clock_that_was_set_back_hides_nothing(monkeypatch):
    midnight = timezone.make_aware(datetime(2026, 7, 2))
    for minutes in (-5, 10, -3, 20):
        at(monkeypatch, midnight + timedelta(minutes=minutes))
        happen("a.one", "ann", "request:1")
    monkeypatch.undo()
    assert len(numbers(Search(until=datetime(2026, 7, 1).date()))) == 2
    assert len(numbers(Search(since=datetime(2026, 7, 2).date()))) == 2


def test_pages_follow_each_other_both_ways_and_leave_nothing_out(monkeypatch):
    monkeypatch.setattr(search, "PAGE", 4)
    for number in range(11):
        happen("a.one", "ann", f"request:{number}")
    seen, found = [], page(Search())
    assert found.newer is None
    while True:
        seen += [each.number for each in found.entries]
        if found.older is None:
            break
        found = page(Search(), before=found.older)
    assert seen == list(range(11, 0, -1))
    back = [each.number for each in found.entries]
    while found.newer is not None:
        found = page(Search(), after=found.newer)
        back = [each.number for each in found.entries] + back
    assert back == seen
    assert page(Search(), before=1).newer == 0


def test_a_rare_word_far_back_is_found_by_steps_of_bounded_work(monkeypatch):
    monkeypatch.setattr(search, "LOOKED_THROUGH", 5)
    happen("a.one", "ann", "needle")
    for number in range(13):
        happen("a.one", "ann", f"request:{number}")
    steps, found = 1, page(Search(words="needle"))
    while not found.entries:
        steps, found = steps + 1, page(Search(words="needle"), before=found.older)
    assert steps == 3
    assert [each.number for each in found.entries] == [1]
    assert [each.number for some in every(Search(words="needle")) for each in some] == [1]


def test_a_page_counts_and_skips_nothing(django_assert_num_queries):
    for number in range(60):
        happen("a.one", "ann", f"request:{number}")
    with django_assert_num_queries(1) as asked:
        page(Search(event="a.one"), before=55)
    assert "OFFSET" not in asked[0]["sql"]
    assert "COUNT" not in asked[0]["sql"]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans by what it has counted, and here is little")
@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Search(), "sqlite_autoindex_audit_entry_1"), (Search(event="a.one"), "audit_entry_by_event"),
        (Search(actor="ann"), "audit_entry_by_actor"), (Search(subject="s", event="a.one"), "audit_entry_by_subject"),
    ],
)  # fmt: skip
def test_a_page_is_read_from_its_place_in_an_index_and_never_sorted(wanted, index):
    candidates = search._candidates(wanted).filter(number__lt=55).order_by("-number")[:50]
    plan = candidates.explain()
    assert index in plan
    assert "TEMP B-TREE" not in plan


def test_a_page_tells_that_its_entries_are_proved(auditor):
    happen("a.one", "ann", "request:1")
    write_checkpoint()
    happen("a.two", "ann", "request:1")
    told = auditor.get("/audit/").content.decode()
    covered = checkpoints.checkpoint_over(checkpoints.kept_sizes()[-1]).entries
    assert f"the log of {covered}" in " ".join(told.split())
    assert "newer ones" in told


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE audit_entry SET actor = 'mallory' WHERE number = 2",
        "UPDATE audit_entry SET actor = 'mallory' WHERE number = (SELECT MAX(number) FROM audit_entry)",
        "DELETE FROM audit_entry WHERE number = (SELECT MAX(number) FROM audit_entry)",
    ],
)
def test_a_page_tells_what_an_insider_did_to_an_entry_on_it(auditor, harm):
    for number in range(5):
        happen("a.one", "ann", f"request:{number}")
    write_checkpoint()
    happen("a.two", "ann", "request:1")
    as_an_insider(harm)
    assert "The log does not verify" in auditor.get("/audit/").content.decode()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL keeps to the types of its columns")
@pytest.mark.parametrize("value", ["x'00'", "'[1]'", "'{'", "7"])
@pytest.mark.parametrize("column", ["actor", "at", "data"])
def test_an_entry_that_cannot_be_read_is_told_in_a_sentence(auditor, column, value):
    number = happen("a.one", "ann", "request:1")
    write_checkpoint()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        as_an_insider(f"UPDATE audit_entry SET {column} = {value} WHERE number = {number}")
        cursor.execute("PRAGMA ignore_check_constraints = OFF")
    for path in ("/audit/", f"/audit/{number}/", f"/audit/{number}/proof.json"):
        answer = auditor.get(path)
        assert answer.status_code in {200, 400}
        told = answer.content.decode()
        assert "The log does not verify" in told or "is not what was written" in told or "not in the log" in told


def test_a_log_without_a_checkpoint_is_told(auditor):
    happen("a.one", "ann", "request:1")
    assert "no checkpoint that covers them" in auditor.get("/audit/").content.decode()


def test_a_mistaken_search_is_told_and_finds_nothing(auditor):
    for asked, told in [
        ("since_day=40&since_month=1&since_year=2026", "no such day"), ("since_day=4", "Enter the day"),
        ("since_day=2&since_month=1&since_year=2026&until_day=1&until_month=1&until_year=2026", "before the first one"),
    ]:  # fmt: skip
        for path in ("/audit/", "/audit/export.ndjson"):
            answer = auditor.get(f"{path}?{asked}")
            assert answer.status_code == 400
            assert told in answer.content.decode()
    for place in ("before=x", "after=-1", "before=9" + "9" * 18, "after=²", "before=" + "9" * 5000):
        assert auditor.get(f"/audit/?{place}").status_code == 200


def test_an_entry_s_page_shows_its_proof_and_sends_it(auditor, tmp_path, capsys):
    number = happen("a.one", "ann", "request:1", reason="Why <b>not</b>")
    write_checkpoint()
    told = " ".join(auditor.get(f"/audit/{number}/").content.decode().split())
    assert "stands, exactly as shown, in the log of" in told
    assert "Why &lt;b&gt;not" in told
    assert Entry.objects.get(number=number).leaf in told
    sent = auditor.get(f"/audit/{number}/proof.json")
    assert sent["Content-Disposition"] == f'attachment; filename="audit-entry-{number}-proof.json"'
    (tmp_path / "proof.json").write_bytes(sent.content)
    assert cli.main(["audit", "check", str(tmp_path / "proof.json"), "--key", checkpoints.public_key()]) == 0


def test_an_entry_that_is_not_covered_or_not_there_is_told(auditor):
    write_checkpoint()
    number = happen("a.one", "ann", "request:1")
    assert "Nothing yet" in auditor.get(f"/audit/{number}/").content.decode()
    assert "No checkpoint covers" in auditor.get(f"/audit/{number}/proof.json").content.decode()
    for nothing in (0, number + 1, 10**30):
        assert auditor.get(f"/audit/{nothing}/").status_code == 404
        assert auditor.get(f"/audit/{nothing}/proof.json").status_code == 404


def test_an_altered_entry_s_page_tells_it(auditor):
    number = happen("a.one", "ann", "request:1")
    write_checkpoint()
    as_an_insider(f"UPDATE audit_entry SET actor = 'mallory' WHERE number = {number}")
    told = auditor.get(f"/audit/{number}/").content.decode()
    assert "The log does not verify" in told
    assert "Download the proof" not in told
    assert auditor.get(f"/audit/{number}/proof.json").status_code == 400


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")  # the test client is no ASGI server
def test_an_export_sends_what_was_hashed_of_what_was_found(auditor, monkeypatch):
    monkeypatch.setattr(search, "_EXPORTED", 3)
    for number in range(8):
        happen("a.one" if number % 2 else "a.two", "ann", f"request:{number}")
    sent = auditor.get("/audit/export.ndjson?event=a.one")
    assert sent.streaming
    assert sent["Content-Type"] == "application/x-ndjson"
    lines = b"".join(sent).splitlines()
    assert [json.loads(each)["subject"] for each in lines] == [f"request:{number}" for number in (1, 3, 5, 7)]
    assert [leaf_hash(each).hex() for each in lines] == [
        each.leaf for each in Entry.objects.filter(event="a.one").order_by("number")
    ]
