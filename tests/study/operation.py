"""Starting and stopping: nothing is left behind, a second start rebuilds nothing, a taken port is told."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests.study.product import REPOSITORY, running
from tests.study.report import Report
from tre.config.options import load


def processes() -> set[int]:
    """Return the processes of this machine that are alive."""
    return {int(path.name) for path in Path("/proc").glob("[0-9]*") if not _is_ended(path)}


def _is_ended(process: Path) -> bool:
    try:
        return (process / "stat").read_text().rpartition(") ")[2].startswith("Z")
    except OSError:
        return True


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")[:80]
    except OSError:
        return ""


def check_stopped(report: Report, before: set[int]) -> None:
    """Show that stopping left no process behind."""
    told = ("tre", "bwrap", "mlflow", "spark", "jupyter", "http-proxy", "uvicorn")
    left = [_command(pid) for pid in processes() - before - {os.getpid()}]
    orphans = [command for command in left if any(word in command for word in told) and "tests.study" not in command]
    report.promise("stopping leaves no process behind", not orphans, "; ".join(orphans))


def check_second_start(report: Report) -> None:
    """Start again: nothing is built anew. Then ask for a port that is taken."""
    told: list[str] = []
    began = time.monotonic()
    with running(told.append):
        report.figure("the second start", f"{time.monotonic() - began:.0f} s")
    rebuilt = [line for line in told if any(word in line for word in ("Synth", "Landing", "Building", "Provision"))]
    report.promise("a second start builds nothing anew", not rebuilt, "; ".join(rebuilt))
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", load().portal_port))
        taken.listen()
        done = subprocess.run(
            [sys.executable, "-m", "tre.cli", "up"], cwd=REPOSITORY, env=os.environ, capture_output=True, text=True
        )
    sentence = done.stderr.strip()
    report.say(f"          told: {sentence}")
    offered = done.returncode == 3 and sentence.count("\n") == 0 and "TRE_PORTAL_PORT=" in sentence
    report.promise("a port that is taken is told in one sentence, and another is offered", offered, sentence)
