"""Whoever writes the log is killed at any moment, again and again: every proof of every entry holds afterwards."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

from tre.config.options import REPOSITORY

_KILLS = 6
_SETUP = "import django; django.setup(); from django.core.management import call_command; "
_WRITE = f"""{_SETUP}
call_command("migrate", "audit", verbosity=0)
from django.db import transaction
from tre.audit.checkpoints import write_checkpoint
from tre.audit.services import record
while True:
    with transaction.atomic():
        for number in range(3):
            record("test.happened", actor="alice", subject=f"thing:{{number}}", data={{"n": number}})
    write_checkpoint()
    print("written", flush=True)
"""
_PROVE = f"""{_SETUP}
from tests.audit import every_proof
from tre.audit.checkpoints import write_checkpoint
from tre.audit.models import Entry
write_checkpoint()
entries, checkpoints = every_proof()
assert entries == Entry.objects.count() and entries % 3 == 1  # three to a transaction, and where checkpoints began
print(entries, checkpoints)
"""


def started(program: str, home: Path) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRE_")}
    told = {"TRE_HOME": str(home), "DJANGO_SETTINGS_MODULE": "tre.config.settings", "PYTHONPATH": str(REPOSITORY)}
    return subprocess.Popen(
        [sys.executable, "-c", program], cwd=REPOSITORY, env={**kept, **told}, stdout=subprocess.PIPE, text=True
    )


def test_every_proof_holds_whenever_the_writer_was_killed(tmp_path):
    chance, written = random.Random(8), 0
    for _ in range(_KILLS):
        writer = started(_WRITE, tmp_path)
        assert writer.stdout.readline() == "written\n"
        time.sleep(chance.random() / 2)
        writer.kill()
        written += 1 + writer.stdout.read().count("written")
        writer.wait()
    prover = started(_PROVE, tmp_path)
    told, _ = prover.communicate()
    assert prover.returncode == 0
    entries, checkpoints = map(int, told.split())
    assert entries >= 3 * written  # what was said to be written is
    assert checkpoints >= written
