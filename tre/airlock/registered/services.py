"""What happens to released models: each change is one transaction, with its audit entry, and what is told of it.

The registry itself is another server: what is decided here is brought to it by a job that is queued in the same
transaction and may run any number of times (:mod:`tre.airlock.registered.jobs`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import transaction

from tre.airlock.models import Release
from tre.airlock.naming import check_text, model_folders
from tre.airlock.registered.models import Alias, RegisteredModel, today
from tre.airlock.registered.telling import tell
from tre.audit.services import record
from tre.disclosure.model import storable
from tre.errors import Missing, Refused
from tre.policy.decision import require
from tre.policy.domain import PLATFORM, Principal
from tre.runs.queue import enqueue

SETTLE = "registered.settle"
CHAMPION = "champion"
RETIRED, RECALLED, ALIAS_MOVED = "registry.model_retired", "registry.model_recalled", "registry.alias_moved"


def keep(release: Release, models: Sequence[Mapping[str, Any]]) -> None:
    """Keep the models that a release registered, in the transaction that finishes it, and let the alias name them."""
    names = [str(file["name"]) for file in release.files]
    folders = {f"{release.request.project.code}-{each.rpartition('/')[2]}": each for each in model_folders(names)}
    made = []
    for told in models:
        name, version = str(told["name"]), int(told["version"])
        kept = RegisteredModel(release=release, name=name, version=version, folder=folders.get(name, ""))
        kept.save()
        alias = str(told.get("alias", CHAMPION))
        made.append((kept, Alias.objects.select_for_update().get_or_create(name=name, alias=alias)[0]))
    for kept, named in made:
        tell("model.released", kept)
        if kept.version > (named.version or 0):
            _point(named, kept, actor="airlock")
        queue_settling(kept.name, f"{release.identity}:{kept.version}")


@transaction.atomic
def retire(number: int, on: date, why: str, actor: Principal) -> RegisteredModel:
    """Let a version be served no more from a day on; said again, the day is another.

    Raises
    ------
    Refused
        When the person may not, it is recalled, the day is over or no reason is given.
    """
    require(actor, "manage_registry", PLATFORM)
    text = storable(why).strip()
    check_text(text, "The reason", "Say why it retires")
    found = _locked(number)
    if found.recalled:
        raise Refused("The model is recalled: nobody may serve it already", where=str(found))
    if on < today():
        raise Refused("A model retires today or later", where=on.isoformat(), todo="Choose another day")
    data = {"version": found.version, "release": found.release.identity, "on": on.isoformat()}
    entry = record(RETIRED, actor=actor.username, subject=f"model:{found.name}", data=data)
    _say(found, retires=on, why=text)
    tell("model.retired", found)
    queue_settling(found.name, f"audit:{entry.number}")
    return found


@transaction.atomic
def move_alias(number: int, actor: Principal) -> RegisteredModel:
    """Let the model's alias name this version: an earlier one, to roll back, or a later one.

    Raises
    ------
    Refused
        When the person may not, or the version may not be served.
    """
    require(actor, "manage_registry", PLATFORM)
    found = _locked(number)
    if not found.may_be_served(today()):
        raise Refused("An alias names a version that may be served", where=f"{found} is {found.state}")
    alias = Alias.objects.select_for_update().get(name=found.name, alias=CHAMPION)
    if alias.version == found.version:
        raise Refused("The alias names this version already", where=str(alias))
    entry = _point(alias, found, actor=actor.username)
    queue_settling(found.name, f"audit:{entry}")
    return found


def hold(release: Release) -> None:
    """Lock a release's models and aliases until the transaction ends: before the log's head, as everybody does."""
    found = RegisteredModel.objects.select_for_update().filter(release=release).order_by("pk")
    names = [each.name for each in found]
    list(Alias.objects.select_for_update().filter(name__in=names).order_by("pk"))


def recall(release: Release, actor: str) -> None:
    """Recall each model of a release that is held; an alias over one names the newest left, or nothing."""
    for found in RegisteredModel.objects.filter(release=release, recalled=False):
        data = {"version": found.version, "release": release.identity}
        entry = record(RECALLED, actor=actor, subject=f"model:{found.name}", data=data)
        _say(found, recalled=True)
        tell("model.recalled", found)
        for alias in Alias.objects.filter(name=found.name, version=found.version):
            _point(alias, _newest(found.name), actor=actor)
        queue_settling(found.name, f"audit:{entry.number}")


def queue_settling(name: str, what: str) -> None:
    """Queue that the registry is brought to what is decided, in the caller's transaction."""
    enqueue(SETTLE, {"name": name}, once=f"{SETTLE}:{name}:{what}")


def _newest(name: str) -> RegisteredModel | None:
    """Return the newest version of a model that may be served."""
    held = RegisteredModel.objects.filter(name=name).order_by("-version")
    return next((each for each in held if each.may_be_served(today())), None)


def _point(alias: Alias, found: RegisteredModel | None, *, actor: str) -> int:
    """Let an alias name a version, or nothing, and return the number of the entry that the log has of it."""
    before, alias.version = alias.version, found.version if found else None
    data = {"alias": alias.alias, "from": before, "to": alias.version}
    entry = record(ALIAS_MOVED, actor=actor, subject=f"model:{alias.name}", data=data)
    alias.save(update_fields=["version"])
    tell("model.alias_moved", found, name=alias.name, alias=alias.alias)
    return int(entry.number)


def _say(found: RegisteredModel, **changed: Any) -> None:
    """Change what is said of a version: its serial rises, so that what was said before is not taken again."""
    found.serial += 1
    for name, value in changed.items():
        setattr(found, name, value)
    found.save(update_fields=["serial", *changed])


def _locked(number: int) -> RegisteredModel:
    found = RegisteredModel.objects.select_for_update().filter(pk=number).first()
    if found is None:
        raise Missing("There is no such model", where=f"model {number}")
    return found
