"""Models that were released before there was a table of them are in it, and the registry is told of them."""

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
call_command("migrate", verbosity=0)
call_command("migrate", "registered", "0001", verbosity=0)
loader = MigrationExecutor(connection).loader
then = loader.project_state(list(loader.applied_migrations)).apps
account = then.get_model("people", "Account").objects.create(username="ann", email="ann@example.org")
project = then.get_model("projects", "Project").objects.create(
    code="frailty", gid=70001, starts="2026-01-01", ends="2027-01-01"
)
for number, state in ((1, "released"), (2, "released"), (3, "recalled")):
    request = then.get_model("airlock", "Request").objects.create(
        project=project, author=account, context="", once=str(number), state=state
    )
    then.get_model("airlock", "Release").objects.create(
        request=request, identity=f"release-{number}", files=[{"name": "models/risk/weights.safetensors"}],
        models_registered=[{"name": "frailty-risk", "version": str(number)}],
    )
call_command("migrate", verbosity=0)
from tre.airlock.registered.models import Alias, RegisteredModel
from tre.runs.models import Job
for each in RegisteredModel.objects.order_by("version"):
    print(each.name, each.version, each.folder, each.state)
print(Alias.objects.get().version, list(Job.objects.values_list("kind", flat=True)))
"""


def test_what_was_released_before_is_kept_and_the_registry_is_told(tmp_path):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRE_")}
    told = {"TRE_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "tre.config.settings", "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, "-c", _BEFORE], cwd=REPOSITORY, env={**kept, **told}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "frailty-risk 1 models/risk in service", "frailty-risk 2 models/risk in service",
        "frailty-risk 3 models/risk recalled", "2 ['registered.settle']",
    ]  # fmt: skip
