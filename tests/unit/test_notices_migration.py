"""What was told of recalls before there were other notices is told still."""

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
call_command("migrate", "airlock", "0007", verbosity=0)
call_command("migrate", "people", verbosity=0)
loader = MigrationExecutor(connection).loader
then = loader.project_state(list(loader.applied_migrations)).apps
project = then.get_model("projects", "Project").objects.create(
    code="frailty", gid=70001, starts="2026-01-01", ends="2027-01-01"
)
ann = then.get_model("people", "Account").objects.create(username="ann", email="ann@example.org")
request = then.get_model("airlock", "Request").objects.create(project=project, author=ann, context="", once="1")
then.get_model("airlock", "Notice").objects.create(request=request, account=ann, kind="recalled", text="Wrong.")
call_command("migrate", verbosity=0)
from tre.notices.models import Notice
found = Notice.objects.get()
print(found.account.username, found.kind, found.about, found.text, found.mail, found.sent)
"""


def test_a_recall_that_was_told_before_is_told_still(tmp_path):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRE_")}
    told = {"TRE_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "tre.config.settings", "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, "-c", _BEFORE], cwd=REPOSITORY, env={**kept, **told}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "ann recalled request:1 Wrong. once None\n"
