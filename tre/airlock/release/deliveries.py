"""Which target a project's releases go to, and their delivery: queued with the release, done once, in the audit log."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from tre.airlock.crate import METADATA_FILE
from tre.airlock.models import Release
from tre.airlock.release.bag import Payload
from tre.airlock.release.models import Delivery, ProjectTarget
from tre.airlock.release.targets import Parcel, Receipt, names, target
from tre.audit.services import record
from tre.config.options import load
from tre.errors import Refused
from tre.policy.decision import require
from tre.policy.domain import Principal
from tre.projects.models import Project
from tre.runs.queue import enqueue

DELIVERED, TARGET_SET = "airlock.delivered", "airlock.target_set"
JOB = "release.deliver"


def target_of(project: Project) -> str:
    """Return the name of a project's target, or an empty text: nothing goes anywhere unless somebody chose it."""
    found = ProjectTarget.objects.filter(project=project).first()
    return found.target if found else ""


@transaction.atomic
def set_target(project: Project, name: str, actor: Principal) -> None:
    """Choose where a project's later releases are delivered to; an empty name for nowhere.

    Raises
    ------
    Refused
        When the person may not, or the settings name no such target.
    """
    require(actor, "set_release_target", project.resource())
    if name and name not in names():
        raise Refused("The settings name no such target", where=name, todo="Choose one of those that are listed")
    if name:
        told = {"target": name, "set_by": actor.username}
        ProjectTarget.objects.update_or_create(project=project, defaults=told)
    else:
        ProjectTarget.objects.filter(project=project).delete()
    record(TARGET_SET, actor=actor.username, subject=f"project:{project.code}", data={"target": name})


def queue_delivery(release: Release) -> None:
    """Queue the delivery of a release where its project has a target, in the transaction that finishes it."""
    name = target_of(release.request.project)
    if name:
        made = Delivery.objects.create(release=release, target=name)
        enqueue(JOB, {"delivery": made.pk}, once=f"{JOB}:{made.pk}")


def deliver(number: int) -> None:
    """Deliver one release; done already, or recalled meanwhile, nothing happens.

    Raises
    ------
    DeliveryFailed
        When its target did not take it.
    """
    waiting = Delivery.objects.select_related("release__request__project").filter(pk=number, done=None).first()
    if waiting is None or waiting.release.request.state != "released":
        return
    receipt = target(waiting.target).deliver(parcel_of(waiting.release))
    _write_down(waiting, receipt)


def parcel_of(release: Release) -> Parcel:
    """Return a release with the hashes that were approved, its crate last."""
    files = [Payload(str(file["name"]), str(file["sha256"])) for file in release.files]
    files.append(Payload(METADATA_FILE, release.area.crate_sha256))
    return Parcel(release.identity, load().path("release", release.identity), tuple(files), release.at)


@transaction.atomic
def _write_down(delivery: Delivery, receipt: Receipt) -> None:
    told = {"done": timezone.now(), "place": receipt.place, "revision": receipt.revision}
    if not Delivery.objects.filter(pk=delivery.pk, done=None).update(**told):
        return  # another worker was first
    release = delivery.release
    data = {"release": release.identity, "target": delivery.target, "revision": receipt.revision}
    record(DELIVERED, actor="airlock", subject=f"request:{release.request_id}", data=data)
