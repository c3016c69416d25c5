"""Which targets a project's releases may go to, and delivery: queued with the release, done once, in the audit log."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from tre.airlock.crate import METADATA_FILE
from tre.airlock.models import Release, Request
from tre.airlock.release.bag import Payload
from tre.airlock.release.models import Delivery, ProjectTarget, RequestTarget
from tre.airlock.release.targets import Parcel, Receipt, names, target
from tre.audit.services import record
from tre.config.options import load
from tre.errors import Refused
from tre.policy.decision import require
from tre.policy.domain import Principal
from tre.projects.models import Project
from tre.runs.queue import enqueue

DELIVERED, TARGET_SET, TARGET_CHOSEN = "airlock.delivered", "airlock.target_set", "airlock.target_chosen"
JOB = "release.deliver"


def targets_of(project: Project) -> list[str]:
    """Return where a project's releases may go: nowhere unless somebody chose it, or where no settings name it."""
    return [name for name in project.release_targets.values_list("target", flat=True) if name in names()]


@transaction.atomic
def set_targets(project: Project, chosen: Collection[str], actor: Principal) -> None:
    """Choose where a project's later releases may be delivered to; none for nowhere.

    Raises
    ------
    Refused
        When the person may not, or the settings name no such target.
    """
    require(actor, "set_release_target", project.resource())
    for name in chosen:
        _check_among(name, names(), "The settings name no such target")
    ProjectTarget.objects.filter(project=project).exclude(target__in=chosen).delete()
    for name in chosen:
        ProjectTarget.objects.get_or_create(project=project, target=name, defaults={"set_by": actor.username})
    data = {"targets": sorted(chosen)}
    record(TARGET_SET, actor=actor.username, subject=f"project:{project.code}", data=data)


def choose(request: Request, name: str, actor: Principal) -> None:
    """Keep which of its project's places a request goes to, in the transaction of its submission; none by no name.

    Raises
    ------
    Refused
        When its project may send it to no such place.
    """
    if name:
        _check_among(name, targets_of(request.project), "The project may send nothing there")
    before = RequestTarget.objects.filter(request=request).first()
    if (before.target if before else "") != name:
        RequestTarget.objects.update_or_create(request=request, defaults={"target": name})
        data = {"turn": request.turn, "target": name}
        record(TARGET_CHOSEN, actor=actor.username, subject=f"request:{request.pk}", data=data)


def _check_among(name: str, known: Collection[str], what: str) -> None:
    if name not in known:
        raise Refused(what, where=name[:40], todo="Choose one of those that are listed")


def target_of(request: Request) -> str:
    """Return where a request's release goes, or an empty text: the place of its project, or which of several it chose.

    What its author chose counts only as long as a data manager lets the project's releases go there.
    """
    allowed = targets_of(request.project)
    if len(allowed) == 1:
        return allowed[0]
    chosen = RequestTarget.objects.filter(request=request).first()
    return chosen.target if chosen and chosen.target in allowed else ""


def queue_delivery(release: Release) -> None:
    """Queue the delivery of a release that goes somewhere, in the transaction that finishes it."""
    name = target_of(release.request)
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
