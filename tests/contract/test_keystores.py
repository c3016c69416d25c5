"""What every custodian of keys must do: files and Vault alike."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from cryptography.exceptions import InvalidSignature

from tests.vault import FakeVault, fake_vault
from tre.keys.custody import FileKeystore
from tre.keys.derivation import PURPOSES, ROTATABLE, KeyCustodyError, Keystore
from tre.keys.vault import VaultKeystore


def vault_keystore(server: FakeVault, folder) -> VaultKeystore:
    token = folder / "token"
    token.write_text(server.token + "\n")
    token.chmod(0o600)
    for purpose in PURPOSES:
        server.make(f"tre-{purpose}")
    return VaultKeystore(address=server.address, mount="transit", prefix="tre", token_file=token)


@pytest.fixture(params=["file", "vault"])
def store(request, tmp_path) -> Iterator[Keystore]:
    if request.param == "file":
        yield FileKeystore(tmp_path / "kept")
        return
    with fake_vault() as server:
        yield vault_keystore(server, tmp_path)


def test_every_purpose_and_context_has_a_key_of_its_own(store):
    asked = list(itertools.product(sorted(PURPOSES), ("", "a", "bc", "ab", "é", "frailty")))
    keys = [store.derive(*each) for each in asked]
    assert {len(key) for key in keys} == {32}
    assert len(set(keys)) == len(asked)
    assert [store.derive(*each) for each in asked] == keys


def test_rotation_makes_a_new_key_and_the_earlier_one_can_still_be_derived(store):
    for purpose in sorted(ROTATABLE):
        first = store.derive(purpose, "frailty")
        assert store.generation(purpose) == 1
        assert store.rotate(purpose) == store.generation(purpose) == 2
        second = store.derive(purpose, "frailty")
        assert second != first
        assert store.derive(purpose, "frailty", generation=1) == first
        assert store.rotate(purpose) == 3
        generations = [store.derive(purpose, "frailty", generation=each) for each in (1, 2, 3)]
        assert generations[:2] == [first, second]
        assert len(set(generations)) == 3


def test_rotating_one_purpose_leaves_the_others_alone(store):
    before = {purpose: store.derive(purpose) for purpose in PURPOSES - {"project-pseudonym"}}
    store.rotate("project-pseudonym")
    assert {purpose: store.derive(purpose) for purpose in before} == before


@pytest.mark.parametrize("purpose", sorted(PURPOSES - ROTATABLE))
def test_a_key_that_must_stay_is_not_rotated(store, purpose):
    before = store.derive(purpose)
    with pytest.raises(KeyCustodyError, match="cannot be rotated"):
        store.rotate(purpose)
    assert store.derive(purpose) == before


@pytest.mark.parametrize("generation", [0, 2, -1, 99])
def test_a_generation_that_is_not_there_is_refused(store, generation):
    with pytest.raises(KeyCustodyError, match="no generation"):
        store.derive("warehouse-pseudonym", generation=generation)


def test_an_unknown_purpose_is_refused(store):
    for ask in (store.derive, store.rotate):
        with pytest.raises(KeyCustodyError, match="no key purpose"):
            ask("anything")


def test_what_is_signed_verifies_and_what_is_altered_does_not(store):
    key = store.signing_key("audit-checkpoint")
    signature = key.sign(b"a checkpoint")
    store.signing_key("audit-checkpoint").public_key().verify(signature, b"a checkpoint")
    with pytest.raises(InvalidSignature):
        key.public_key().verify(signature, b"another")
    numbers = (store.model_signing_key().private_numbers().private_value for _ in range(2))
    assert next(numbers) == next(numbers)


def test_vault_is_never_shown_the_token_elsewhere_and_says_what_is_wrong(tmp_path):
    with fake_vault() as server, fake_vault() as other:
        store = vault_keystore(server, tmp_path)
        key = store.derive("exact-match")
        assert all(server.token not in path and key.hex() not in path for _, path in server.asked)

        def refused(match: str) -> None:
            with pytest.raises(KeyCustodyError, match=match) as told:
                store.derive("exact-match")
            assert server.token not in told.value.sentence()
            assert "\n" not in told.value.sentence()

        server.redirect = f"{other.address}/v1/transit/keys/tre-exact-match"
        refused("status 307")
        assert other.asked == []
        server.redirect = ""
        server.sealed = True
        refused("sealed")
        server.sealed = False
        del server.keys["tre-exact-match"]
        refused("no such key")
        server.token = "renewed"
        refused("refuses this token")
        (tmp_path / "token").write_text("renewed")  # as an agent would
        server.make("tre-exact-match")
        assert store.derive("exact-match") != key
        (tmp_path / "token").chmod(0o644)
        refused("read by others")
        (tmp_path / "token").unlink()
        refused("missing")


def test_a_vault_that_is_not_there_is_one_sentence(tmp_path):
    with fake_vault() as server:
        store = vault_keystore(server, tmp_path)
    with pytest.raises(KeyCustodyError, match="cannot be reached"):
        store.derive("exact-match")


def test_a_vault_needs_its_address_and_token(tmp_path):
    from tre.config.options import Options

    with pytest.raises(KeyCustodyError, match="TRE_VAULT_TOKEN_FILE"):
        VaultKeystore.from_options(Options(keystore="vault", vault_address="https://vault.example"))
    made = VaultKeystore.from_options(
        Options(keystore="vault", vault_address="https://vault.example/", vault_token_file=tmp_path / "token")
    )
    assert str(made._http.base_url) == "https://vault.example"
