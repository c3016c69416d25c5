"""Live checks of the workspaces: what a sandbox reaches, what passes to a browser, and whose each folder is."""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tre.evidence.domain import Found, judged, met, not_met, not_shown
from tre.evidence.installation import Installation
from tre.projects.models import Project
from tre.workspace import rfb
from tre.workspace.gate_rules import Asked, refused, refused_body
from tre.workspace.models import WorkspaceSession
from tre.workspace.trial import Trial

_OTHERS = 0o007
_BASE = "/user/someone/"
# Ways by which a file could be taken out, or brought in, past the airlock.
_TAKEN = (
    ("GET", "files/rows.csv", ""),
    ("GET", "nbconvert/html/work.ipynb", ""),
    ("GET", "api/contents/rows.csv", "content=1&type=file"),
    ("GET", "proxy/8080/", ""),
    ("GET", "terminals/websocket/1", ""),
)
_BROUGHT_IN = b'{"type": "file", "format": "text", "content": "rows"}'
_CLIPBOARD = b"what somebody marked and copied"


def clipboard(here: Installation) -> Found:
    """Give the strict profile's filter a clipboard in both directions, and look which projects have that profile."""
    if _passes_clipboard():
        return not_met("A clipboard passes from or to a strict workspace's screen")
    approved = Project.objects.filter(status=Project.Status.APPROVED)
    if not approved:
        return not_shown(f"No project is approved yet; a new one has the {here.options.workspace_profile} profile")
    standard = approved.exclude(profile=Project.Profile.STRICT).values_list("code", flat=True)
    if standard:
        return not_met(
            f"The strict profile passes no clipboard, but {len(standard)} approved projects have the standard one "
            f"({', '.join(standard)}): what it shows is text in the researcher's browser and can be marked and copied "
            f"there. It is bounded ({here.options.browser_megabytes} MB a day and person) and audited, not stopped"
        )
    return met(
        f"Each of {approved.count()} approved projects has the strict profile, which shows pixels and passes no "
        "clipboard. A screen can still be photographed or typed off: no software stops that"
    )


def _passes_clipboard() -> bool:
    said = b"\x06" + struct.pack(">xxxi", len(_CLIPBOARD)) + _CLIPBOARD
    told = b"\x03" + said[1:]
    browser = rfb.FromBrowser()
    browser.feed(b"RFB 003.008\n\x01\x01")
    pixels = struct.pack(">BBBBHHHBBBxxx", 32, 24, 0, 1, 255, 255, 255, 16, 8, 0)
    screen = rfb.FromScreen()
    screen.feed(b"RFB 003.008\n\x01\x01" + bytes(4) + struct.pack(">HH", 800, 600) + pixels + struct.pack(">I", 0))
    return bool(browser.feed(said) or screen.feed(told))


def outbound(here: Installation) -> Found:
    """Open a sandbox as a workspace's and have it call the internet, a name server and this machine."""
    return _tried(
        here, lambda trial: trial.outside, "A sandbox called public addresses, names and this machine: nothing answered"
    )


def between_projects(here: Installation) -> Found:
    """Open two sandboxes and have the one call the other, which listens."""
    return _tried(
        here, lambda trial: trial.neighbours, "Of two sandboxes that were open at once neither reached the other"
    )


def apart_on_compute(here: Installation) -> Found:
    """Open a sandbox and look for other processes and the platform's files; look whose groups projects have."""
    gids = list(Project.objects.values_list("gid", flat=True))
    if len(set(gids)) != len(gids):
        return not_met("Two projects have the same group")
    return _tried(
        here,
        lambda trial: (*trial.processes, *trial.files),
        f"A sandbox saw no process and no file but its own; each of {len(gids)} projects has a group of its own. "
        "Notebooks, Spark and MLflow of a project all run in such sandboxes",
    )


def _tried(here: Installation, reached: Callable[[Trial], Sequence[str]], seen: str) -> Found:
    trial = here.trial
    if not isinstance(trial, Trial):
        return not_shown(trial)
    return judged([f"a sandbox reached {each}" for each in reached(trial)], seen)


def ways_in_and_out(here: Installation) -> Found:
    """Ask the gate for files in the ways that are known, have a sandbox call out, and look at the daily ceiling."""
    trial = here.trial
    if not isinstance(trial, Trial):
        return not_shown(trial)
    passed = [
        f"the gate passes {method} {path}"
        for method, path, query in _TAKEN
        if refused(Asked(method, f"{_BASE}{path}", query), _BASE) is None
    ]
    if refused_body(_BROUGHT_IN) is None:
        passed.append("the gate takes a file in")
    return judged(
        [*passed, *(f"a sandbox reached {each}" for each in trial.outside)],
        f"The gate refused {len(_TAKEN)} ways to take a file and one to bring it in; a sandbox reached nothing "
        f"outside; a person's browser gets {here.options.browser_megabytes} MB a day at most. What a person reads "
        "they can remember or photograph",
    )


def shared_services(here: Installation) -> Found:
    """Look at the modes and owners of every project's folders on the disk."""
    folders = list(_folders(here.options.home))
    if not folders:
        return not_shown("No project has a folder here yet")
    faults = [] if not stat.S_IMODE(here.options.home.stat().st_mode) & 0o077 else ["the home folder is open to others"]
    faults += [fault for path, gid in folders if (fault := _open_to_others(path, gid, here.options.home))]
    return judged(
        faults, f"{len(folders)} folders of projects and their people were looked at: each is its own project's alone"
    )


def _folders(home: Path) -> Iterator[tuple[Path, int]]:
    """Yield each folder in which a project's people or services work, with the group that it must have."""
    for code, gid in Project.objects.values_list("code", "gid"):
        own = [home / "projects" / code / name for name in ("shared", "service", "repository")]
        for path in (*own, *sorted((home / "projects" / code / "extracts").glob("[0-9]*"))):
            if path.is_dir():
                yield path, gid
        yield from ((path, gid) for path in sorted((home / "homes").glob(f"*/{code}")) if path.is_dir())


def _open_to_others(path: Path, gid: int, home: Path) -> str:
    told, name = path.lstat(), path.relative_to(home)
    if told.st_mode & _OTHERS:
        return f"{name} is open to others"
    # Who is not root gives no folder away: sandboxes run as the platform's own user then.
    return f"{name} has another group than its project's" if os.geteuid() == 0 and told.st_gid != gid else ""


def usage(here: Installation) -> Found:
    """Look whether every workspace that was opened has its time, processors and memory written down."""
    opened = WorkspaceSession.objects.all()
    if not opened:
        return not_shown("No workspace has been opened yet")
    lacks = opened.filter(usage=None).count()
    people = opened.values("account").distinct().count()
    return judged(
        [f"{lacks} workspaces have no usage written down"] if lacks else [],
        f"Usage is written down for each of {opened.count()} workspaces, opened by {people} people in "
        f"{opened.values('project').distinct().count()} of {Project.objects.count()} projects",
    )


def sizes_and_quotas(here: Installation) -> Found:
    """Look at the sizes, quotas and prices in force."""
    options = here.options
    return met(
        f"Workspaces have {len(options.workspace_sizes)} sizes, a project {options.project_processor_hours} "
        f"processor-hours a month and {options.project_megabytes} MB at once unless set otherwise; who asks for a "
        "workspace beyond it is refused, and the page of each project tells what it used"
    )
