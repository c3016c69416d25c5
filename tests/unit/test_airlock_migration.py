"""What there was before turns: each request becomes one with one group and goes on; who left a project is known."""

from __future__ import annotations

import os
import subprocess
import sys

from tre.config.options import REPOSITORY

_PROGRAM = """
import django; django.setup()
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

call_command("migrate", verbosity=0)
from tests.airlock import SAFE, open_study
from tests.factories import person
from tre.airlock.naming import MODEL_FILES
from tre.airlock.seals import seal
from tre.airlock.storage import storage
from tre.audit.services import record
from tre.disclosure import Inspection
from tre.people.models import Account

study = open_study()
person("bob", "researcher")
person("eve")
call_command("migrate", "airlock", "0003", verbosity=0)
call_command("migrate", "projects", "0008", verbosity=0)
loader = MigrationExecutor(connection).loader
later = ("airlock", "projects", "registered")  # the last stands on newer tables of the first
old = loader.project_state([each for each in loader.graph.leaf_nodes() if each[0] not in later]
                           + [("airlock", "0003_publications"), ("projects", "0008_disclosure_rules")]).apps
# One round that was approved named bob, who is gone by now; one that was declined named eve.
asked_for = old.get_model("projects", "Application").objects
first = asked_for.get()
asked_for.filter(pk=first.pk).update(people=["ann", "bob"])
asked_for.create(project_id=study.pk, kind="change", state="declined", ends=first.ends, people=["eve"], digest="")
get = lambda name: old.get_model("airlock", name).objects
ann = Account.objects.get(username="ann")
kept = storage().freeze([SAFE], 10**6)


def asked(state, names=("table.csv",)):
    made = get("Request").create(project_id=study.pk, author_id=ann.pk, context="Counts by age.", state=state,
                                 once=f"{state} {get('Request').count()}")
    found = Inspection(kept.sha256, "csv", kept.size, "pass", (), None, "acro", ()).to_json()
    files = [get("RequestFile").create(request=made, name=name, sha256=kept.sha256, size=kept.size, inspection=found)
             for name in names]
    for file in files:
        get("Publication").create(file=file, tables=[])
    listed = sorted([file.name, file.sha256, file.size] for file in files)
    with transaction.atomic():
        told = {"project": "frailty", "files": [{"sha256": f.sha256, "size": f.size} for f in files],
                "seal": seal("submission", made.pk, "frailty", "ann", listed)}
        record("airlock.submitted", actor="ann", subject=f"request:{made.pk}", data=told)
        record("airlock.passed_to_review", actor="airlock", subject=f"request:{made.pk}",
               data={"files": [{"sha256": kept.sha256, "verdict": "pass", "rules": []}]})
    return made


def reviewed(made, who, choice):
    review = get("Review").create(request=made, checker_id=Account.objects.get(username=who).pk, choice=choice)
    files = list(get("RequestFile").filter(request=made))
    for file in files:
        get("FileVote").create(review=review, file=file, sha256=file.sha256, choice=choice, comment="Why.")
    said = sorted([file.name, file.sha256, choice] for file in files)
    votes = sorted((file.sha256, choice) for file in files)
    with transaction.atomic():
        record("airlock.reviewed", actor=who, subject=f"request:{made.pk}", data={
            "choice": choice, "files": [{"sha256": sha256, "choice": each} for sha256, each in votes],
            "seal": seal("review", made.pk, who, choice, said)})


def agreed(made):
    for who in ("cat", "dan"):
        reviewed(made, who, "approve")
    with transaction.atomic():
        record("airlock.approved", actor="airlock", subject=f"request:{made.pk}", data={"reviews": 2})


approved = asked("approved", ("table.csv", "more.csv"))
agreed(approved)
waiting = asked("in_review")
reviewed(waiting, "cat", "approve")
disputed = asked("in_review")
reviewed(disputed, "cat", "approve")
reviewed(disputed, "dan", "reject")
halted, blocked = asked("blocked"), asked("blocked")
with transaction.atomic():
    record("airlock.release_halted", actor="airlock", subject=f"request:{halted.pk}", data={"why": "It was altered."})
model = asked("returned", [f"m/{name}" for name in sorted(MODEL_FILES)] + ["table.csv"])
swapped = asked("approved")
agreed(swapped)

call_command("migrate", verbosity=0)

from tests.airlock import vote
from tre.airlock import jobs
from tre.airlock.models import Group, Release, Request, RequestFile, Turn
from tre.airlock.services import why_halted

from tre.projects.models import PastMembership

assert list(PastMembership.objects.values_list("account__username", flat=True)) == ["bob"]
now = lambda made: Request.objects.get(pk=made.pk)
assert {each.turn for each in Request.objects.all()} == {1}
assert Turn.objects.count() == Group.objects.count() == Request.objects.count() == 7
assert set(Group.objects.values_list("context", "controls")) == {("Counts by age.", "As the context tells.")}
assert [now(each).phase for each in (approved, waiting, disputed, halted, blocked)] == [
    "", "independent", "consolidation", "halted", ""]
assert now(disputed).places == 3
assert why_halted(now(halted)) == "It was altered."
parts = RequestFile.objects.filter(request=model.pk, name__startswith="m/")
assert set(parts.values_list("kind", flat=True)) == {"model"}
assert RequestFile.objects.get(request=model.pk, name="table.csv").kind == "output"

jobs.release_request({"request": approved.pk})
assert now(approved).state == "released", why_halted(now(approved))
vote(now(waiting), "dan")
jobs.release_request({"request": waiting.pk})
assert now(waiting).state == "released", why_halted(now(waiting))
vote(now(disputed), "eve", "reject")
assert now(disputed).state == "rejected"
RequestFile.objects.filter(request=swapped.pk).update(name="other.csv")
jobs.release_request({"request": swapped.pk})
assert (now(swapped).state, now(swapped).phase) == ("blocked", "halted")
assert Release.objects.count() == 2
print("well")
"""


def test_what_was_before_becomes_one_turn_and_goes_on(tmp_path):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRE_")}
    told = {"TRE_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "tre.config.settings", "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], cwd=REPOSITORY, env={**kept, **told}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout == "well\n"
