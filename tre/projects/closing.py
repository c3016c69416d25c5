"""The end of a project: its data is destroyed, and its people's work is archived or destroyed with it.

The work is the project's shared folder, its tracked runs, and each person's own folder in it. It was made over
person-level data and may hold some: an archive stays in the platform's own home, where no workspace reaches, until the
day that ``policies/provisioning.yaml`` sets.
"""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from tre.audit.services import record
from tre.config.options import load
from tre.errors import Refused
from tre.hashing import sha256_of
from tre.policy.decision import require
from tre.policy.domain import Principal
from tre.projects import applications, lifecycle
from tre.projects.models import Closure, Project
from tre.projects.policy import archive_years
from tre.projects.services import get, mark_failed, unfinished_extract
from tre.runs.queue import enqueue

# A workspace's launcher sees its marker gone within a second and has twelve to end in; a project's services twenty.
_UNTIL_ALL_HAVE_ENDED = timedelta(seconds=60)
_OF_WHAT_IS_FREE = 0.8


@transaction.atomic
def close_project(code: str, keep: str, why: str, actor: Principal) -> Closure:
    """Close a project for good: nobody works in it from now on, and its extracts are destroyed.

    Parameters
    ----------
    keep : str
        A value of :class:`Closure.Keep`: what becomes of its people's work.

    Raises
    ------
    Refused
        When the person may not, gives no reason, or does not say what becomes of the work.
    """
    project = get(code, lock=True)
    require(actor, "close_project", project.resource())
    if project.status != Project.Status.APPROVED:
        raise Refused(f"The project is {project.status}", where=code, todo="Only an approved one can be closed")
    if keep not in Closure.Keep.values:
        raise Refused("What becomes of the work is not said", where="keep", todo="Choose to archive or destroy it")
    if not why.strip():
        raise Refused("The closure lacks a reason", where="why", todo="Say why")
    applications.withdraw_open(project, "The project was closed.", actor)
    project.status = Project.Status.CLOSED
    project.save(update_fields=["status"])
    _end_extracts(project, actor)
    closure = Closure.objects.create(project=project, keep=keep, why=why.strip(), asked_by=actor.username)
    data = {"keep": keep, "why": closure.why}
    record("projects.closed", actor=actor.username, subject=f"project:{code}", data=data)
    due = timezone.now() + _UNTIL_ALL_HAVE_ENDED
    enqueue("projects.close", {"closure": closure.pk}, once=f"projects.close:{closure.pk}", due=due)
    return closure


def _end_extracts(project: Project, actor: Principal) -> None:
    from tre.workspace.services import close_workspaces_of  # workspace knows projects

    close_workspaces_of(project, "the project is closed")
    if unfinished := unfinished_extract(project):
        mark_failed(unfinished, actor)
    for extract in project.extracts.filter(ready=True, end_asked_by=""):
        lifecycle.begin_destruction(extract, actor.username, "The project was closed.")


def closure_certificate(code: str, actor: Principal) -> dict[str, str]:
    """Return the certificate of what became of a closed project's work.

    Raises
    ------
    Refused
        When the person may not read it, or it is not written yet.
    """
    project = get(code)
    require(actor, "read_certificate", project.resource())
    closure = Closure.objects.filter(project=project).exclude(done=None).first()
    if closure is None:
        raise Refused("The project's work has not ended yet", where=code)
    certificate: dict[str, str] = closure.certificate
    return certificate


def archive_of(closure: Closure) -> Path:
    """Return where a project's archive is, once it is made."""
    return load().path("archives", f"{closure.project.code}.tar")


def finish(closure: Closure) -> None:
    """Archive or destroy the work, see that it is gone, and write the certificate; done already, nothing changes.

    Cut off anywhere it goes on from there: an archive has its name only when it is whole, and only then is anything
    removed.

    Raises
    ------
    Refused
        When somebody's workspace has not ended yet, or the disk has no room for the archive: the job is tried again.
    OSError
        When the work cannot be archived or removed: the job is tried again, and no certificate is written.
    """
    if closure.done is not None:
        return
    _refuse_while_somebody_works(closure.project)
    _remove_imports(closure.project)
    folders, archive = list(_folders(closure.project)), None
    if closure.keep == Closure.Keep.ARCHIVE:
        archive = archive_of(closure)
        if not archive.exists():
            _write_archive(folders, archive)
    _count(closure, folders)
    for folder in folders:
        shutil.rmtree(folder)
        if os.path.lexists(folder):
            raise OSError(f"{folder.name} of {closure.project.code} is still there")
    _certify(closure, archive)


def _remove_imports(project: Project) -> None:
    """Remove what was brought in: it is the airlock's, frozen there, and no part of the archive."""
    from tre.airlock.imports.services import remove_placed  # the airlock knows projects

    remove_placed(project)


def _count(closure: Closure, folders: list[Path]) -> None:
    """Write down what there is before any of it is removed: cut off half-way, the next time finds less."""
    counts = [_size(folder) for folder in folders]
    counted = {"files": sum(files for files, _ in counts), "size": sum(size for _, size in counts)}
    Closure.objects.filter(pk=closure.pk, files=None).update(**counted)


def _refuse_while_somebody_works(project: Project) -> None:
    from tre.workspace.marker import folders, held
    from tre.workspace.models import WorkspaceSession

    theirs = set(WorkspaceSession.objects.filter(project=project).values_list("pk", flat=True))
    if any(number in theirs and held(folder) for number, folder in folders()) or _runs_as(project.gid):
        raise Refused("A workspace of the project has not ended yet", where=project.code, todo="Wait a minute")


def _runs_as(gid: int) -> bool:
    """Return whether a process runs with a project's group, where sandboxes have users of their own: as root."""
    if os.geteuid() != 0:
        return False
    wanted = f"Gid:\t{gid}\t"
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            if wanted in status.read_text():
                return True
        except OSError:  # it has ended meanwhile
            continue
    return False


def _folders(project: Project) -> Iterator[Path]:
    """Yield the folders that hold the work of a project's people, each below the platform's own folders."""
    of_project = load().path("projects", project.code)
    for folder in (
        of_project / "shared",
        of_project / "service",
        of_project / "repository",
        *sorted(load().path("homes").glob(f"*/{project.code}")),
    ):
        if folder.is_dir() and not folder.is_symlink():
            yield folder


def _write_archive(folders: list[Path], archive: Path) -> None:
    """Write the folders into one tar file (POSIX.1-2001), links as links; it has its name once it is whole."""
    home = load().home
    archive.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    staged = archive.with_suffix(".staged")
    staged.unlink(missing_ok=True)  # of a time that was cut off
    # A file with holes takes as much of an archive as it says that it holds, whatever it takes of the disk.
    if sum(size for _, size in map(_size, folders)) > _OF_WHAT_IS_FREE * shutil.disk_usage(archive.parent).free:
        raise Refused("The disk has no room for the archive", where=archive.name, todo="Make room, then retry the job")
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o400)
    with os.fdopen(descriptor, "wb") as out:
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for folder in folders:
                tar.add(folder, arcname=str(folder.relative_to(home)), filter=_kept)
        out.flush()
        os.fsync(out.fileno())
    os.replace(staged, archive)
    lifecycle.make_durable(archive.parent)


def _kept(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Leave out devices and pipes, which hold nothing."""
    return member if member.isreg() or member.isdir() or member.issym() or member.islnk() else None


def _size(folder: Path) -> tuple[int, int]:
    """Return how many files a folder holds, links among them, and their bytes."""
    files = size = 0
    for where, folders, names in os.walk(folder):
        for name in (*names, *(each for each in folders if os.path.islink(os.path.join(where, each)))):
            files, size = files + 1, size + os.lstat(os.path.join(where, name)).st_size
    return files, size


@transaction.atomic
def _certify(closure: Closure, archive: Path | None) -> None:
    held = Closure.objects.select_for_update().get(pk=closure.pk)
    if held.done is not None:
        return
    held.done = timezone.now()
    if archive is not None:
        held.keep_until = _years_later(timezone.localdate(), archive_years())
    held.certificate = lifecycle.sign(_statement(held, archive))
    held.save(update_fields=["done", "keep_until", "certificate"])
    subject, once = f"project:{held.project.code}", f"projects.work_ended:{held.pk}"
    record("projects.work_ended", actor="worker", subject=subject, data=held.certificate, once=once)


def _statement(closure: Closure, archive: Path | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "project": closure.project.code,
        "work": "archived" if archive else "destroyed",
        "done": closure.done.isoformat() if closure.done else None,
        "why": closure.why,
        "asked_by": closure.asked_by,
        "verified": "The folders were removed, and looked for afterwards and not found.",
        "files": closure.files,
        "bytes": closure.size,
    }
    if archive is not None:
        until = closure.keep_until.isoformat() if closure.keep_until else None
        told["archive"] = {"sha256": sha256_of(archive), "bytes": archive.stat().st_size, "keep_until": until}
    return told


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)
