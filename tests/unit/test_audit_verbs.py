"""The log's verbs: proofs that a third party checks, ranges, and exports whose every line is what was hashed."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from django.db import transaction

from tests.audit import keep_checkpoints_in
from tests.insider import as_an_insider
from tre import cli
from tre.audit import checkpoints
from tre.audit.checkpoints import checkpoint_over, public_key, write_checkpoint
from tre.audit.domain import KEPT_EVERY, leaf_hash, root_of
from tre.audit.models import Entry, Head, Subtree
from tre.audit.services import record
from tre.config.options import REPOSITORY

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    return keep_checkpoints_in(tmp_path / "audit", monkeypatch)


def write(count: int) -> None:
    with transaction.atomic():
        for number in range(count):
            record("test.happened", actor="zoë", subject=f"thing:{number}", data={"said": "one\nline", "n": number})


def tre(*words: object) -> int:
    return cli.main(["audit", *map(str, words)])


@pytest.fixture
def log():
    """Two checkpoints, over 101 and 171 entries, and three entries after them; some subtrees are kept."""
    write(100)
    write_checkpoint()
    write(70)
    write_checkpoint()
    write(3)
    assert Head.objects.get().size == 174
    assert Subtree.objects.count() == 174 // KEPT_EVERY


def test_a_proof_is_checked_where_there_is_nothing_but_the_proof(log, tmp_path, capsys):
    assert tre("prove", 57, "--out", tmp_path / "proof.json") == 0
    assert tre("key") == 0
    key = capsys.readouterr().out.strip()
    code = "import sys; from tre.cli import main; done = main(sys.argv[1:]); sys.exit(done or 'django' in sys.modules)"
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "nothing"), "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", code, "audit", "check", "proof.json", "--key", key]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Entry 57 (test.happened by zoë" in done.stdout
    assert "log of 171 entries" in done.stdout


def test_of_every_entry_that_is_covered_there_is_a_proof(log, tmp_path, capsys):
    for number in range(1, 172):
        assert tre("prove", number, "--out", tmp_path / "proof.json") == 0
        assert tre("check", tmp_path / "proof.json", "--key", public_key()) == 0
    assert "compare it" not in capsys.readouterr().out
    assert tre("check", tmp_path / "proof.json") == 0
    assert "compare it" in capsys.readouterr().out


def test_a_proof_costs_a_few_reads_however_long_the_log(log, tmp_path, django_assert_max_num_queries):
    with django_assert_max_num_queries(8):
        tre("prove", 57, "--out", tmp_path / "proof.json")
    Subtree.objects.all().delete()  # they only save work
    assert tre("prove", 57, "--out", tmp_path / "proof.json") == 0


def test_any_bit_of_a_proof_that_is_turned_is_told(log, tmp_path, capsys):
    assert tre("prove", 57, "--since", checkpoints.newest_path(), "--out", tmp_path / "proof.json") == 0
    whole = (tmp_path / "proof.json").read_bytes()
    wrong = 0
    for place in range(0, len(whole), 3):
        changed = bytearray(whole)
        changed[place] ^= 1 << place % 7
        (tmp_path / "changed.json").write_bytes(changed)
        code = tre("check", tmp_path / "changed.json", "--key", public_key())
        wrong += code
        told = capsys.readouterr().err
        if code == 0:
            assert json.loads(changed) == json.loads(whole)  # white space alone
        else:
            assert told.count("\n") == 1
    assert wrong > len(whole) // 4


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no proof"), ("[]", "no proof"), ("{}", "no proof"), ('{"format": "tre-audit-proof/1"}', "no proof"),
        ("[" * 100_000, "no proof"), ('{"format": "tre-audit-proof/1", "key": "00", "checkpoint": 7}', "no proof"),
    ],
)  # fmt: skip
def test_what_is_no_proof_is_told_in_a_sentence(text, told, tmp_path, capsys):
    (tmp_path / "proof.json").write_text(text)
    assert tre("check", tmp_path / "proof.json") == 1
    assert told in capsys.readouterr().err
    assert tre("check", tmp_path / "nothing.json") == 1
    assert "cannot be read" in capsys.readouterr().err


def test_a_proof_under_another_key_is_told(log, tmp_path, capsys):
    tre("prove", 57, "--out", tmp_path / "proof.json")
    assert tre("check", tmp_path / "proof.json", "--key", "00" * 32) == 1
    assert "another key than the one that you named" in capsys.readouterr().err


@pytest.mark.parametrize(("number", "told"), [(0, "no such"), (175, "no such"), (174, "covers this entry yet")])
def test_what_cannot_be_proved_is_refused(log, number, told, capsys):
    assert tre("prove", number) == 3
    assert told in capsys.readouterr().err


def test_an_altered_entry_or_kept_hash_is_not_proved(log, capsys):
    as_an_insider("UPDATE audit_entry SET actor = 'mallory' WHERE number = 57")
    assert tre("prove", 57) == 1
    assert "not in the log that was signed" in capsys.readouterr().err
    Subtree.objects.filter(end=64).update(root="00" * 32)
    assert tre("prove", 70) == 1
    assert tre("verify", "--from", 60) == 1
    assert "first" not in capsys.readouterr().out


def test_an_altered_kept_hash_is_told_by_a_verification(log, capsys):
    Subtree.objects.filter(end=64).update(root="00" * 32)
    assert tre("verify") == 1
    assert "kept for proofs" in capsys.readouterr().err


def test_a_proof_says_that_the_log_continues_an_earlier_one(log, folder, tmp_path, capsys):
    early = folder / "checkpoint-000000000101.json"
    assert tre("prove", 150, "--since", early, "--out", tmp_path / "proof.json") == 0
    assert tre("check", tmp_path / "proof.json", "--key", public_key()) == 0
    assert "continues, unchanged, the one of 101 entries" in capsys.readouterr().out
    assert tre("verify", "--since", tmp_path / "proof.json") == 0
    assert "171 entries that" in capsys.readouterr().out
    (tmp_path / "proof.json").write_text("{}")
    assert tre("verify", "--since", tmp_path / "proof.json") == 1
    assert "neither a checkpoint nor a proof" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ((), "174 entries verified"),
        (("--to", 50), "Entries 1 to 50 verified, in the log of 101"),
        (("--from", 110, "--to", 120), "Entries 110 to 120 verified, in the log of 171"),
        (("--from", 172), "Entries 172 to 174 verified"),
        (("--from", 174, "--to", 174), "Entries 174 to 174 verified"),
    ],
)
def test_a_range_is_verified_between_the_checkpoints_around_it(log, asked, told, capsys):
    assert tre("verify", *asked) == 0
    assert told in capsys.readouterr().out


@pytest.mark.parametrize(
    ("altered", "asked", "found"),
    [
        (50, ("--to", 20), True), (50, ("--from", 102), False), (50, ("--from", 101), True),
        (120, ("--to", 101), False), (120, ("--from", 130, "--to", 140), True), (173, ("--to", 171), False),
        (173, ("--from", 172), True), (50, (), True),
    ],
)  # fmt: skip
def test_what_a_range_covers_and_nothing_else_is_found(log, altered, asked, found, capsys):
    as_an_insider(f"UPDATE audit_entry SET actor = 'mallory' WHERE number = {altered}")
    assert tre("verify", *asked) == int(found)
    assert (f"(audit entry {altered})" in capsys.readouterr().err) is found


@pytest.mark.parametrize("asked", [("--from", 0), ("--from", 9, "--to", 8), ("--to", 175), ("--from", 175)])
def test_a_range_that_there_is_not_is_refused(log, asked, capsys):
    for verb in ("verify", "export"):
        assert tre(verb, *asked) == 3
        assert capsys.readouterr().err.count("\n") == 1


def test_each_line_of_an_export_is_what_was_hashed(log, tmp_path, capfdbinary):
    assert tre("export", "--to", 171, "--out", tmp_path / "log.ndjson") == 0
    written = (tmp_path / "log.ndjson").read_bytes().splitlines()
    assert root_of(leaf_hash(each) for each in written).hex() == checkpoint_over(171).root
    assert [leaf_hash(each).hex() for each in written] == list(
        Entry.objects.filter(number__lte=171).order_by("number").values_list("leaf", flat=True)
    )
    assert json.loads(written[56])["data"]["said"] == "one\nline"
    assert tre("export", "--from", 57, "--to", 58) == 0
    assert capfdbinary.readouterr().out.splitlines() == written[56:58]


def test_an_export_that_cannot_be_written_is_told(log, tmp_path, capsys):
    assert tre("export", "--out", tmp_path / "nowhere" / "log.ndjson") == 3
    assert "cannot be written" in capsys.readouterr().err


def test_who_reads_only_the_beginning_of_an_export_ends_it_quietly(log):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        program = "import django; django.setup(); from tre.audit.verbs import _write; _write([b'x' * 99999], None)"
        done = subprocess.run(
            [sys.executable, "-c", program], stdout=closed, stderr=subprocess.PIPE, cwd=REPOSITORY, env=os.environ
        )
    assert done.stderr == b""


def test_processes_share_the_work_and_tell_what_comes_first(log, monkeypatch):
    from tre.audit import verification
    from tre.audit.errors import AuditBroken

    monkeypatch.setattr(verification, "STRETCH", 50)
    stretches = list(verification._stretches([0, 10, 60, 70, 101, 171]))
    assert stretches == [[0, 10, 60], [60, 70, 101, 171]]
    assert list(verification._stretches([5])) == []
    as_an_insider("UPDATE audit_entry SET actor = 'mallory' WHERE number IN (57, 120)")
    with pytest.raises(AuditBroken) as broken:
        verification.verify_checkpoints(processes=2)
    assert broken.value.number == 57
