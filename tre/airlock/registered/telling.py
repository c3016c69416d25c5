"""The outbox of the deployer's webhook: what it is told is written with the change, and sent by a job."""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from typing import Literal

from django.utils import timezone

from tre.airlock.registered.models import RegisteredModel, Told
from tre.config.options import load
from tre.runs.queue import enqueue

Kind = Literal["model.released", "model.alias_moved", "model.retired", "model.recalled"]
SEND = "registered.tell"


def tell(kind: Kind, found: RegisteredModel | None, **more: str) -> None:
    """Tell the deployer's webhook of a change, in its transaction; nothing is written where the operator named none.

    The body is that of Standard Webhooks 1.0 ("Payload structure"): ``type``, ``timestamp`` and ``data``.
    """
    if not load().model_webhook:
        return
    about = {} if found is None else _about(found)
    body = {"type": kind, "timestamp": timezone.now().isoformat(), "data": {**about, **more}}
    made = Told.objects.create(identity=f"msg_{secrets.token_hex(16)}", kind=kind, body=json.dumps(body))
    queue_attempt(made, timedelta(0))


def queue_attempt(told: Told, pause: timedelta) -> None:
    """Queue the next attempt to send it, in the caller's transaction."""
    once = f"{SEND}:{told.identity}:{told.attempts}"
    enqueue(SEND, {"told": told.pk}, once=once, due=timezone.now() + pause)


def _about(found: RegisteredModel) -> dict[str, object]:
    retires = found.retires.isoformat() if found.retires else None
    return {
        "name": found.name, "version": found.version, "release": found.release.identity, "recalled": found.recalled,
        "retires": retires,
    }  # fmt: skip
