"""The deployer's webhook: what it is sent it can verify, and the platform is led nowhere by its address."""

from __future__ import annotations

import base64
import json
import socket
import time
from ipaddress import ip_address

import pytest
from django.db import transaction
from django.utils import timezone

from tests.certificates import certificate_of
from tests.webhooks import Forged, Receiver, Server, hanging, listening
from tre.airlock.registered import hooks, jobs, telling
from tre.airlock.registered.models import Told
from tre.airlock.registered.policy import registry_policy
from tre.config.options import Options, load
from tre.errors import SettingsError
from tre.runs.models import Job
from tre.runs.queue import work_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch):
    with listening() as server:
        sent_to(server.address, monkeypatch)
        yield server


def sent_to(address: str, monkeypatch: pytest.MonkeyPatch, **more: object) -> None:
    changed = load().model_copy(update={"model_webhook": address, **more})
    for module in (hooks, telling):
        monkeypatch.setattr(module, "load", lambda: changed)


def tell(kind: telling.Kind = "model.recalled") -> Told:
    with transaction.atomic():
        telling.tell(kind, None, name="frailty-risk", alias="champion")
    return Told.objects.order_by("-pk")[0]


def work() -> None:
    while work_once():
        pass


def due_now() -> None:
    Job.objects.filter(kind=telling.SEND, state=Job.State.QUEUED).update(due=timezone.now())


def again(told: Told) -> Told:
    return Told.objects.get(pk=told.pk)


# What is sent can be verified


def test_it_is_signed_as_the_standards_own_example_is():
    """The example of the Standard Webhooks libraries' own tests, whose signature is published with them."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    told = hooks.headers("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', key)
    assert told["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_receiver_verifies_it_and_takes_nothing_that_is_forged_or_replayed(receiver: Server):
    made = tell()
    work()
    ((path, headers, body),) = receiver.came
    assert path == "/hook"
    believing = Receiver(hooks.shared_secret())
    now = int(time.time())
    with pytest.raises(Forged, match="signature"):
        believing.take(headers, body.replace(b"champion", b"impostor"), now)
    with pytest.raises(Forged, match="signature"):
        believing.take({**headers, "webhook-id": "msg_other"}, body, now)
    with pytest.raises(Forged, match="signature"):
        believing.take({**headers, "webhook-timestamp": str(now + 1000)}, body, now)
    with pytest.raises(Forged, match="time"):
        believing.take(headers, body, now + 1000)
    believing.take(headers, body, now)
    with pytest.raises(Forged, match="replay"):
        believing.take(headers, body, now)
    told = json.loads(body)
    assert (told["type"], told["data"]["alias"]) == ("model.recalled", "champion")
    assert headers["webhook-id"] == made.identity
    assert again(made).taken
    assert again(made).answer == "status 204"


def test_it_is_taken_once_and_not_sent_again(receiver: Server):
    made = tell()
    work()
    jobs.send({"told": made.pk})
    assert len(receiver.came) == 1


# Retries


@pytest.mark.parametrize("status", [500, 404, 302, 429])
def test_what_is_not_taken_is_tried_again_later_and_later(receiver: Server, status: int):
    receiver.status = status
    receiver.headers = {"Location": receiver.address + "/elsewhere"}
    made = tell()
    pauses = []
    for _ in range(len(registry_policy().pauses)):
        work()
        waiting = Job.objects.get(kind=telling.SEND, state=Job.State.QUEUED)
        pauses.append(round((waiting.due - timezone.now()).total_seconds()))
        due_now()
    work()
    assert not Job.objects.filter(kind=telling.SEND, state=Job.State.QUEUED).exists()
    assert len(receiver.came) == again(made).attempts == len(registry_policy().pauses) + 1
    assert pauses == sorted(pauses)
    assert {path for path, _, _ in receiver.came} == {"/hook"}  # no redirect was followed
    assert len({headers["webhook-id"] for _, headers, _ in receiver.came}) == 1
    assert not again(made).taken


def test_a_receiver_that_is_gone_for_good_is_left_in_peace(receiver: Server):
    receiver.status = 410
    tell()
    work()
    assert not Job.objects.filter(kind=telling.SEND, state=Job.State.QUEUED).exists()


def test_a_worker_that_dies_after_sending_sends_it_again_under_its_identity(receiver: Server, monkeypatch):
    made = tell()
    real = hooks.attempt

    def dies(told: Told) -> hooks.Answer:
        real(told)
        raise KeyboardInterrupt

    monkeypatch.setattr(jobs, "attempt", dies)
    with pytest.raises(KeyboardInterrupt):
        jobs.send({"told": made.pk})
    monkeypatch.setattr(jobs, "attempt", real)
    jobs.send({"told": made.pk})
    assert [headers["webhook-id"] for _, headers, _ in receiver.came] == [made.identity] * 2
    assert again(made).attempts == 1


def test_where_the_operator_named_no_webhook_nothing_is_written():
    with transaction.atomic():
        telling.tell("model.recalled", None)
    assert not Told.objects.exists()


# A receiver that hangs


@pytest.mark.parametrize("drip", [b"", b"H"])
def test_a_receiver_that_hangs_or_drips_holds_nobody_up(monkeypatch, drip: bytes):
    short = registry_policy().__class__(**{**vars(registry_policy()), "patience": 0.5})
    monkeypatch.setattr(hooks, "registry_policy", lambda: short)
    with hanging(drip) as port:
        sent_to(f"http://127.0.0.1:{port}/", monkeypatch)
        answer = hooks.attempt(tell())
    assert not answer.taken
    assert answer.words == "it did not answer in time" or answer.words.startswith("it could not be reached")


def test_nobody_there_is_told_by_the_kind_of_error_alone(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    sent_to(f"http://127.0.0.1:{port}/secret-path", monkeypatch)
    assert hooks.attempt(tell()).words == "it could not be reached (ConnectError)"


# Led elsewhere


INSIDE = [
    "127.0.0.1", "10.0.0.5", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1", "::",
    "fe80::1", "fc00::1", "::ffff:10.0.0.5", "::ffff:169.254.169.254", "64:ff9b::a00:5", "2002:a00:5::", "224.0.0.1",
    "ff02::1", "::a00:5", "fec0::1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "240.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_no_private_address_is_sent_to_in_production(address: str):
    options = load().model_copy(update={"mode": "production"})
    assert not hooks.may_be_sent_to(ip_address(address), options)


def test_a_public_address_and_a_network_that_the_operator_names_are():
    options = load().model_copy(update={"mode": "production", "model_webhook_networks": ("10.20.0.0/16",)})
    assert hooks.may_be_sent_to(ip_address("93.184.215.14"), options)
    assert hooks.may_be_sent_to(ip_address("10.20.3.4"), options)
    assert hooks.may_be_sent_to(ip_address("::ffff:10.20.3.4"), options)
    assert not hooks.may_be_sent_to(ip_address("10.21.3.4"), options)


@pytest.mark.parametrize("addresses", [["10.0.0.5"], ["93.184.215.14", "10.0.0.5"], ["169.254.169.254"]])
def test_a_name_that_leads_inside_is_sent_nothing(monkeypatch, addresses: list[str]):
    async def resolved(self: object, host: str, port: int, **more: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    monkeypatch.setattr("asyncio.base_events.BaseEventLoop.getaddrinfo", resolved)
    sent_to("https://hook.example.org/", monkeypatch, mode="production")
    assert hooks.attempt(tell()).words == "its address is private, and the settings do not allow it"


def test_a_name_is_looked_up_once_so_that_it_cannot_lead_elsewhere_the_second_time(receiver: Server, monkeypatch):
    looked_up = []

    async def resolved(self: object, host: str, port: int, **more: object) -> list[object]:
        looked_up.append(host)
        where = "127.0.0.1" if len(looked_up) == 1 else "10.0.0.5"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (where, port))]

    monkeypatch.setattr("asyncio.base_events.BaseEventLoop.getaddrinfo", resolved)
    sent_to(f"http://localhost:{receiver.port}/hook", monkeypatch)
    assert hooks.attempt(tell()).taken
    assert looked_up.count("localhost") == 1
    assert receiver.came[0][1]["host"] == f"localhost:{receiver.port}"


@pytest.mark.parametrize(("named", "taken"), [("hook.example.org", True), ("other.example.org", False)])
def test_by_tls_it_goes_to_whoever_proves_to_be_of_that_name(monkeypatch, tmp_path, named: str, taken: bool):
    async def resolved(self: object, host: str, port: int, **more: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr("asyncio.base_events.BaseEventLoop.getaddrinfo", resolved)
    certificate = certificate_of(named, tmp_path)
    monkeypatch.setattr("certifi.where", lambda: str(certificate[0]))
    with listening(certificate) as server:
        sent_to(f"https://hook.example.org:{server.port}/hook", monkeypatch)
        assert hooks.attempt(tell()).taken is taken
        assert len(server.came) == taken


@pytest.mark.parametrize(
    "address",
    [
        "http://hook.example.org/", "ftp://127.0.0.1/", "file:///etc/passwd", "http://10.0.0.5/", "hook.example.org",
        "https://user:password@hook.example.org/", "https://hook.example.org/#part", "https://",
    ],
)  # fmt: skip
def test_an_address_that_is_not_safe_is_refused_when_the_settings_are_read(address: str, tmp_path):
    with pytest.raises((ValueError, SettingsError)):
        Options(home=tmp_path, model_webhook=address)


def test_in_production_not_even_this_machine_is_sent_to_in_the_clear(tmp_path):
    Options(home=tmp_path, model_webhook="http://127.0.0.1:9/")
    with pytest.raises((ValueError, SettingsError)):
        Options(home=tmp_path, mode="production", model_webhook="http://127.0.0.1:9/")
