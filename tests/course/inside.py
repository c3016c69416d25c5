"""A project's Spark in its sandbox, and people's notebooks each in one of their own, as the platform starts them."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat

from tests.course import runner
from tests.course.extract import write_extract
from tests.course.platform import Platform, listening
from tre.config.options import load
from tre.config.secrets import secret
from tre.projects.jobs import show_to_group
from tre.projects.models import Project
from tre.workspace import packages
from tre.workspace.folders import folder
from tre.workspace.project_services import launch, service_sandbox
from tre.workspace.repository import INSIDE, repository
from tre.workspace.sandbox import MLFLOW_PORT, PACKAGES, SPARK_PORT, WHEELS, Bind, Outbound, Sandbox, pip_settings
from tre.workspace.services import sockets_folder

CODE = "course"
_API_PORT = 8081
_STARTS_WITHIN_SECONDS = 120


@dataclass
class Ran:
    """A notebook that was executed inside: what it ended with, and what its cells put out."""

    error: str
    book: nbformat.NotebookNode
    log: str

    def shown(self, kind: str = "text/plain") -> str:
        """Return everything of one kind that the cells showed or printed."""
        outputs = [output for cell in self.book.cells for output in cell.get("outputs", ())]
        told = [output.get("text", "") or output.get("data", {}).get(kind, "") for output in outputs]
        return "\n".join(each if isinstance(each, str) else "".join(each) for each in told)


class OpenProject:
    """An open project: its extract, its Spark and MLflow in a sandbox, and rooms for its people."""

    def __init__(self, place: Path) -> None:
        self.place, self.project = place, Project(pk=77, code=CODE, gid=load().sandbox_uid_base + 9000)
        extract = place / "extract"
        self.platform = Platform(write_extract(extract), extract, place / "runs")
        show_to_group(extract, self.project.gid)
        self.extract = extract
        self._people: dict[str, int] = {}

    def home(self, who: str) -> Path:
        """Return a person's home folder, made as the platform makes it."""
        return folder("homes", who, CODE, uid=self.uid(who), gid=self.project.gid, mode=0o700)

    def uid(self, who: str) -> int:
        """Return the user id of a person's sandboxes."""
        return load().sandbox_uid_base + self._people.setdefault(who, 5000 + len(self._people))

    def room(self, who: str) -> Sandbox:
        """Return a person's sandbox as the spawner makes it, with no program yet."""
        inside = f"/home/{who}"
        shared = folder("projects", CODE, "shared", uid=0, gid=self.project.gid, mode=0o2770)
        code = repository(CODE, self.project.gid)
        own = self.place / f"launch-{who}"
        return Sandbox(
            name=f"room of {who}", uid=self.uid(who), gid=self.project.gid, username=who, home=inside, commands=(),
            environment={
                "HOME": inside, "USER": who, "LANG": "C.UTF-8", "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
                "PYTHONPATH": PACKAGES, "PYTHONDONTWRITEBYTECODE": "1", "JUPYTER_PREFER_ENV_PATH": "0",
                "TRE_API": f"http://127.0.0.1:{_API_PORT}/tre/api", "TRE_PROJECT": CODE, "TRE_DATA": "/project/data",
                "SPARK_REMOTE": f"sc://127.0.0.1:{SPARK_PORT}/;authorization=Bearer%20{secret(f'spark-{CODE}')}",
                "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{MLFLOW_PORT}", "MLFLOW_DISABLE_TELEMETRY": "true",
                **pip_settings(inside),
            },
            folder=str(own), log=str(self.place / f"{who}.log"),
            binds=(
                Bind(str(self.home(who)), inside, writable=True),
                Bind(str(shared), "/project/shared", writable=True),
                Bind(str(code), INSIDE, writable=True),
                Bind(str(self.extract), "/project/data"),
                Bind(str(packages.folder()), WHEELS),
                Bind(str(sockets_folder(CODE)), "/project/doors"),
                Bind(str(self.place / "api.sock"), "/api.sock"),
            ),
            outbound=(
                Outbound(_API_PORT, "/api.sock"),
                Outbound(SPARK_PORT, "/project/doors/spark.sock"),
                Outbound(MLFLOW_PORT, "/project/doors/mlflow.sock"),
            ),
        )  # fmt: skip

    def run(self, who: str, *command: str, seconds: float = 180) -> str:
        """Run a program in a person's sandbox and return what it printed."""
        box = replace(self.room(who), commands=(command,))
        Path(box.log).unlink(missing_ok=True)
        shutil.rmtree(box.folder, ignore_errors=True)
        Path(box.folder).mkdir(mode=0o700)
        launch(box).wait(seconds)
        return Path(box.log).read_text() if Path(box.log).exists() else ""

    def notebook(self, who: str, book: nbformat.NotebookNode) -> Ran:
        """Execute a notebook in a person's sandbox."""
        home = self.home(who)
        path, program = home / "book.ipynb", home / "runner.py"
        nbformat.write(book, path)
        shutil.copy(Path(runner.__file__), program)
        if os.geteuid() == 0:
            for each in (path, program):
                os.chown(each, self.uid(who), self.project.gid)
        log = self.run(who, sys.executable, f"/home/{who}/runner.py", f"/home/{who}/book.ipynb")
        line = next((each for each in log.splitlines() if each.startswith(runner.MARK)), None)
        error = json.loads(line.removeprefix(runner.MARK))["error"] if line else f"it did not end: {log}"
        return Ran(error, nbformat.read(path, as_version=4), log)

    def cells(self, who: str, *sources: str, kernel: str = "python3", may_fail: bool = False) -> Ran:
        """Execute a few cells; where they may fail, the next ones are executed all the same."""
        tags = {"tags": ["raises-exception"]} if may_fail else {}
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each, metadata=tags) for each in sources])
        book.metadata["kernelspec"] = {"name": kernel, "display_name": kernel, "language": ""}
        return self.notebook(who, book)


@contextmanager
def open_project(place: Path) -> Iterator[OpenProject]:
    """Start a project's services, and end them afterwards."""
    for each in (place, *place.parents):
        if str(each).startswith("/tmp/"):
            each.chmod(0o755)
    opened = OpenProject(place)
    load().path("logs").mkdir(parents=True, exist_ok=True)
    with listening(opened.platform, place / "api.sock"):
        made = service_sandbox(opened.project, opened.extract)
        quick = {"JDK_JAVA_OPTIONS": os.environ["JDK_JAVA_OPTIONS"]}  # as for every short-lived Java of the tests
        services = launch(replace(made, environment={**made.environment, **quick}, watch=os.getpid()))
        try:
            deadline = time.monotonic() + _STARTS_WITHIN_SECONDS
            while not (sockets_folder(CODE) / "mlflow.sock").exists():
                assert time.monotonic() < deadline, "the project's services did not start"
                time.sleep(0.1)
            yield opened
        finally:
            services.terminate()
            services.wait(30)
