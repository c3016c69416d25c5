"""The one port through which the control plane starts Spark and learning work: a job's name, plain values, keys.

A job is ``python -m spark_jobs NAME`` or ``python -m ml NAME`` in a process of its own. It reads one JSON object
(what to do, and the keys it may use) from standard input, so that no key is ever on a command line or in an
environment; it writes progress to standard error and its result as the last line of standard output.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, Literal

from tre.config.options import REPOSITORY, Options, load
from tre.errors import Refused, TreError
from tre.runs.class_archive import java_options
from tre.runs.java import java_home

Plane = Literal["spark_jobs", "ml"]
_REFUSED = 3
_PROGRESS = "progress: "
_LOOK_SECONDS = 1.0


class JobRefused(Refused):
    """A job refused its input and changed nothing."""


class JobFailed(TreError):
    """A job ended without a result."""


class JobStopped(TreError):
    """A job was ended because whoever started it no longer wants it."""


def run_job(
    name: str,
    spec: Mapping[str, Any],
    keys: Mapping[str, bytes] | None = None,
    *,
    plane: Plane = "spark_jobs",
    progress: Callable[[str], None] | None = None,
    unwanted: Callable[[], bool] | None = None,
) -> dict[str, Any]:
    """Run one job to its end and return its result.

    Parameters
    ----------
    name : str
        The job, such as ``build``.
    spec : mapping
        What to do, as JSON values.
    keys : mapping of str to bytes, optional
        The derived keys that this job may use, by purpose.
    plane : str
        The package that holds the job.
    progress : callable, optional
        Receives one line for each step.
    unwanted : callable, optional
        Asked each second, in a thread of its own; once it says so the job is killed.

    Raises
    ------
    JobRefused
        The job refused its input; the sentence is the job's own.
    JobStopped
        It was killed because nobody wants it any more.
    JobFailed
        The job ended otherwise; the sentence names its log.
    """
    log = load().path("logs", "jobs", f"{name}.log")
    log.parent.mkdir(parents=True, exist_ok=True)
    request = {"spec": dict(spec), "keys": {purpose: key.hex() for purpose, key in (keys or {}).items()}}
    with subprocess.Popen(
        [sys.executable, "-m", plane, name],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=job_environment(), cwd=REPOSITORY, text=True, preexec_fn=_die_with_parent,
    ) as process:  # fmt: skip
        pipes = (process.stdin, process.stdout, process.stderr)
        stdin, stdout, stderr = (pipe for pipe in pipes if pipe is not None)
        listener = threading.Thread(target=_listen, args=(stderr, log, progress), daemon=True)
        listener.start()
        watch = _Watch(process, unwanted)
        try:
            json.dump(request, stdin)
            stdin.close()
        except BrokenPipeError:
            pass  # it ended before it read; its status says why
        lines = stdout.read().strip().splitlines()
        listener.join()
        watch.end()
    if watch.stopped:
        raise JobStopped(f"The job '{name}' was stopped")
    return _result(name, process.returncode, lines[-1] if lines else "", log)


class _Watch:
    """Kills a process that nobody wants any more; to be ended when the process has ended.

    Parameters
    ----------
    unwanted : callable or None
        Asked each second; None never says so.
    """

    def __init__(self, process: subprocess.Popen[str], unwanted: Callable[[], bool] | None) -> None:
        self.stopped = False
        self._process, self._unwanted, self._over = process, unwanted, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        if unwanted is not None:
            self._thread.start()

    def _look(self) -> None:
        while self._unwanted is not None and not self._over.wait(_LOOK_SECONDS):
            if self._unwanted():
                self.stopped = True
                self._process.kill()
                return

    def end(self) -> None:
        """Stop looking."""
        self._over.set()
        if self._unwanted is not None:
            self._thread.join()


def _result(name: str, status: int, last: str, log: Path) -> dict[str, Any]:
    try:
        answer = json.loads(last)
    except ValueError:
        answer = None
    if status == _REFUSED and isinstance(answer, dict) and "error" in answer:
        raise JobRefused(str(answer["error"]), where=f"job {name}")
    if status != 0 or not isinstance(answer, dict):
        raise JobFailed(f"The job '{name}' ended with status {status}", where=str(log), todo="Read its last lines")
    return answer


def _listen(stderr: IO[str], log: Path, progress: Callable[[str], None] | None) -> None:
    with log.open("a") as kept:
        for line in stderr:
            if line.startswith(_PROGRESS):
                if progress is not None:
                    progress(line.removeprefix(_PROGRESS).rstrip())
            else:
                kept.write(line)


def job_environment() -> dict[str, str]:
    """Return the whole environment of a job: what it needs to run, and no setting or secret of the control plane."""
    options = load()
    passed = ("PATH", "LANG", "TZ", "JDK_JAVA_OPTIONS")
    kept = {name: os.environ[name] for name in passed if name in os.environ}
    java = java_home(options.path("run", "java"))
    return {
        **kept,
        "JAVA_HOME": str(java),
        "TRE_SPARK_JAVA_OPTIONS": java_options(java),
        **_spark(options),
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYSPARK_PYTHON": sys.executable,
        "HOME": str(options.path("run")),
        "TMPDIR": str(_scratch(options.path("run", "tmp"))),
    }


def _spark(options: Options) -> dict[str, str]:
    """Return what a job is told of where Spark runs and on what; of a cluster's secret the name of its file."""
    told = {
        "TRE_SPARK_MASTER": options.spark_master,
        "TRE_SPARK_MEMORY": options.spark_memory,
        "TRE_SPARK_PARTITIONS": str(options.spark_partitions),
    }
    if options.mounted_store:
        told["TRE_MOUNTED_STORE"] = "1"
    if options.spark_secret_file is not None:
        told |= {
            "TRE_SPARK_ADDRESS": options.spark_address,
            "TRE_SPARK_SECRET_FILE": str(options.spark_secret_file),
            "TRE_SPARK_EXECUTOR_MEMORY": options.spark_executor_memory,
            "TRE_SPARK_CORES": str(options.spark_cores),
        }
    return told


def _scratch(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG, prctl(2)
