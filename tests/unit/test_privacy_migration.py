"""Ledgers that were begun before datasets and the population had any, and questions before they were runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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
_OF_QUESTIONS = """
import django; django.setup()
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
call_command("migrate", "projects", verbosity=0)
call_command("migrate", "privacy", "0004", verbosity=0)
loader = MigrationExecutor(connection).loader
then = loader.project_state([("privacy", "0004_questions"), *loader.graph.leaf_nodes("projects")]).apps
made = then.get_model("projects", "Project").objects.create(
    code="frailty", gid=70001, starts="2026-01-01", ends="2027-01-01")
extract = then.get_model("projects", "Extract").objects.create(project=made, number=1, asked_by="mia")
held = then.get_model("privacy", "Ledger").objects.create(
    scope="project", name="frailty", project=made, epsilon=10, delta="0.00001")
spends = [then.get_model("privacy", "Spend").objects.create(
    ledger=held, epsilon=1, delta=0, purpose="", by="ann", once=str(number)) for number in range(2)]
then.get_model("privacy", "Question").objects.create(spend=spends[1], extract=extract, query={}, noise=1.0)
call_command("migrate", "privacy", verbosity=0)
from tre.privacy.models import Spend
print(*Spend.objects.order_by("pk").values_list("buys", "state"))
"""


def test_what_was_lost_before_stays_lost(tmp_path):
    assert _printed(_BEFORE, tmp_path) == "project:frailty 3.500000 0.000002000000 3\n"


def test_what_was_spent_on_a_question_pays_for_no_model_still(tmp_path):
    assert _printed(_OF_QUESTIONS, tmp_path) == "('model', 'reserved') ('answer', 'reserved')\n"


def _printed(program: str, home: Path) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRE_")}
    told = {"TRE_HOME": str(home), "DJANGO_SETTINGS_MODULE": "tre.config.settings", "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, env={**kept, **told}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
