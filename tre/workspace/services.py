"""Opening and closing workspaces."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from tre.audit.services import record
from tre.config.options import load
from tre.config.secrets import secret
from tre.errors import Refused
from tre.people.models import Account
from tre.people.services import principal_of
from tre.policy.decision import require
from tre.projects.lifecycle import folder_of
from tre.projects.models import Membership, Project
from tre.projects.services import current_extract, get
from tre.workspace import packages
from tre.workspace.auth import hash_token
from tre.workspace.desktop import check_shown_as_pixels
from tre.workspace.disk import Room, room_for
from tre.workspace.folders import folder
from tre.workspace.imports import imports_folder
from tre.workspace.models import SentOnDay, WorkspaceSession
from tre.workspace.quotas import check_fits
from tre.workspace.repository import repository
from tre.workspace.sizes import chosen_size
from tre.workspace.usage import begin, end
from tre.workspace.users import person_uid, screen_uid


@dataclass(frozen=True)
class Workspace:
    """Everything that the spawner needs to build one person's sandbox for one project."""

    session: int
    token: str
    uid: int
    gid: int
    home: str
    shared: str
    repository: str
    data: str
    imports: str
    sockets: str
    spark_token: str
    packages: str
    megabytes: int
    processors: float
    profile: str
    screen_uid: int


def open_workspace(username: str, code: str) -> Workspace:
    """Open a person's workspace in a project, in the size that they chose; an older one of theirs there is closed.

    Raises
    ------
    Refused
        When the person may not, the project has no extract yet, there is no room (of its quota, or of disk), or its
        profile is strict and this machine lacks what shows a desktop as pixels.
    """
    if not Account.objects.filter(username=username, is_active=True).exists():
        raise Refused("There is no such account", where=username)
    get(code)  # the folders that are measured are an account's and a project's, whatever was asked
    return _open(username, code, room_for(username, code))


@transaction.atomic
def _open(username: str, code: str, room: Room) -> Workspace:
    account = Account.objects.get(username=username)
    project = get(code, lock=True)
    require(principal_of(account, used_second_factor=True), "open_workspace", project.resource())
    extract = current_extract(project)
    if extract is None:
        raise Refused("The project's data is not ready", where=code, todo="Try again when its first extract is made")
    if project.profile == Project.Profile.STRICT:
        check_shown_as_pixels()
    close_workspaces(account, project)
    size = chosen_size(account, project)
    check_fits(project, account, size.megabytes)
    token = secrets.token_hex(32)
    session = WorkspaceSession.objects.create(
        account=account, project=project, token_hash=hash_token(token),
        profile=project.profile, size=size.name, megabytes=size.megabytes, processors=size.processors, **asdict(room),
    )  # fmt: skip
    begin(session)
    membership = Membership.objects.get(account=account, project=project)
    data = {"project": code, "extract": extract.number, "session": session.pk, "profile": project.profile}
    data |= {"size": asdict(size)}
    record("workspace.opened", actor=username, subject=f"project:{code}", data=data)
    uid = person_uid(membership)
    return Workspace(
        session=session.pk,
        token=token,
        uid=uid,
        gid=project.gid,
        home=str(folder("homes", username, code, uid=uid, gid=project.gid, mode=0o700)),
        shared=str(folder("projects", code, "shared", uid=0, gid=project.gid, mode=0o2770)),
        repository=str(repository(code, project.gid)),
        data=str(extract_folder(project)),
        imports=str(imports_folder(code, project.gid)),
        sockets=str(sockets_folder(code)),
        spark_token=secret(f"spark-{code}"),
        packages=str(packages.shown()),
        megabytes=size.megabytes,
        processors=size.processors,
        profile=project.profile,
        screen_uid=screen_uid(membership),
    )


def extract_folder(project: Project) -> Path:
    """Return the folder of the project's newest extract.

    Raises
    ------
    Refused
        When it has none.
    """
    extract = current_extract(project)
    if extract is None:
        raise Refused("The project has no extract", where=project.code)
    return folder_of(extract)


def sockets_folder(code: str) -> Path:
    """Return the folder of the sockets of a project's Spark and MLflow; only the platform writes it."""
    return folder("run", "services", code, "sockets", uid=0, gid=0, mode=0o755)


def tracking_template() -> Path:
    """Return the empty MLflow database that each project's begins as a copy of."""
    return load().path("run", "mlflow.db")


@transaction.atomic
def close_workspace(number: int) -> None:
    """Close one workspace; closed already, nothing changes."""
    session = WorkspaceSession.objects.select_for_update().filter(pk=number, closed=None).first()
    if session is not None:
        _close(session)


def close_workspaces(account: Account, project: Project) -> None:
    """Close every open workspace of a person in a project, in the caller's transaction."""
    for session in WorkspaceSession.objects.select_for_update().filter(account=account, project=project, closed=None):
        _close(session)


@transaction.atomic
def close_for(number: int, why: str) -> None:
    """Close one workspace because the platform found a reason to; closed already, nothing changes."""
    session = WorkspaceSession.objects.select_for_update().filter(pk=number, closed=None).first()
    if session is not None:
        _close(session, actor="platform", why=why)


def close_all(why: str) -> None:
    """Close every open workspace; each in a transaction of its own, so that a cut leaves none half closed."""
    for number in WorkspaceSession.objects.filter(closed=None).values_list("pk", flat=True):
        close_for(number, why)


def close_workspaces_of(project: Project, why: str) -> None:
    """Close every open workspace of a project, in the caller's transaction."""
    for session in WorkspaceSession.objects.select_for_update().filter(project=project, closed=None):
        _close(session, actor="platform", why=why)


def _close(session: WorkspaceSession, actor: str = "", why: str = "asked for") -> None:
    session.closed = timezone.now()
    session.save(update_fields=["closed"])
    end(session, session.closed)
    actor, subject = actor or session.account.username, f"project:{session.project.code}"
    data = {"session": session.pk, "why": why, "sent": session.sent}
    record("workspace.closed", actor=actor, subject=subject, data=data)


@transaction.atomic
def note_sent(session: WorkspaceSession, sent: int) -> int:
    """Note how many bytes a workspace has sent to its person's browser, and return how many more may go today.

    Half of the day's ceiling, and the ceiling itself, are written down when they are passed: the one is an alert, at
    the other the gate stops what it sends. A closed workspace may send no more; what it sent before its gate knew is
    written down beside the entry of its closing.

    Parameters
    ----------
    sent : int
        Since the workspace was opened; told again, it changes nothing. Not negative.
    """
    held = WorkspaceSession.objects.select_for_update().select_related("account", "project").get(pk=session.pk)
    day, _ = SentOnDay.objects.get_or_create(account=held.account, day=timezone.localdate(), profile=held.profile)
    day = SentOnDay.objects.select_for_update().get(pk=day.pk)
    count = max(0, sent - held.sent)
    before, day.sent, held.sent = day.sent, day.sent + count, held.sent + count
    if count:
        day.save(update_fields=["sent"])
        held.save(update_fields=["sent"])
    subject, ceiling = f"project:{held.project.code}", browser_ceiling(held.profile)
    for mark, event in ((ceiling // 2, "workspace.much_sent"), (ceiling, "workspace.sending_stopped")):
        if before < mark <= day.sent:
            data = {"bytes": day.sent, "ceiling": ceiling, "session": held.pk}
            record(event, actor=held.account.username, subject=subject, data=data)
    if held.closed is None:
        return max(0, ceiling - day.sent)
    if count:
        data = {"session": held.pk, "bytes": count, "sent": held.sent}
        record("workspace.sent_late", actor=held.account.username, subject=subject, data=data)
    return 0


def browser_ceiling(profile: str = Project.Profile.STANDARD) -> int:
    """Return how many bytes a person's workspaces of a profile may send to their browser in a day."""
    strict = profile == Project.Profile.STRICT
    return (load().strict_megabytes if strict else load().browser_megabytes) * 1024 * 1024


def sent_today(account: Account, profile: str = Project.Profile.STANDARD) -> int:
    """Return how many bytes went to a person's browser today, from their workspaces of a profile."""
    day = SentOnDay.objects.filter(account=account, day=timezone.localdate(), profile=profile).first()
    return day.sent if day else 0
