"""The first part of each file on a request's page: as its reader would see it, read together once, and kept."""

from __future__ import annotations

import io
import json
import shutil

import pytest
from PIL import Image

from tests.airlock import inspected, open_study, quick_inspection, submit, vote, work
from tests.factories import as_seen_now
from tests.unit.test_pages import browser
from tre.airlock import openings as kept
from tre.airlock.models import AttackReport, Request
from tre.airlock.openings import LINES, ROWS, opening, openings
from tre.airlock.storage import StorageBroken, storage
from tre.api.told.requests import RequestTold
from tre.config.options import load
from tre.disclosure.model import Hit
from tre.disclosure.policy import load_policy
from tre.disclosure.showing import Heading, Page, Shown
from tre.privacy import services as ledger
from tre.projects.models import Extract

pytestmark = pytest.mark.django_db
MANY = b"n,square\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(300))


@pytest.fixture
def study(monkeypatch):
    quick_inspection(monkeypatch)
    monkeypatch.setattr("tre.airlock.attacks._models", lambda request: {})  # nobody attacks a model that is none
    return open_study()


def frozen(content: bytes) -> str:
    return storage().freeze([content], 10**6).sha256


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "navy").save(out, "PNG")
    return out.getvalue()


def page(who: str, made: Request) -> str:
    return browser(who).get(f"/airlock/{made.pk}/").content.decode()


def test_it_is_cut_to_what_a_page_of_many_has_room_for(study):
    found = openings([(frozen(MANY), "many.csv"), (frozen(b"x = 1\n" * 90), "code.py")])
    table, code = found.values()
    assert (len(table.page.rows), table.page.more, table.sections[0].size) == (ROWS, True, 300)
    assert (len(code.page.lines), code.page.more, code.sections[0].kind) == (LINES, True, "code")


def test_what_was_read_once_is_kept(study, monkeypatch):
    files = [(frozen(MANY), "many.csv"), (frozen(b"a\n"), "a.txt")]
    first = openings(files)
    monkeypatch.setattr(kept, "show_together", lambda *told: pytest.fail("it is read again"))
    assert openings(files) == first
    (place,) = load().path("airlock", "openings").rglob(f"{files[0][0]}.csv")
    assert place.stat().st_mode & 0o077 == 0


def test_what_was_kept_and_is_broken_is_read_again(study):
    files = [(frozen(MANY), "many.csv")]
    first = openings(files)
    (place,) = load().path("airlock", "openings").rglob("*.csv")
    for broken in ("", "[]", '{"type": 1}'):
        place.write_text(broken)
        assert openings(files) == first


def test_a_page_waits_no_longer_than_it_may(study, monkeypatch):
    monkeypatch.setattr(kept, "SECONDS", 0.0)
    assert openings([(frozen(MANY), "many.csv")]) == {}


def test_an_altered_file_is_not_shown(study):
    sha256 = frozen(MANY)
    place = storage().path(sha256)
    place.chmod(0o600)
    place.write_bytes(MANY + b"1,1\n")
    with pytest.raises(StorageBroken):
        openings([(sha256, "many.csv")])


def test_a_full_disk_keeps_nothing_and_shows_all_the_same(study, monkeypatch):
    monkeypatch.setattr(kept, "_place", lambda *told: load().path("airlock", "objects", "no", "such", "x" * 300))
    assert openings([(frozen(MANY), "many.csv")])


def test_findings_are_marked_in_it():
    shown = Shown("csv", (Heading("", "table", 2),), Page(names=("a",), rows=(("1",), ("2",))))
    finding = load_policy().explain(Hit("small-count", "cell", "", row=2, column="a"))
    found = opening(shown, "/drawing?", [finding], "file-7-finding-")
    assert [cells[0].findings for _, cells in found.marked.rows] == [(), (1,)]
    assert not found.more
    assert opening(Shown("csv", why="It cannot be shown."), "").heading is None


def test_the_page_of_a_request_shows_tables_code_and_pictures(study):
    made = inspected(study, ("many.csv", MANY), ("code.py", b"if x:\n    y = 1\n"), ("plot.png", picture()))
    told = page("cat", made)
    assert "Look through all of many.csv" in told
    assert '<span class="tre-code--k">if</span>' in told
    file = made.files.get(name="plot.png")
    where = f"/airlock/{made.pk}/files/{file.pk}/drawing"
    assert f'src="{where}?section=0"' in told
    sent = browser("cat").get(f"{where}?section=0")
    assert sent["Content-Type"] == "image/png"
    assert "sandbox" in sent["Content-Security-Policy"]
    assert browser("cat").get(f"{where}?picture=3").status_code == 404


def test_nothing_is_shown_before_it_was_inspected(study):
    made = submit(study, ("many.csv", MANY))
    assert "Look through many.csv" in page("ann", made)
    assert not load().path("airlock", "openings").exists()


CARD = {
    "purpose": "Who is likely to fall.", "target": "fell", "privacy_unit": "one person", "code_hash": "ab" * 32,
    "features": ["age", "sex"], "figures": {"auroc": 0.81}, "limits": ["Not for one person."], "epsilon": 1.0,
    "groups": {"groups": {"sex": {"1": {"auroc": 0.8}}}},
}  # fmt: skip


def model(study, *, card: bytes | None = None, epsilon: float = 1.0, version: str = "frailty, extract 1") -> Request:
    training = {"epsilon": epsilon, "delta": 1e-6, "data_version": version, "spec": {}}
    files = {
        "m/model.json": json.dumps(training).encode(), "m/weights.safetensors": b"weights",
        "m/card.json": json.dumps(CARD).encode() if card is None else card, "m/card.md": b"# Model card\n",
    }  # fmt: skip
    return inspected(study, *files.items())


def test_a_model_is_shown_with_its_card_and_its_data(study):
    Extract.objects.create(project=study, number=1, asked_by="mia", ready=True)
    told = page("cat", model(study))
    for words in ("Model m", "Epsilon 1.0, delta 1e-06", "Who is likely to fall.", "age, sex", "0.81"):
        assert words in told
    assert "Not for one person." in told
    assert "By sex: 1" in told
    assert "frailty, extract 1, which is in use" in told
    assert "Not signed yet." in told
    assert "None was made yet." in told


def test_what_the_ledger_says_of_a_model_is_shown_before_and_after_it_is_paid_for(study, monkeypatch):
    made = model(study)
    assert "No unused spend of the project covers it" in page("cat", made)
    ann = as_seen_now("ann")
    for amount in (0.5, 2):
        spend = ledger.reserve(study, epsilon=amount, delta=1e-6, purpose="m", actor=ann, once=str(amount))
        ledger.commit(study, spend.pk, ann)
    assert f"Spend {spend.pk}, epsilon 2 and delta 1e-06, is committed" in page("cat", made)
    registered = {"name": "frailty-m", "version": 3, "alias": "champion", "epsilon": 1.0}
    monkeypatch.setattr("tre.airlock.registry.price", lambda folder: {"epsilon": 1.0, "delta": 1e-6})
    monkeypatch.setattr("tre.airlock.registry.register", lambda *told: registered)
    monkeypatch.setattr("tre.airlock.registry.settle", lambda *told: None)
    for checker in ("cat", "dan"):
        vote(made, checker)
    work()
    told = page("ann", made)
    assert f"Spend {spend.pk}, epsilon 2 and delta 1e-06, paid for it." in told
    assert "registered as frailty-m, version 3." in told


@pytest.mark.parametrize("card", [b"not json", b"[1]", b"[" * 90_000, b"{}", b"\xff" * 300_000])
def test_a_card_that_is_none_is_said_to_be_so(study, card):
    assert "not JSON that can be shown here" in page("cat", model(study, card=card))


@pytest.mark.parametrize("epsilon", [float("inf"), float("nan"), -1e300, 1e300, "much", [1], None])
def test_a_model_that_says_no_amount_is_not_paid_for(study, epsilon):
    told = page("cat", model(study, epsilon=epsilon, version="<b>asthma, extract 1"))
    assert "No unused spend of the project covers it" in told
    assert "&lt;b&gt;asthma, extract 1: no extract of this project" in told


def test_what_attacks_on_a_model_found_is_shown(study):
    made = model(study)
    assert "None was made yet." in page("cat", made)
    each = {"attack": "membership", "tried": "Guess who was in.", "level": "leaks", "words": "It got 0.91 of 1."}
    report = {"level": "leaks", "words": "The model gives away people.", "attacks": [each]}
    AttackReport.objects.create(file=made.files.get(name="m/weights.safetensors"), report=report)
    told = page("cat", made)
    for words in ("The model gives away people.", "Membership: leaks", "Guess who was in. It got 0.91 of 1."):
        assert words in told
    (by_call,) = RequestTold.seen(made, as_seen_now("cat")).models
    assert (by_call.attack, by_call.groups) == (report, {"By sex: 1": "auroc 0.8"})
    assert RequestTold.seen(made, as_seen_now("ann")).models == []


def test_the_same_bytes_in_another_request_are_told_to_a_program_too(study):
    first = inspected(study, ("many.csv", MANY))
    for checker in ("cat", "dan"):
        vote(first, checker, "reject", "Too many.")
    second = inspected(study, ("again.csv", MANY))
    (told,) = RequestTold.seen(second, as_seen_now("cat")).earlier
    assert (told.request, told.state, told.votes) == (first.pk, "rejected", ["reject", "reject"])
    assert told.comments == ["Too many.", "Too many."]
    assert RequestTold.seen(second, as_seen_now("ann")).earlier == []


def test_an_import_is_shown_likewise(study):
    from tests.imports import checked

    shutil.rmtree(load().path("airlock", "openings"), ignore_errors=True)
    made = checked(study, ("codes.csv", MANY), ("plot.png", picture()))
    file = made.files.get(name="plot.png")
    told = browser("cat").get(f"/imports/{made.pk}/").content.decode()
    where = f"/imports/{made.pk}/files/{file.pk}/drawing"
    assert "Only the beginning is shown." in told
    assert f'src="{where}?section=0"' in told
    assert browser("cat").get(where)["Content-Type"] == "image/png"
    table = made.files.get(name="codes.csv")
    assert browser("cat").get(where.replace(str(file.pk), str(table.pk))).status_code == 404
    file.checks["remarks"] = [{"check": "malware", "words": "It is.", "blocks": True}]
    file.save()
    assert browser("cat").get(where).status_code == 404
    assert where not in browser("cat").get(f"/imports/{made.pk}/").content.decode()
