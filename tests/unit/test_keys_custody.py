"""Keys: derived, apart from each other, and kept so that only their owner can read them."""

from __future__ import annotations

import os

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from tre.keys.custody import PURPOSES, FileKeystore, KeyCustodyError


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return FileKeystore(tmp_path_factory.mktemp("keys") / "kept")


def test_the_library_derives_as_rfc_5869_says():
    derived = HKDF(SHA256(), 42, salt=bytes(range(13)), info=bytes(range(0xF0, 0xFA))).derive(b"\x0b" * 22)
    assert derived.hex() == ("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")


@given(
    st.tuples(st.sampled_from(sorted(PURPOSES)), st.text(max_size=20)),
    st.tuples(st.sampled_from(sorted(PURPOSES)), st.text(max_size=20)),
)
def test_every_purpose_and_context_has_a_key_of_its_own(store, one, other):
    assert len(store.derive(*one)) == 32
    assert (store.derive(*one) == store.derive(*other)) == (one == other)


def test_the_same_root_gives_the_same_keys_again(store):
    again = FileKeystore(store._path.parent)
    assert again.derive("exact-match") == store.derive("exact-match")
    assert FileKeystore(store._path.parent.parent / "other").derive("exact-match") != store.derive("exact-match")
    message = b"a checkpoint"
    again.signing_key("audit-checkpoint").public_key().verify(
        store.signing_key("audit-checkpoint").sign(message), message
    )


def test_the_root_key_is_its_owners_alone(tmp_path):
    store = FileKeystore(tmp_path / "kept")
    store.derive("exact-match")
    assert (tmp_path / "kept").stat().st_mode & 0o077 == 0
    assert store._path.stat().st_mode & 0o077 == 0
    assert [each.name for each in (tmp_path / "kept").iterdir()] == ["root.key"]
    store._path.chmod(0o640)
    with pytest.raises(KeyCustodyError, match="read by others"):
        store.derive("exact-match")


def test_a_damaged_root_key_is_never_replaced(tmp_path):
    store = FileKeystore(tmp_path / "kept")
    store._path.write_bytes(os.urandom(31))
    store._path.chmod(0o600)
    with pytest.raises(KeyCustodyError, match="damaged") as refusal:
        store.derive("exact-match")
    assert "do not make a new one" in refusal.value.sentence()
    assert len(store._path.read_bytes()) == 31


def test_an_unknown_purpose_is_refused(store):
    with pytest.raises(KeyCustodyError, match="no key purpose"):
        store.derive("anything")
