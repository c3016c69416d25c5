"""A project's Spark and MLflow from the attacker's seat: whatever they are talked into runs where these probes run."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.factories import project
from tests.security.attacker import judge, known, source
from tests.security.test_sandbox import _ALONE
from tre.config.options import load
from tre.config.secrets import secret
from tre.projects.jobs import show_to_group
from tre.projects.models import Project
from tre.workspace.project_services import launch, service_sandbox
from tre.workspace.sandbox import Sandbox

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]
_OWN_TOKEN = "SPARK_CONNECT_AUTHENTICATE_TOKEN="  # its own: who reads it holds it already


@pytest.fixture
def study(db) -> Project:
    made = project(approved=False)
    yield made
    shutil.rmtree(load().path("projects", made.code), ignore_errors=True)


@pytest.fixture
def services(study, tmp_path: Path) -> Sandbox:
    """Return the sandbox of a project's services as the platform makes it, whose programs are the attacker's."""
    secret("hub-proxy")  # there is something to find
    for folder in (tmp_path, *tmp_path.parents):
        if os.geteuid() == 0 and folder != Path("/tmp") and str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    extract = tmp_path / "extract"
    extract.mkdir()
    (extract / "part-0.parquet").write_text("rows")
    show_to_group(extract, study.gid)
    return service_sandbox(study, extract)


def run(made: Sandbox, program: str) -> str:
    """Run a program in place of the services, and return what it printed."""
    shared = Path(next(each.source for each in made.binds if each.target == "/project/shared"))
    (shared / "attack.py").write_text(program)
    (shared / "attack.py").chmod(0o644)
    running = launch(
        replace(
            made,
            commands=((sys.executable, "/project/shared/attack.py"),),
            inbound=(),
            environment={**made.environment, "USER": "services"},
        )
    )
    running.wait(60)
    return Path(made.log).read_text()


def test_python_and_files_of_spark_and_mlflow_reach_nothing_else(services):
    """A function of the user's runs in Spark's own Python, `spark.read.text` and MLflow's artifacts read any path."""
    found = judge(run(services, source(known(_ALONE))))
    keys = "no key and no secret of the platform in any environment"
    assert [each for each in found.pop(keys) if not each.startswith(_OWN_TOKEN)] == []
    assert {sentence: reached for sentence, reached in found.items() if reached} == {}


def test_they_read_their_own_extract_and_write_none_of_it(services):
    """Else the test before would be true of a sandbox that shows nothing."""
    program = (
        "import json, os\n"
        "path, own = '/project/data/part-0.parquet', '/project/service'\n"
        "print(json.dumps([os.access(path, os.R_OK), os.access(path, os.W_OK), os.access(own, os.W_OK)]))"
    )
    assert json.loads(run(services, program).strip().splitlines()[-1]) == [True, False, True]
