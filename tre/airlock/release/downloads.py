"""The requester's download area: open for a time, each taking written down, opened again by whom the policy says."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from tre.airlock.models import Release
from tre.airlock.release.models import DownloadArea
from tre.airlock.release.policy import release_policy
from tre.audit.models import Entry
from tre.audit.services import record
from tre.errors import Refused
from tre.notices.policy import notice_policy
from tre.notices.services import tell
from tre.policy.decision import require
from tre.policy.domain import Principal
from tre.runs.queue import enqueue

TAKEN, OPENED = "airlock.downloaded", "airlock.downloads_opened"
ENDS = "release.ends"  # the job that tells that a release can soon be taken no more


def open_area(release: Release, crate_sha256: str) -> None:
    """Open a release's area, in the caller's transaction."""
    until = timezone.now() + release_policy().open_for
    DownloadArea.objects.create(release=release, crate_sha256=crate_sha256, until=until)
    _queue_ends(release, until)


def _queue_ends(release: Release, until: datetime) -> None:
    once = f"{ENDS}:{release.pk}:{until.isoformat()}"
    enqueue(ENDS, {"release": release.pk}, once=once, due=until - notice_policy().ahead["download"])


@transaction.atomic
def tell_ends(number: int) -> None:
    """Tell the author of a release that the time to take it ends soon, unless it ended or was opened for longer."""
    release = Release.objects.select_related("request__author").get(pk=number)
    request, left = release.request, shuts(release) - timezone.now()
    if request.state == "released" and timedelta(0) < left <= notice_policy().ahead["download"]:
        once = f"download_ends:{number}:{shuts(release).isoformat()}"
        tell("download_ends", [request.author], f"request:{request.pk}", once=once)


def area_of(release: Release) -> DownloadArea | None:
    """Return a release's area; one of before there were areas has none until it is opened again."""
    return DownloadArea.objects.filter(release=release).first()


def shuts(release: Release) -> datetime:
    """Return when a release shuts. One of before there were areas shuts as if its own had been opened with it."""
    area = area_of(release)
    return area.until if area else release.at + release_policy().open_for


def is_open(release: Release) -> bool:
    """Return whether a release may be taken now."""
    return timezone.now() < shuts(release)


def check_open(release: Release) -> None:
    """Refuse a release that may not be taken any more.

    Raises
    ------
    Refused
        Saying since when, and who may open it again.
    """
    if not is_open(release):
        raise Refused(
            f"The time to download this release ended on {timezone.localtime(shuts(release)):%-d %B %Y}",
            where=release.identity,
            todo="Ask a data manager to open it again",
        )


@transaction.atomic
def write_taken(release: Release, what: str, sha256: str, actor: Principal) -> None:
    """Write down that a file of a release, or the whole of it, is taken; each time that it is.

    Parameters
    ----------
    what : str
        ``file`` or ``archive``. Names are left out: one may hold what must never be written.

    Raises
    ------
    Refused
        When it may not be taken any more.
    """
    check_open(release)
    data = {"release": release.identity, "what": what, "sha256": sha256}
    record(TAKEN, actor=actor.username, subject=f"request:{release.request_id}", data=data)


def times_taken(release: Release) -> int:
    """Return how many times anything of a release was taken."""
    return Entry.objects.filter(event=TAKEN, subject=f"request:{release.request_id}").count()


@transaction.atomic
def open_again(release: Release, actor: Principal) -> datetime:
    """Open a release's area for as long as the policy says, and return when it shuts.

    Raises
    ------
    Refused
        When the person may not, or it is open.
    """
    require(actor, "open_downloads", release.request.resource())
    Release.objects.select_for_update().get(pk=release.pk)
    if is_open(release):
        raise Refused("This release is open for download already", where=release.identity)
    until = timezone.now() + release_policy().open_for
    told = {"until": until, "opened_by": actor.username}
    DownloadArea.objects.update_or_create(release=release, defaults=told, create_defaults={**told, "crate_sha256": ""})
    data = {"release": release.identity, "until": until.isoformat(timespec="seconds")}
    record(OPENED, actor=actor.username, subject=f"request:{release.request_id}", data=data)
    _queue_ends(release, until)
    return until
