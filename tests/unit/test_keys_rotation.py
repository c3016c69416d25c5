"""`tre keys rotate`: audited, and nothing else changes."""

from __future__ import annotations

import pytest

from tre.audit.models import Entry
from tre.cli import main
from tre.keys import custody as room
from tre.keys import services
from tre.keys.custody import FileKeystore

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def store(monkeypatch, tmp_path):
    made = FileKeystore(tmp_path / "keys")
    monkeypatch.setattr(services, "custody", lambda: made)
    monkeypatch.setattr(room, "custody", lambda: made)
    return made


def test_a_rotation_is_told_and_in_the_audit_log(store, capsys):
    before = store.derive("warehouse-pseudonym")
    assert main(["keys", "rotate", "warehouse-pseudonym"]) == 0
    told = capsys.readouterr().out
    assert "2" in told
    entry = Entry.objects.get(event="keys.rotated")
    assert (entry.actor, entry.subject, entry.data) == ("operator", "key:warehouse-pseudonym", {"generation": 2})
    after = store.derive("warehouse-pseudonym")
    assert after != before
    for secret in (before, after):
        assert secret.hex() not in told + str(entry.data)


def test_a_key_that_must_stay_is_refused_with_one_sentence_and_no_entry(store, capsys):
    assert main(["keys", "rotate", "audit-checkpoint"]) == 2
    assert "cannot be rotated" in capsys.readouterr().err
    assert not Entry.objects.exists()


def test_a_generation_s_file_is_its_owner_s_alone_and_a_lost_one_is_not_made_anew(store, tmp_path):
    store.rotate("project-pseudonym")
    kept = tmp_path / "keys" / "project-pseudonym.2.key"
    assert kept.stat().st_mode & 0o077 == 0
    store.rotate("project-pseudonym")
    kept.unlink()
    with pytest.raises(room.KeyCustodyError, match="missing"):
        store.derive("project-pseudonym", generation=2)
    assert not kept.exists()
