"""Who has the database, or a notebook, forges what the platform attests; and who swaps who is counted."""

from __future__ import annotations

import base64
import copy
import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.factories import as_seen_now
from tests.runs import Place, ask, carried_out, content, make_warehouse
from tre.airlock.storage import StorageBroken, storage
from tre.disclosure.statistics.differencing import Release
from tre.keys.custody import custody
from tre.runs.attested import lookup
from tre.runs.attested.models import Run, RunOutput
from tre.runs.attested.statement import PAYLOAD_TYPE, AttestationBroken, Course, Subject, sign, statement, verify

COURSE = Course("aggregate", {"query": "SELECT 1"}, {"project": "p"}, {"code": "a" * 64}, "run:1", "then", "09:15")
SHA = "b" * 64


@pytest.fixture
def key():
    return Ed25519PrivateKey.generate()


def envelope(key, sha256: str = SHA) -> dict:
    return sign(statement(COURSE, [Subject("table.csv", sha256)]), key)


def repacked(told: dict, **changes: object) -> dict:
    """Return an envelope with another payload, its signature as it was."""
    inner = json.loads(base64.b64decode(told["payload"])) | changes
    return {**told, "payload": base64.b64encode(json.dumps(inner).encode()).decode()}


def test_what_was_signed_is_verified_and_nothing_else(key):
    told = envelope(key)
    assert verify(told, key.public_key(), SHA)["predicate"]["runDetails"]["metadata"]["invocationId"] == "run:1"
    with pytest.raises(AttestationBroken):
        verify(told, key.public_key(), "c" * 64)
    with pytest.raises(AttestationBroken):
        verify(told, Ed25519PrivateKey.generate().public_key(), SHA)


def test_what_leaves_with_a_model_does_not_tell_how_long_its_search_took():
    for training, told in (({"search": {"rate": [0.1, 0.3]}}, False), ({"search": None}, True), ({}, True)):
        made = statement(replace(COURSE, kind="training", spec={"training": training}), [Subject("model.json", SHA)])
        assert (COURSE.ended in json.dumps(made)) is told


@pytest.mark.parametrize(
    "forge",
    [
        lambda told: {},
        lambda told: {**told, "signatures": []},
        lambda told: {**told, "payload": "no base64!"},
        lambda told: {**told, "payloadType": "text/plain"},
        lambda told: {**told, "signatures": [{**told["signatures"][0], "sig": "AAAA"}]},
        lambda told: {**told, "signatures": [{"keyid": "another", "sig": told["signatures"][0]["sig"]}]},
        lambda told: repacked(told, subject=[{"name": "x", "digest": {"sha256": "d" * 64}}]),
        lambda told: repacked(told, predicateType="https://example.org/other"),
        lambda told: repacked(told, subject=[]),
        lambda told: {**told, "signatures": "x"},
    ],
)
def test_a_forged_envelope_is_refused_in_one_sentence(key, forge):
    for sha256 in (SHA, "d" * 64):
        with pytest.raises(AttestationBroken) as met:
            verify(forge(copy.deepcopy(envelope(key))), key.public_key(), sha256)
        assert "\n" not in met.value.sentence()


def test_every_byte_of_the_payload_is_signed(key):
    told = envelope(key)
    raw = bytearray(base64.b64decode(told["payload"]))
    for at in range(0, len(raw), 7):
        changed = bytes([*raw[:at], raw[at] ^ 1, *raw[at + 1 :]])
        with pytest.raises(AttestationBroken):
            verify({**told, "payload": base64.b64encode(changed).decode()}, key.public_key(), SHA)


def test_the_payload_type_is_signed_too(key):
    assert envelope(key)["payloadType"] == PAYLOAD_TYPE
    body = json.dumps(statement(COURSE, [Subject("t", SHA)])).encode()
    raw = {"payload": base64.b64encode(body).decode(), "payloadType": PAYLOAD_TYPE}
    signed = base64.b64encode(key.sign(body)).decode()  # of the bytes alone, without DSSE's encoding around them
    keyid = envelope(key)["signatures"][0]["keyid"]
    with pytest.raises(AttestationBroken):
        verify({**raw, "signatures": [{"keyid": keyid, "sig": signed}]}, key.public_key(), SHA)


@pytest.fixture(scope="module")
def warehouse(spark, tmp_path_factory):
    return make_warehouse(spark, tmp_path_factory.mktemp("warehouse"))


@pytest.fixture
def place(monkeypatch, spark, warehouse):
    return Place(monkeypatch, spark, warehouse)


@pytest.mark.django_db
@pytest.mark.spark
def test_an_insider_who_writes_a_row_makes_no_attested_file(place):
    study = place.study()
    run = carried_out(ask(study))
    RunOutput.objects.create(run=run, name="mine.csv", sha256=SHA, size=3)
    with pytest.raises(AttestationBroken):
        lookup.attested(study, SHA)
    forged = sign(statement(COURSE, [Subject("mine.csv", SHA)]), Ed25519PrivateKey.generate())
    Run.objects.filter(pk=run.pk).update(attestation=forged)
    with pytest.raises(AttestationBroken):
        lookup.attested(study, SHA)


@pytest.mark.django_db
@pytest.mark.spark
def test_an_insider_who_swaps_the_members_is_found_out(place):
    study = place.study()
    run = carried_out(ask(study))
    output = run.outputs.get()
    empty = storage().freeze([Release("", {}).to_bytes()], 10**6).sha256
    RunOutput.objects.filter(pk=output.pk).update(members=empty)
    with pytest.raises(AttestationBroken, match="members"):
        lookup.attested(study, output.sha256)
    RunOutput.objects.filter(pk=output.pk).update(members=output.members)
    held = storage().path(output.members)
    held.chmod(0o600)
    held.write_bytes(held.read_bytes()[:-1] + b"x")
    with pytest.raises(StorageBroken):
        b"".join(storage().chunks(output.members))


@pytest.mark.django_db
@pytest.mark.spark
def test_what_another_project_made_is_not_attested_here(place):
    one, other = place.study(), place.study("asthma")
    run = carried_out(ask(one, {"query": "SELECT * FROM people", "rows": ["birth_year"]}))
    assert lookup.attested(one, run.outputs.get().sha256)
    assert lookup.attested(other, run.outputs.get().sha256) is None


@pytest.mark.django_db
@pytest.mark.spark
def test_no_key_and_no_warehouse_pseudonym_reaches_what_a_researcher_sees(place, warehouse):
    from spark_jobs import tables

    study = place.study()
    run = carried_out(ask(study))
    people = tables.arrow(warehouse / "people", 0).to_table(columns=["pseudonym"])["pseudonym"].to_pylist()
    shown = content(run) + json.dumps([run.attestation, run.log, run.error]).encode()
    shown += base64.b64decode(run.attestation["payload"])
    for each in people:
        assert each.encode() not in shown
    for purpose in ("airlock-members", "attestation"):
        assert custody().derive(purpose).hex().encode() not in shown
    assert as_seen_now("ann").username == "ann"
