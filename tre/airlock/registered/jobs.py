"""Bringing the registry to what was decided, saying it anew before it ends, and telling the deployer's webhook."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from tre.airlock import registry
from tre.airlock.registered.hooks import attempt
from tre.airlock.registered.models import Alias, RegisteredModel, Told
from tre.airlock.registered.policy import registry_policy
from tre.airlock.registered.services import SETTLE
from tre.airlock.registered.telling import SEND, queue_attempt
from tre.runs.queue import enqueue, given_up, handler

_AGAIN = timedelta(hours=1)  # after a registry was away for longer than a job is tried
Decided = dict[str, Any]


@handler(SETTLE)
def settle(payload: dict[str, Any]) -> None:
    """Write what is decided of a model into the registry, until nothing else was decided meanwhile."""
    name = payload["name"]
    wanted = decided(name)
    while True:
        registry.settle(name, _said(wanted, timezone.now()), wanted["aliases"])
        written, wanted = wanted, decided(name)
        if wanted == written:
            break
    with transaction.atomic():
        _queue_renewal(name, registry_policy().renew)


@given_up(SETTLE)
def settle_later(payload: dict[str, Any], error: str) -> None:
    """Try it again later: what the registry says would end else, and each who serves with it."""
    _queue_renewal(payload["name"], _AGAIN)


def decided(name: str) -> Decided:
    """Return what is decided of a model: of each version, and what each alias names."""
    held = RegisteredModel.objects.select_related("release").filter(name=name).order_by("version")
    aliases = Alias.objects.filter(name=name).values_list("alias", "version")
    return {"versions": [_decided(each) for each in held], "aliases": dict(aliases)}


def _decided(found: RegisteredModel) -> Decided:
    return {
        "name": found.name, "release": found.release.identity, "model": found.folder, "version": found.version,
        "serial": found.serial, "recalled": found.recalled,
        "retires": found.retires.isoformat() if found.retires else "",
    }  # fmt: skip


def _said(wanted: Decided, now: datetime) -> list[Decided]:
    times = {"issued": now.isoformat(), "until": (now + registry_policy().valid).isoformat()}
    return [{**each, **times} for each in wanted["versions"]]


def _queue_renewal(name: str, after: timedelta) -> None:
    """Queue the next settling, in the caller's transaction: one for all that was settled about the same time."""
    due = timezone.now() + after
    enqueue(SETTLE, {"name": name}, once=f"{SETTLE}:{name}:{due:%Y-%m-%dT%H}", due=due)


@handler(SEND)
def send(payload: dict[str, Any]) -> None:
    """Try to send one thing to the webhook, and queue the next attempt where it was not taken.

    Killed between sending and writing it down, it is sent again under the same identity, as the standard asks.
    """
    told = Told.objects.filter(pk=payload["told"], taken=None).first()
    if told is None:
        return
    tried, answer = told.attempts, attempt(told)
    with transaction.atomic():
        told = Told.objects.select_for_update().get(pk=told.pk)
        if told.taken or told.attempts != tried:  # another worker was first
            return
        told.attempts, told.answer = tried + 1, answer.words
        told.taken = timezone.now() if answer.taken else None
        told.save(update_fields=["attempts", "answer", "taken"])
        pauses = registry_policy().pauses
        if not answer.taken and not answer.final and tried < len(pauses):
            queue_attempt(told, pauses[tried])
