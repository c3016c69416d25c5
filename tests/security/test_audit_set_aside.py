"""Checkpoints that are newer than a restored database: set aside by a verb that hides nothing, since the log tells."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.audit import keep_checkpoints_in
from tests.insider import rewrite_log
from tests.security.test_audit_insider import cut, forge, told, write
from tre import cli
from tre.audit import setting_aside
from tre.audit.checkpoints import kept_sizes, read_checkpoint, write_checkpoint
from tre.audit.errors import AuditBroken, CheckpointsUnwritable
from tre.audit.models import Entry
from tre.audit.setting_aside import EVENT, set_aside
from tre.config.options import load
from tre.errors import Refused
from tre.supervisor import only_one

pytestmark = pytest.mark.django_db(transaction=True)
WHY = "The disk was lost; the auditor knows."


@pytest.fixture
def folder(tmp_path, monkeypatch):
    return keep_checkpoints_in(tmp_path / "audit", monkeypatch)


@pytest.fixture
def signed(folder) -> dict[int, str]:
    """Checkpoints over 71, 91 and 96 entries, and the root of each; then the database is restored as of entry 75."""
    for count in (70, 20, 5):
        write(count)
        write_checkpoint()
    roots = {size: read_checkpoint(folder / f"checkpoint-{size:012d}.json").root for size in kept_sizes()}
    assert sorted(roots) == [71, 91, 96]
    cut(75)
    return roots


def asked(*words: str) -> int:
    return cli.main(["audit", "set-aside", *words])


def test_what_a_restored_database_is_older_than_is_set_aside_and_the_log_tells_of_it(signed, folder, capsys):
    assert "missing (audit entry 76)" in told(capsys)
    assert asked("--reason", WHY) == 0
    said = capsys.readouterr().out
    assert "2 checkpoints set aside, over up to 96 entries" in said
    assert "Entry 76" in said
    entry = Entry.objects.get(event=EVENT)
    assert (entry.number, entry.actor, entry.data["reason"], entry.data["covered"]) == (76, "console", WHY, 71)
    assert {each["entries"]: each["root"] for each in entry.data["set_aside"]} == {n: signed[n] for n in (91, 96)}
    assert {path.name for path in (folder / "set-aside-76").iterdir()} == {
        "checkpoint-000000000091.json", "checkpoint-000000000096.json",
    }  # fmt: skip
    assert kept_sizes() == [71, 76]
    assert told(capsys) == ""


def test_the_log_goes_on_past_what_was_set_aside(signed, folder, capsys):
    set_aside(WHY, "console")
    write(20)
    write_checkpoint()
    assert kept_sizes() == [71, 76, 96]
    assert read_checkpoint(folder / "checkpoint-000000000096.json").root != signed[96]
    assert told(capsys) == ""
    assert told(capsys, "--since", folder / "checkpoint-000000000071.json") == ""


def test_what_an_auditor_kept_still_tells_that_the_log_was_set_back(signed, folder, capsys):
    set_aside(WHY, "console")
    assert "cut short" in told(capsys, "--since", folder / "set-aside-76" / "checkpoint-000000000096.json")


def rewritten(folder: Path) -> None:
    rewrite_log(forge)


def unsigned(folder: Path) -> None:
    path = folder / "checkpoint-000000000091.json"
    path.write_text(path.read_text().replace("71", "72").replace('"signature": "', '"signature": "00'))


@pytest.mark.parametrize("harm", [rewritten, unsigned])
def test_what_no_restore_explains_is_not_set_aside(signed, folder, harm: Callable[[Path], None]):
    harm(folder)
    with pytest.raises(AuditBroken):
        set_aside(WHY, "console")
    assert kept_sizes() == [71, 91, 96]
    assert not Entry.objects.filter(event=EVENT).exists()


def test_a_log_that_is_not_cut_short_sets_nothing_aside(folder):
    write(3)
    write_checkpoint()
    rewrite_log(lambda entry: setattr(entry, "actor", "mallory"))
    with pytest.raises(Refused, match="No checkpoint covers more"):
        set_aside(WHY, "console")
    assert kept_sizes() == [4]


def test_without_a_reason_or_a_log_nothing_is_set_aside(signed, capsys):
    with pytest.raises(SystemExit):
        asked()
    assert asked("--reason", " ") == 3
    assert "needs a reason" in capsys.readouterr().err
    cut(0)
    assert asked("--reason", WHY) == 3
    assert "The log is empty" in capsys.readouterr().err
    assert kept_sizes() == [71, 91, 96]


def test_while_the_platform_runs_nothing_is_set_aside(signed, capsys):
    with only_one(load().home):
        assert asked("--reason", WHY) == 3
    assert kept_sizes() == [71, 91, 96]


def test_cut_off_before_the_files_moved_the_same_call_goes_on(signed, folder, monkeypatch):
    with monkeypatch.context() as dying:
        dying.setattr(setting_aside, "_move", lambda *told: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            set_aside(WHY, "console")
    assert kept_sizes() == [71, 91, 96]
    assert set_aside(WHY, "console").checkpoints == 2
    assert Entry.objects.filter(event=EVENT).count() == 1
    assert kept_sizes() == [71, 76]


def test_files_that_cannot_be_moved_are_told_in_a_sentence(signed, folder):
    (folder / "set-aside-76").write_text("in the way")
    with pytest.raises(CheckpointsUnwritable, match="cannot be moved"):
        set_aside(WHY, "console")


def test_an_old_checkpoint_that_is_laid_back_takes_none_of_the_new_with_it(signed, folder):
    set_aside(WHY, "console")
    write(14)
    write_checkpoint()  # over 90
    write(1)
    write_checkpoint()  # over 91, of which one was set aside
    shutil.copy(folder / "set-aside-76" / "checkpoint-000000000096.json", folder)
    set_aside(WHY, "console")
    assert kept_sizes() == [71, 76, 90, 91]
    assert read_checkpoint(folder / "checkpoint-000000000091.json").root != signed[91]


def test_who_writes_meanwhile_stops_it(signed, folder, monkeypatch):
    whole = setting_aside._held

    def meanwhile(*told):
        tree = whole(*told)
        write(1)
        return tree

    monkeypatch.setattr(setting_aside, "_held", meanwhile)
    with pytest.raises(Refused, match="meanwhile"):
        set_aside(WHY, "console")
    assert kept_sizes() == [71, 91, 96]
    assert not Entry.objects.filter(event=EVENT).exists()
