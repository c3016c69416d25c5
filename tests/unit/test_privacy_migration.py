"""Ledgers that were begun before datasets and the population had any: what they lost stays lost."""

from __future__ import annotations

import os
import subprocess
import sys

from tre.config.options import REPOSITORY

_BEFORE = """
import django; django.setup()
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
call_command("migrate", "projects", verbosity=0)
call_command("migrate", "privacy", "0002", verbosity=0)
loader = MigrationExecutor(connection).loader
then = loader.project_state([("privacy", "0002_payments"), *loader.graph.leaf_nodes("projects")]).apps
projects = then.get_model("projects", "Project").objects
made = projects.create(code="frailty", gid=70001, starts="2026-01-01", ends="2027-01-01")
held = then.get_model("privacy", "Ledger").objects.create(project=made, epsilon=10, delta="0.00001")
spends = then.get_model("privacy", "Spend").objects
for number, (epsilon, state) in enumerate([("2", "committed"), ("1.5", "reserved"), ("4", "refunded")]):
    spends.create(ledger=held, epsilon=epsilon, delta="0.000001", purpose="", by="ann", state=state, once=str(number))
call_command("migrate", "privacy", verbosity=0)
from tre.privacy.models import Ledger
from tre.privacy.services import spent
found = Ledger.objects.get()
print(found.subject(), spent(found).epsilon, spent(found).delta, found.touching.count())
"""


def test_what_was_lost_before_stays_lost(tmp_path):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRE_")}
    told = {"TRE_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "tre.config.settings", "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, "-c", _BEFORE], cwd=REPOSITORY, env={**kept, **told}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "project:frailty 3.500000 0.000002000000 3\n"
