"""An insider with the database and the checkpoints' store, and without the key: whatever they do is told in a sentence.

Each attack is done whole, as somebody who knows the product would: hashes are written anew, the kept tree and the
hashes for proofs fit, triggers are put back where nothing else is said.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from django.db import connection, transaction

from tests.audit import keep_checkpoints_in
from tests.insider import as_an_insider, rewrite_log, without_triggers
from tre import cli
from tre.audit.checkpoints import kept_sizes, write_checkpoint
from tre.audit.domain import MerkleTree
from tre.audit.models import Entry, Head, Subtree
from tre.audit.services import record, verify

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    return keep_checkpoints_in(tmp_path / "audit", monkeypatch)


def write(count: int) -> None:
    with transaction.atomic():
        for number in range(count):
            record("test.happened", actor="alice", subject=f"thing:{number}", data={"n": number})


@pytest.fixture
def log(folder, tmp_path):
    """Checkpoints over 71 and 91 entries, and what an auditor keeps: the proof of entry 60, made today."""
    write(70)
    write_checkpoint()
    write(20)
    write_checkpoint()
    assert kept_sizes() == [71, 91]
    kept = tmp_path / "kept by the auditor.json"
    assert cli.main(["audit", "prove", "60", "--out", str(kept)]) == 0
    return kept


def told(capsys, *words: object) -> str:
    """Return the one sentence that a verification fails with, or nothing."""
    capsys.readouterr()
    code = cli.main(["audit", "verify", *map(str, words)])
    said = capsys.readouterr().err
    assert bool(code) == bool(said)
    assert said.count("\n") <= 1
    assert "Traceback" not in said
    return said


def cut(last: int) -> None:
    """Cut the log off after an entry, with everything that is kept over it."""
    as_an_insider(f"DELETE FROM audit_entry WHERE number > {last}")
    Subtree.objects.filter(end__gt=last).delete()
    tree = MerkleTree()
    for leaf in Entry.objects.order_by("number").values_list("leaf", flat=True):
        tree.append(bytes.fromhex(leaf))
    Head.objects.update(size=tree.size, subtrees=tree.to_text())
    assert verify().entries == last


def forge(entry: Entry) -> None:
    if entry.number == 60:
        entry.actor = "mallory"


def test_nothing_done_is_nothing_told(log, capsys):
    assert told(capsys, "--since", log) == ""


def test_history_that_was_rewritten(log, capsys):
    rewrite_log(forge)
    assert verify().entries == 91
    assert "rewritten (audit entry 71)" in told(capsys)
    assert "(audit entry 72)" in told(capsys, "--from", 80)  # it does not follow what the checkpoint before covers
    assert cli.main(["audit", "prove", "60"]) == 1
    assert "not in the log that was signed" in capsys.readouterr().err


def test_history_that_was_rewritten_and_its_checkpoints_thrown_away(log, folder, capsys):
    rewrite_log(forge)
    shutil.rmtree(folder)
    assert "no checkpoint" in told(capsys)
    write_checkpoint()  # the platform is started again, and signs what it finds
    assert told(capsys) == ""
    assert Entry.objects.filter(event="audit.checkpoints_began").count() == 2
    assert "does not continue the earlier one" in told(capsys, "--since", log)


def test_history_that_was_rewritten_and_a_checkpoint_with_its_root_laid_there(log, folder, capsys):
    rewrite_log(forge)
    path = folder / "checkpoint-000000000071.json"
    kept, tree = json.loads(path.read_text()), MerkleTree()
    for leaf in Entry.objects.filter(number__lte=71).order_by("number").values_list("leaf", flat=True):
        tree.append(bytes.fromhex(leaf))
    said = {**json.loads(kept["body"]), "root": tree.root().hex(), "subtrees": tree.to_text()}
    path.write_text(json.dumps({**kept, "body": json.dumps(said, sort_keys=True)}))
    assert "signature is wrong" in told(capsys)


def test_a_log_that_was_cut_off(log, capsys):
    cut(80)
    assert "missing (audit entry 81)" in told(capsys)
    assert "missing (audit entry 81)" in told(capsys, "--from", 75)


def test_a_log_that_was_set_back_with_its_checkpoints(log, folder, capsys):
    """All that is left is right, and the key signed it: only what was kept elsewhere tells."""
    cut(71)
    (folder / "checkpoint-000000000091.json").unlink()
    assert told(capsys) == ""
    assert "cut short" in told(capsys, "--since", log)


@pytest.mark.parametrize("more", [10, 20, 40])
def test_a_log_that_was_forked(log, folder, capsys, more):
    """Set back with its checkpoints, and the platform went on from there: it signs a second history."""
    cut(71)
    (folder / "checkpoint-000000000091.json").unlink()
    write(more)
    write_checkpoint()
    assert told(capsys) == ""
    said = {10: "cut short", 20: "not the same", 40: "does not continue the earlier one"}
    assert said[more] in told(capsys, "--since", log)


def test_two_forks_in_one_store(log, folder, capsys):
    """What was signed of the first history is put back beside the second."""
    kept = (folder / "checkpoint-000000000091.json").read_text()
    cut(71)
    (folder / "checkpoint-000000000091.json").unlink()
    write(30)
    write_checkpoint()
    (folder / "checkpoint-000000000091.json").write_text(kept)
    assert "rewritten (audit entry 91)" in told(capsys)


@pytest.mark.parametrize("name", ["checkpoint-000000000091.json", "checkpoint-000000000099.json"])
def test_an_old_checkpoint_that_was_replayed_as_the_newest(log, folder, capsys, name):
    shutil.copy(folder / "checkpoint-000000000071.json", folder / name)
    assert "another's name" in told(capsys)


def test_an_old_checkpoint_that_was_left_as_the_newest(log, folder, capsys, monkeypatch):
    (folder / "checkpoint-000000000091.json").unlink()
    monkeypatch.setattr("tre.audit.domain.MOST_LEFT_OUT", 10)
    assert "too old for what came after" in told(capsys)
    assert "cut short" in told(capsys, "--since", log, "--to", 71)


def test_two_entries_that_were_swapped(log, capsys):
    """Each with all that it says; first their rows alone, then with every hash after them."""
    rows = {number: Entry.objects.get(number=number) for number in (40, 50)}
    with without_triggers():
        for number, other in ((40, rows[50]), (50, rows[40])):
            said = {name: getattr(other, name) for name in ("at", "event", "actor", "subject", "data", "leaf")}
            Entry.objects.filter(number=number).update(**said)
    assert "(audit entry 40)" in told(capsys)
    rewrite_log()
    assert verify().entries == 91
    assert "rewritten (audit entry 71)" in told(capsys)


@pytest.mark.parametrize("number", [40, 91])
def test_an_entry_that_was_put_in_between(log, capsys, number):
    as_an_insider(f"UPDATE audit_entry SET number = -number WHERE number >= {number}")
    as_an_insider("UPDATE audit_entry SET number = 1 - number WHERE number < 0")
    before = Entry.objects.get(number=number - 1)
    before.number, before.actor = number, "mallory"
    before.save(force_insert=True)
    rewrite_log()
    assert verify().entries == 92
    assert "rewritten" in told(capsys)


def test_triggers_that_were_taken_away(log, capsys):
    with without_triggers():
        assert "no longer refuses to change the log" in told(capsys)
    assert told(capsys) == ""


def test_triggers_that_refuse_nothing_any_more(log, capsys):
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT sql FROM sqlite_master WHERE name = 'audit_entry_no_update'")
            (whole,) = cursor.fetchone()
            hollow = whole.replace("BEFORE UPDATE ON audit_entry", "BEFORE UPDATE ON audit_entry WHEN 1 = 0")
            change = ["DROP TRIGGER audit_entry_no_update"]
            undo = [*change, whole]
        else:
            cursor.execute("SELECT pg_get_functiondef('audit_append_only'::regproc)")
            (whole,) = cursor.fetchone()
            change, hollow = [], whole.replace("BEGIN RAISE", "BEGIN RETURN NEW; RAISE")
            undo = [whole]
        for statement in (*change, hollow):
            cursor.execute(statement)
        try:
            assert "no longer refuses to change the log" in told(capsys)
        finally:
            for statement in undo:
                cursor.execute(statement)
    assert told(capsys) == ""


def test_a_kept_proof_that_was_altered_is_no_reason_to_accuse(log, capsys):
    """Who shows a false earlier checkpoint is told so."""
    kept = json.loads(Path(log).read_text())
    kept["checkpoint"]["body"] = kept["checkpoint"]["body"].replace('"entries": 91', '"entries": 90')
    Path(log).write_text(json.dumps(kept))
    assert "signature is wrong" in told(capsys, "--since", log)
