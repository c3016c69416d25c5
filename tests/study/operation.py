"""Starting and stopping: nothing is left behind, a second start rebuilds nothing, a taken port is told."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import psutil

from tests.processes import alive, command_line, of_product, tree
from tests.study.product import REPOSITORY, Product, running
from tests.study.report import Report
from tre.config.options import load


def check_stopped(report: Report, started: set[psutil.Process]) -> None:
    """Show that stopping left no process behind: none of those that ran, and none that was given the home."""
    home = load().home
    orphans = alive({*started, *of_product("", home)}) - {psutil.Process(), *psutil.Process().parents()}
    report.promise("stopping leaves no process behind", not orphans, "; ".join(map(_told, orphans)))


def check_cut_off(report: Report, product: Product) -> None:
    """Kill the supervisor, as a power cut would, and start the product again on what is there."""
    left = product.cut_off()
    report.promise("killed, the supervisor leaves no process behind", not left, "; ".join(map(_told, left)))


def _told(process: psutil.Process) -> str:
    return f"{process.pid} {command_line(process)[:80]}"


def check_second_start(report: Report) -> None:
    """Start again: nothing is built anew. Then ask for a port that is taken."""
    told: list[str] = []
    began = time.monotonic()
    with running(told.append) as product:
        report.figure("the second start", f"{time.monotonic() - began:.0f} s")
        started = tree(product.pid)
    check_stopped(report, started)
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
