"""An installation in order, for the checks of evidence: each test breaks one thing of it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.audit import keep_checkpoints_in
from tests.catalogue import built, submission
from tests.factories import person, project
from tre.audit import checkpoints
from tre.config.options import load
from tre.disclosure import Inspection
from tre.evidence.checks import CHECKS
from tre.evidence.domain import Found
from tre.evidence.installation import Installation
from tre.people.models import Account
from tre.people.services import enrol_totp
from tre.projects.models import Extract, Project
from tre.workspace.models import WorkspaceSession
from tre.workspace.services import open_workspace
from tre.workspace.trial import Trial

HELD = Trial((), (), (), ())
VERDICTS = {"counts.csv": "pass", "few.csv": "review", "persons.csv": "block", "model.pkl": "block"}
PEOPLE = {
    "zebedee": "researcher", "cat": "output_checker", "dan": "output_checker", "mia": "data_manager", "aud": "auditor",
    "ope": "operator",
}  # fmt: skip


def in_order(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Make people with second factors, data that landed and was built, a project with an extract, and a workspace."""
    for part in ("projects", "homes", "evidence"):
        shutil.rmtree(load().path(part), ignore_errors=True)
    load().home.chmod(0o700)  # tests of sandboxes let others pass through it
    keep_checkpoints_in(folder / "checkpoints", monkeypatch)
    for name, role in PEOPLE.items():
        person(name, role)
    submission("june", "gp-system", ["gp_events"])
    built([], tables=[{"dataset": "people", "version": 3, "rows": 20_190, "first_year": 2018, "last_year": 2025}])
    made = project("frailty", "zebedee")
    columns = [{"name": "pseudonym"}, {"name": "sex"}]
    table = {"name": "people", "rows": 9, "files": [], "source_version": 3, "columns": columns}
    manifest = {"tables": [table], "risk": {"floor": 5, "tables": [{"table": "people", "quasi": ["sex"], "k": 7}]}}
    Extract.objects.create(project=made, number=1, asked_by="mia", ready=True, persons=4711, manifest=manifest)
    for account in Account.objects.filter(authenticator=None):
        enrol_totp(account)
    open_workspace("zebedee", "frailty")
    checkpoints.write_checkpoint()
    return made


def installation(
    trial: Trial | str = HELD, verdicts: Mapping[str, str] | None = None, **options: object
) -> Installation:
    """Return this installation, with settings changed, and with what a trial and inspection would say."""
    made = Installation(load().model_copy(update=options))
    made.__dict__.update(trial=trial, samples=dict(verdicts or VERDICTS))
    return made


def found(number: str, here: Installation | None = None) -> Found:
    """Run the check of a statement."""
    return CHECKS[number](here or installation())


def passes(path: Path, context: object) -> Inspection:
    """Stand in for inspection, which takes its time over each data contract."""
    return Inspection("0" * 64, "yaml", path.stat().st_size, "pass", (), None, "acro", ())


def last_session() -> WorkspaceSession:
    """Return the workspace that was opened."""
    return WorkspaceSession.objects.latest("pk")
