"""The airlock is killed before each of its transactions ends: nothing is lost, nothing leaves twice, every proof holds.

One request goes through two turns: drafted, submitted, inspected, sent back, revised, approved, released. In each round
the process that does it dies at another commit, with whatever it had written to files; another goes on with what is
there. Processes are forked from one that has everything loaded and holds no connection.
"""

from __future__ import annotations

import os
import subprocess
import sys

from tre.config.options import REPOSITORY

_PROGRAM = """
import os, shutil, signal, sys, tempfile
from pathlib import Path
import django; django.setup()
from django.core.management import call_command
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from tests.airlock import SAFE, open_study
from tests.factories import as_seen_now
from tre.airlock import differencing, drafts, jobs, reviews, submissions
from tre.airlock.deciding import Vote
from tre.airlock.drafts import Upload
from tre.airlock.models import Release, Request, RequestFile
from tre.audit.models import Entry
from tre.audit.services import verify
from tre.config.options import load
from tre.disclosure import Inspection
from tre.projects.models import Project

HOME = Path(os.environ["TRE_HOME"])
KEPT = HOME.with_name("kept")
COMMITS, DIES = [0], [0]
_commit = BaseDatabaseWrapper.commit

def commit(self):
    COMMITS[0] += 1
    if COMMITS[0] == DIES[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    _commit(self)

BaseDatabaseWrapper.commit = commit

def quick(files, context):
    for file in files:
        found = Inspection(file.sha256, "csv", file.size, "pass", (), None, "acro", ())
        RequestFile.objects.filter(pk=file.pk).update(inspection=found.to_json())
        differencing.keep(file, ())

jobs._inspect = quick

def put_together(request):
    if not request.held() or (request.turn == 2 and len(request.held()) == 1):
        drafts.add_files(request.pk, as_seen_now("ann"), "Tables", [Upload(f"{request.turn}.csv", [SAFE])])
    if not request.groups.filter(turn=request.turn)[0].controls:
        drafts.describe_group(request.pk, as_seen_now("ann"), "Tables", "Counts.", "Rounded.")
    submissions.submit_draft(request.pk, as_seen_now("ann"), "Done.")

def review(request):
    choice = "return" if request.turn == 1 else "approve"
    for who in ("cat", "dan"):
        if not request.reviews.filter(turn=request.turn, checker__username=who, handed_in__isnull=False).exists():
            for file in request.leaving():
                reviews.save_vote(request.pk, as_seen_now(who), Vote(file.pk, choice, "Why.", file.sha256))
            reviews.hand_in(request.pk, as_seen_now(who))

def go_on():
    while True:
        request = Request.objects.first()
        if request is None:
            drafts.draft(as_seen_now("ann"), Project.objects.get(), "Counts.")
        elif request.state == "draft":
            put_together(request)
        elif request.state in ("submitted", "inspecting"):
            jobs.inspect_request({"request": request.pk})
        elif request.state == "in_review":
            review(request)
        elif request.state == "returned":
            submissions.revise(request.pk, as_seen_now("ann"))
        elif request.state in ("approved", "releasing"):
            jobs.release_request({"request": request.pk})
        else:
            return

def check():
    request = Request.objects.get()
    release = Release.objects.get()
    assert (request.state, request.turn) == ("released", 2), request.state
    folder = load().path("release", release.identity)
    assert sorted(path.name for path in folder.iterdir()) == ["1.csv", "2.csv", "ro-crate-metadata.json"]
    assert all((folder / name).read_bytes() == SAFE for name in ("1.csv", "2.csv"))
    assert [path.name for path in load().path("release").iterdir()] == [folder.name]
    told = list(Entry.objects.filter(subject="request:1").values_list("event", flat=True))
    for event, times in {"airlock.drafted": 1, "airlock.submitted": 2, "airlock.inspection_began": 2,
                         "airlock.passed_to_review": 2, "airlock.reviewed": 4, "airlock.returned": 1,
                         "airlock.revision_began": 1, "airlock.approved": 1, "airlock.release_began": 1,
                         "airlock.released": 1}.items():
        assert told.count(event) == times, (event, told)
    verify()

def forked(act, dies=0):
    child = os.fork()
    if child == 0:
        COMMITS[0], DIES[0] = 0, dies
        try:
            act()
        except BaseException:
            import traceback; traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return status

def counted():
    go_on()
    check()
    (HOME / "commits").write_text(str(COMMITS[0]))

call_command("migrate", verbosity=0)
open_study()
connections.close_all()
shutil.copytree(HOME, KEPT)
assert forked(counted) == 0
most, killed = int((HOME / "commits").read_text()), 0
for number in range(1, most + 1):
    shutil.rmtree(HOME)
    shutil.copytree(KEPT, HOME)
    killed += os.WIFSIGNALED(forked(go_on, number))
    assert forked(go_on) == 0, number
    assert forked(check) == 0, number
print(most, killed)
"""


def test_whenever_it_was_killed_it_is_gone_on_with_and_leaves_once(tmp_path):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRE_")}
    told = {
        "TRE_HOME": str(tmp_path / "home"), "DJANGO_SETTINGS_MODULE": "tre.config.settings",
        "PYTHONPATH": str(REPOSITORY),
    }  # fmt: skip
    (tmp_path / "home").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], cwd=REPOSITORY, env={**kept, **told}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    most, killed = map(int, done.stdout.split())
    assert killed == most >= 20
