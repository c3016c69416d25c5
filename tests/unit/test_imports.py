"""What a project brings in: told, checked, reviewed by two others, and placed read-only by its version."""

from __future__ import annotations

import itertools
import json
import pickle
from dataclasses import replace

import pytest

from tests.airlock import work
from tests.clamd import EICAR, clamd
from tests.factories import as_seen_now
from tests.imports import CODES, ask, checked, open_study, placed, say
from tre.airlock.drafts import Upload
from tre.airlock.imports import jobs, services
from tre.airlock.imports.checks import Checked, Remark, check
from tre.airlock.imports.domain import AUDIT_EVENTS, STATES, TRANSITIONS, check_told, follow, outcome
from tre.airlock.imports.malware import NOBODY, Scanned
from tre.airlock.imports.models import ImportRequest
from tre.airlock.imports.policy import import_policy
from tre.audit.models import Entry
from tre.config.options import load
from tre.disclosure import Inspection
from tre.errors import Refused, SettingsError

django = pytest.mark.django_db
NHS = b"name,nhs_number\n" + b"".join(b"Margaret Hughes,%d\n" % n for n in (9434765919, 4010232137, 9876543210))


@pytest.fixture
def study():
    return open_study()


def state(made: ImportRequest) -> str:
    return ImportRequest.objects.get(pk=made.pk).state


def events(made: ImportRequest) -> list[str]:
    return list(Entry.objects.filter(subject=f"import:{made.pk}").order_by("number").values_list("event", flat=True))


def test_each_state_is_reached_and_each_event_has_its_audit_event():
    assert {"submitted", *TRANSITIONS.values()} == set(STATES)
    assert {event for _, event in TRANSITIONS} == set(AUDIT_EVENTS)
    allowed = 0
    for found, event in itertools.product(STATES, AUDIT_EVENTS):
        if (found, event) in TRANSITIONS:
            allowed += 1
            assert follow(found, event) == TRANSITIONS[found, event]
        else:
            with pytest.raises(Refused, match="cannot"):
                follow(found, event)
    assert allowed == len(TRANSITIONS)


def test_no_way_leads_to_placed_but_through_review():
    ways = {before for (before, _), after in TRANSITIONS.items() if after == "placed"}
    assert ways == {"approved"}
    assert {before for (before, _), after in TRANSITIONS.items() if after == "approved"} == {"in_review"}


@pytest.mark.parametrize(
    ("choices", "decided"),
    [
        ([], None),
        (["approve"], None),
        (["approve", "approve"], "approve"),
        (["reject"], "reject"),
        (["approve", "reject"], "reject"),
    ],
)
def test_two_approve_and_one_refuses(choices, decided):
    assert outcome(choices) == decided


def test_licence_and_provenance_are_told():
    check_told("CC0-1.0", "From the office.", ("CC0-1.0",))
    with pytest.raises(Refused, match="licence"):
        check_told("Mine", "From the office.", ("CC0-1.0",))
    with pytest.raises(Refused, match="where the files are from"):
        check_told("CC0-1.0", "internet", ("CC0-1.0",))


FOUND = Inspection("a" * 64, "csv", 10, "pass", (), None, "acro", ())


def test_a_kind_that_is_not_listed_blocks_and_so_does_malware():
    policy = import_policy()
    assert check(FOUND, Scanned("clamd"), policy).remarks == ()
    assert check(replace(FOUND, type="pickle"), Scanned("clamd"), policy).blocks
    assert check(FOUND, Scanned("clamd", "Eicar"), policy).remarks == (Remark("malware", "clamd found Eicar", True),)


def test_without_a_scanner_the_policy_says_whether_that_blocks():
    policy = import_policy()
    assert not check(FOUND, NOBODY, policy).blocks
    assert check(FOUND, NOBODY, policy).remarks[0].words == "No malware scanner has looked at it"
    assert check(FOUND, NOBODY, replace(policy, scan_required=True)).blocks


def test_what_was_checked_is_kept_as_json():
    told = Checked("a" * 64, "csv", "clamd", (Remark("kind", "No.", True),))
    assert Checked.from_json(json.loads(json.dumps(told.to_json()))) == told
    for wrong in ({}, {"remarks": [3]}, {"remarks": [], "more": 1}):
        with pytest.raises(ValueError, match="not what checks wrote"):
            Checked.from_json(wrong)


@pytest.mark.parametrize("text", ["", "kinds: [csv]", "kinds: [csv]\nlimits: {files: 0, megabytes: 1}"])
def test_a_policy_that_is_not_whole_stops_it(tmp_path, text):
    path = tmp_path / "imports.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError, match="import policy cannot be read"):
        import_policy(path)


@django
def test_a_list_of_codes_comes_all_the_way_in_read_only(study):
    made = placed(study)
    assert (made.state, made.version) == ("placed", 1)
    folder = load().path("projects", "frailty", "imports", "1")
    assert (folder / "codes.csv").read_bytes() == CODES
    assert [oct(path.stat().st_mode & 0o777) for path in (folder, folder / "codes.csv")] == ["0o550", "0o440"]
    assert events(made) == [
        "imports.submitted", "imports.passed_to_review", "imports.reviewed", "imports.reviewed", "imports.approved",
        "imports.placed",
    ]  # fmt: skip


@django
def test_the_next_import_is_the_next_version_and_the_first_stays(study):
    first, second = placed(study), placed(study, ("codes.csv", CODES + b"C3,Three\n"), by=("dan", "mia"))
    assert (first.version, second.version) == (1, 2)
    folder = load().path("projects", "frailty", "imports")
    assert sorted(path.name for path in folder.iterdir()) == ["1", "2"]
    assert (folder / "1" / "codes.csv").read_bytes() == CODES


@django
def test_the_same_files_asked_for_again_are_the_same_import(study):
    assert ask(study) == ask(study)
    assert ImportRequest.objects.count() == 1


@django
@pytest.mark.parametrize(
    ("files", "told"),
    [
        ([], "at least one file"),
        ([("../codes.csv", CODES)], "letters, digits"),
        ([("a\0.csv", CODES)], "letters, digits"),
        ([(f"{n}.csv", CODES) for n in range(21)], "20 files"),
    ],
)
def test_names_and_numbers_are_bounded(study, files, told):
    uploads = [Upload(name, [content]) for name, content in files]
    with pytest.raises(Refused, match=told):
        services.submit(as_seen_now("ann"), study, "CC0-1.0", "From the office.", uploads)


@django
def test_a_pickle_is_blocked_whatever_its_name(study):
    made = checked(study, ("codes.csv", pickle.dumps({"a": 1})))
    assert made.state == "blocked"
    assert "may not come in" in made.files.get().checked().remarks[0].words


@django
def test_malware_is_blocked(study, tmp_path, monkeypatch):
    with clamd(tmp_path) as scanner:
        settings = load().model_copy(update={"clamd": scanner.address})
        monkeypatch.setattr(jobs, "load", lambda: settings)
        made = checked(study, ("codes.csv", CODES), ("note.txt", EICAR))
    assert made.state == "blocked"
    assert [file.checked().blocks for file in made.files.all()] == [False, True]
    entry = Entry.objects.get(event="imports.blocked")
    assert {each["scanned_by"] for each in entry.data["files"]} == {"clamd"}


@django
def test_persons_are_told_without_their_values_and_do_not_block(study):
    made = checked(study, ("people.csv", NHS))
    assert made.state == "in_review"
    told = json.dumps(made.files.get().checks)
    assert "identifier" in told
    for value in ("Hughes", "9434765919", "Margaret"):
        assert value not in told


@django
def test_one_refusal_refuses_and_needs_its_reason(study):
    made = checked(study)
    with pytest.raises(Refused, match="needs its reason"):
        say(made, "cat", "reject", " ")
    say(made, "cat", "reject", "Not for this purpose.")
    assert state(made) == "rejected"
    with pytest.raises(Refused, match="review import"):
        say(made, "dan")


@django
def test_its_author_takes_it_back_and_asks_anew(study):
    made = checked(study)
    with pytest.raises(Refused, match="withdraw import"):
        services.withdraw(made.pk, as_seen_now("bob"))
    services.withdraw(made.pk, as_seen_now("ann"))
    assert state(made) == "withdrawn"
    assert ask(study).pk != made.pk
    with pytest.raises(Refused, match="no such import"):
        services.withdraw(999, as_seen_now("ann"))


@django
def test_withdrawn_while_it_is_checked_it_stays_withdrawn(study, monkeypatch):
    made = ask(study)
    check_one = jobs._check

    def meanwhile(file: object) -> None:
        check_one(file)
        services.withdraw(made.pk, as_seen_now("ann"))

    monkeypatch.setattr(jobs, "_check", meanwhile)
    work()
    assert state(made) == "withdrawn"
    jobs.check_import({"import": made.pk})
    assert state(made) == "withdrawn"
