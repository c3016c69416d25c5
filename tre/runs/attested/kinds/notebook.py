"""A whole notebook, run in a sandbox of its own: the extract, no door, no network, and nobody at the keyboard.

Where it asks for Spark, a Spark Connect of its own stands in that same sandbox, over that same extract. The project's
own is no use here: colleagues' code runs in it, and might change what is attested; and it shows today's extract.

What it does is the researcher's code; that it did so on this data, from its first cell to its last, is what the
platform attests. It is inspected and reviewed like any other output.
"""

from __future__ import annotations

import json
import os
import secrets
import stat
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tre.config.options import load
from tre.errors import Refused
from tre.projects.disclosure import population_of, quasi_of, rules_of
from tre.projects.lifecycle import folder_of
from tre.runs.attested.kinds import within
from tre.runs.attested.kinds.work import Made, Output, Work
from tre.runs.attested.policy import runs_policy
from tre.runs.runner import JobStopped
from tre.workspace.folders import folder
from tre.workspace.limits import Bounds
from tre.workspace.project_commands import spark_remote
from tre.workspace.project_services import launch
from tre.workspace.sandbox import PACKAGES, Bind, Sandbox
from tre.workspace.spark_inside import spark_inside
from tre.workspace.users import service_uid

_HOME, _DATA = "/home/run", "/project/data"
_OF_SERVER = "SPARK_CONNECT_AUTHENTICATE_OF_SERVER"
_LOOK_SECONDS = 0.5
_MOST_OUTPUTS = 200
_CHUNK = 1024 * 1024
_SCRIPT = Path(within.__file__)


def carry_out(work: Work) -> Made:
    """Run the notebook; its outputs are the notebook as it was run, and what it wrote into its folder ``outputs``.

    Raises
    ------
    Refused
        When a cell failed, or it wrote more than it may.
    JobStopped
        When nobody wants it any more.
    """
    work.check_extract()
    project = work.run.project
    uid, gid = service_uid(project), project.gid
    home = folder(*_parts(work, "home"), uid=uid, gid=gid, mode=0o700)
    asked = home / within.ASKED
    asked.write_text(json.dumps(work.run.spec))
    asked.chmod(0o444)
    work.tell("running the notebook")
    process = launch(_sandbox(work, home, uid, gid))
    try:
        while process.poll() is None:
            if work.unwanted():
                raise JobStopped("The notebook was stopped")
            time.sleep(_LOOK_SECONDS)
    finally:
        process.terminate()
        process.wait()
    out = work.folder / "out"
    out.mkdir(mode=0o700)
    names = sorted(_taken(home, out))
    if within.RAN not in names:
        raise Refused("The notebook did not come to its end", where=_cell(home), todo="Run it in the workspace first")
    return Made([Output(name, out / name) for name in names])


def _parts(work: Work, name: str) -> tuple[str, ...]:
    return (*work.folder.relative_to(load().home).parts, name)


def _sandbox(work: Work, home: Path, uid: int, gid: int) -> Sandbox:
    project = work.run.project
    rules = asdict(rules_of(project)) | {"quasi": quasi_of(project), "population": population_of(project)}
    made = Sandbox(
        name=str(work.run),
        uid=uid,
        gid=gid,
        username="run",
        home=_HOME,
        commands=((sys.executable, "-c", _SCRIPT.read_text() + "\nmain()\n"),),
        environment={
            "HOME": _HOME,
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "PYTHONPATH": PACKAGES,
            "PYTHONDONTWRITEBYTECODE": "1",
            "TRE_DATA": _DATA,
            "TRE_PROJECT": project.code,
            "TRE_RULES": json.dumps(rules),
        },
        folder=str(folder(*_parts(work, "launch"), uid=0, gid=0, mode=0o700)),
        log=str(work.folder / "log"),
        binds=(Bind(str(folder_of(work.run.extract)), _DATA), Bind(str(home), _HOME, writable=True)),
        bounds=Bounds(runs_policy().memory),
        watch=os.getpid(),
    )
    return _with_spark(made, work) if work.run.spec.get("spark") else made


def _with_spark(made: Sandbox, work: Work) -> Sandbox:
    """Return the sandbox with a Spark Connect in it, on its own loopback, under a token that nobody else is told."""
    settings = folder(*_parts(work, "spark"), uid=0, gid=0, mode=0o755)
    spark, token = spark_inside(settings, _HOME), secrets.token_urlsafe(32)
    own = {"SPARK_REMOTE": spark_remote(token), _OF_SERVER: token, "SPARK_NO_DAEMONIZE": "1"}
    (notebook,) = made.commands
    return replace(
        made,
        commands=(_without(_OF_SERVER, notebook), _without("SPARK_REMOTE", spark.command)),
        environment={**made.environment, **spark.environment, **own},
        binds=(*made.binds, *spark.binds),
        bounds=Bounds(made.bounds.memory + spark.memory),
    )


def _without(name: str, command: Sequence[str]) -> tuple[str, ...]:
    """Return a command that is not told one thing.

    A client that is told the server's token asks for TLS, and a server that is told of a remote one does not start.
    """
    return ("/usr/bin/env", "-u", name, *command)


def _taken(home: Path, out: Path) -> Iterator[str]:
    """Copy what a run hands over, by descriptors alone: whoever ran inside may have planted links; yield the names."""
    here = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if _copy(here, within.RAN, out / within.RAN):
            yield within.RAN
        yield from _outputs(here, out)
    finally:
        os.close(here)


def _outputs(here: int, out: Path) -> Iterator[str]:
    found = 0
    for root, _, names, descriptor in os.fwalk(within.OUTPUTS, dir_fd=here, follow_symlinks=False):
        for name in sorted(names):
            path = f"{root}/{name}"
            (out / path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if _copy(descriptor, name, out / path):
                found += 1
                if found > _MOST_OUTPUTS:
                    raise Refused(f"A run may make {_MOST_OUTPUTS} files", where=within.OUTPUTS, todo="Make fewer")
                yield path


def _copy(place: int, name: str, target: Path) -> bool:
    """Copy a file of an open folder where it is a plain file of some size; return whether it was."""
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=place)
    except OSError:
        return False
    with os.fdopen(descriptor, "rb") as source:
        told = os.fstat(descriptor)
        if not stat.S_ISREG(told.st_mode) or not told.st_size:
            return False
        if told.st_size > runs_policy().most_bytes:
            raise Refused(
                "A run's output is larger than the policy lets it be", where="outputs", todo="Make it smaller"
            )
        with target.open("wb") as sink:
            while chunk := source.read(_CHUNK):
                sink.write(chunk)
    return True


def _cell(home: Path) -> str:
    """Return which cell failed, as the run itself says: a number and nothing else of what it wrote."""
    try:
        with os.fdopen(os.open(home / within.FAILED, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)) as told:
            number: Any = json.loads(told.read(100))
    except (OSError, ValueError):
        return "notebook"
    return f"cell {number}" if isinstance(number, int) and 0 < number < 10_000 else "notebook"
