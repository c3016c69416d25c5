"""The loop behind the workspaces: watches over open ones, and keeps the services of each project that is in use."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable

from tre.projects.models import Project
from tre.projects.services import current_extract
from tre.runs.outage import LOST, Outage
from tre.workspace.keeper import Keeper, Plan
from tre.workspace.models import WorkspaceSession
from tre.workspace.project_services import launch, service_sandbox
from tre.workspace.services import extract_folder
from tre.workspace.session_watch import SessionWatch

_PAUSE_SECONDS = 1.0
_END_SECONDS = 30.0
_log = logging.getLogger("tre.workspace")


def main() -> None:
    """Look after the workspaces until told to stop."""
    stop: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, frame: stop.append(received))
    rooms, outage = Rooms(), Outage()
    while not stop:
        outage.outlast(rooms.look)
        time.sleep(_PAUSE_SECONDS)
    rooms.end()


class Rooms:
    """Everything that runs for open workspaces, beside the notebook servers themselves."""

    def __init__(self) -> None:
        self._watch = SessionWatch()
        self._keepers: dict[str, Keeper] = {}
        self._broken = ""

    def look(self) -> None:
        """Do one round: first the workspaces, then each project's services; what fails stops nothing else."""
        self._watch_sessions()
        in_use = WorkspaceSession.objects.filter(closed=None).values("project")
        # A project whose only extract expired, or is being destroyed, has nothing to serve.
        open_now = [project for project in Project.objects.filter(pk__in=in_use) if current_extract(project)]
        wanted = {project.code: project for project in open_now}
        for code in sorted({*wanted, *self._keepers}):
            keeper = self._keepers.setdefault(code, Keeper(f"services of {code}"))
            keeper.keep(_planner(wanted[code]) if code in wanted else None)
            if keeper.idle and code not in wanted:
                del self._keepers[code]

    def _watch_sessions(self) -> None:
        try:
            self._watch.look()
            self._broken = ""
        except LOST:
            raise
        except Exception as error:  # it comes again each second: the log tells of each kind once
            if repr(error) != self._broken:
                _log.exception("open workspaces cannot be watched over")
            self._broken = repr(error)

    def end(self) -> None:
        """End every service."""
        deadline = time.monotonic() + _END_SECONDS
        while self._keepers and time.monotonic() < deadline:
            for code, keeper in list(self._keepers.items()):
                keeper.keep(None)
                if keeper.idle:
                    del self._keepers[code]
            time.sleep(0.1)


def _planner(project: Project) -> Callable[[], Plan]:
    def plan() -> Plan:
        extract = extract_folder(project)
        return Plan(str(extract), lambda: launch(service_sandbox(project, extract)))

    return plan
