"""Kills the product's processes in the middle of the study, starts it again, and looks that it completes.

``python -m tests.study.kills`` goes through every kind of process there is (``make kills``); ``--only NAME`` through
those that are named. In one study each victim dies whose line comes; a study that a kill ended is begun again on what
it left, and the next victims die in that one, until all have died and a study comes to its end. What must hold is the
study's own: no submission, request, release or audit entry is there twice.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.processes import alive, of_product
from tests.study.product import REPOSITORY, prepare_environment, running

_RELEASE = "one approval alone"  # said before the second approval, which the release follows


@dataclass(frozen=True)
class Victim:
    """One kind of process: what its command line looks like, and the study's line after which it is killed."""

    command: str
    after: str

    @property
    def early(self) -> bool:
        """Return whether it dies before the product is ready for the first time."""
        return not self.after.startswith(("==", "cell", "asking", _RELEASE))

    @property
    def late(self) -> bool:
        """Return whether it dies while a release is under way, which a home sees once."""
        return self.after == _RELEASE


# In the order of the study's lines while the warehouse is made: a part that is done is not done again.
VICTIMS = {
    "landing job": Victim(r"-m spark_jobs land", "Landing the providers"),
    "supervisor while it prepares": Victim(r"tre\.cli up", "Building the warehouse"),
    "build job": Victim(r"-m spark_jobs build", "Building the warehouse"),
    "provision job": Victim(r"-m spark_jobs provision", "Provisioning the project"),
    "supervisor": Victim(r"tre\.cli up", "asking again"),
    "portal": Victim(r"tre\.config\.asgi", "cell 5 "),
    "hub": Victim(r"jupyterhub --config", "== Work in the notebook"),
    "proxy": Victim(r"configurable-http-proxy", "cell 2 "),
    "notebook": Victim(r"jupyterhub\.singleuser", "cell 1 "),
    "kernel": Victim(r"ipykernel_launcher", "cell 4 "),
    "spark": Victim(r"SparkConnectServer", "cell 2 "),
    "rooms": Victim(r"tre\.cli rooms", "== Work in the notebook"),
    "worker while it inspects": Victim(r"tre\.cli worker", "cell 7 "),
    "worker while it releases": Victim(r"tre\.cli worker", _RELEASE),
    "promotion job": Victim(r"-m ml promote", _RELEASE),
    "registry": Victim(r"mlflow.* server", _RELEASE),
    "the study itself": Victim(r"-m tests\.study ", "== Leave by the airlock"),
}


@dataclass
class Disturbed:
    """What came of one study: who was killed in it, how it ended, and what it printed."""

    killed: list[str]
    status: int
    printed: str


def disturbed(names: list[str], home: Path, people: int, chance: random.Random) -> Disturbed:
    """Run the study, and kill each victim some time after its line: of those with the same line, one."""
    waiting, killed, printed = list(names), [], []
    with started(home, people) as study:
        if study.stdout is None:
            raise RuntimeError("the study has no output")
        for line in study.stdout:
            printed.append(line)
            name = next((each for each in waiting if VICTIMS[each].after in line), None)
            if name and _killed(VICTIMS[name], home, chance.uniform(0, 2)):
                waiting.remove(name)
                killed.append(name)
    psutil.wait_procs(of_product("", home), timeout=60)  # the product ends with the study, but not in the same moment
    return Disturbed(killed, study.returncode, "".join(printed))


def _killed(victim: Victim, home: Path, seconds: float) -> bool:
    """Kill what is or soon will be the victim, and return whether it was: who lives less than that is met earlier."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if not (held := of_product(victim.command, home)):
            time.sleep(0.02)
            continue
        time.sleep(seconds)
        if living := alive(set(held)):
            for process in living:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            return True
        seconds /= 2
    return False


def _prepare(home: Path, people: int) -> None:
    """Start the product on an empty home until it is ready, and stop it: in a process of its own, for its settings."""
    prepare_environment(home, people)
    with running(lambda text: None):
        pass


def _begun(home: Path, prepared: Path, people: int) -> None:
    """Make a home in which the warehouse is built: from the one that was prepared, preparing it first."""
    if not prepared.exists():
        preparing = multiprocessing.get_context("spawn").Process(target=_prepare, args=(prepared, people))
        preparing.start()
        preparing.join()
        if preparing.exitcode:
            raise RuntimeError("the product could not be started")
    subprocess.run(["cp", "-a", str(prepared), str(home)], check=True)  # who owns what is part of it


def started(home: Path, people: int, *more: str) -> subprocess.Popen[str]:
    """Start the study, with more options, in a process of its own whose output can be read."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRE_")}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.study", "--people", str(people), "--home", str(home), *more],
        cwd=REPOSITORY, env={**environment, "PYTHONUNBUFFERED": "1"}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def main() -> int:
    """Kill each kind of process once and print what came of it."""
    parser = argparse.ArgumentParser(prog="kills", description=__doc__)
    parser.add_argument("--only", choices=sorted(VICTIMS), action="append", help="may be given several times")
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    waiting = [name for name in VICTIMS if not options.only or name in options.only]
    chance, ended, next_ones = random.Random(options.seed), False, waiting
    print(f"{'that study':<12}{'seconds':>8}  killed in it", flush=True)
    with tempfile.TemporaryDirectory(prefix="tre-kills-") as scratch:
        home, prepared = Path(scratch) / "home", Path(scratch) / "prepared"
        while waiting or not ended:
            if not home.exists() and not any(VICTIMS[name].early for name in waiting):
                _begun(home, prepared, options.people)
            began = time.monotonic()
            done = disturbed(next_ones, home, options.people, chance)
            ended = done.status == 0
            seconds = time.monotonic() - began
            told = ", ".join(done.killed) or "nobody"
            print(f"{'completed' if ended else 'broken':<12}{seconds:>8.0f}  {told}", flush=True)
            waiting = [name for name in waiting if name not in done.killed]
            if not done.killed and (next_ones or not ended):
                print(done.printed[-4000:], "Not killed: " + ", ".join(waiting) if waiting else "", sep="\n")
                return 1
            if ended:
                shutil.rmtree(home)
            # A home in which a release was cut off is seen to its end first: the others need one still to come.
            released = any(VICTIMS[name].late for name in done.killed)
            next_ones = [] if released and not ended else waiting
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
