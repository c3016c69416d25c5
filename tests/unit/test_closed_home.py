"""What the platform writes is its own account's alone, and what a sandbox must read says so of itself."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.factories import person, project
from tre import cli
from tre.catalogue.models import DatasetVersion, WarehouseBuild
from tre.config import home
from tre.config.options import REPOSITORY, load
from tre.errors import SettingsError
from tre.projects import jobs, services
from tre.runs import java
from tre.workspace import launch
from tre.workspace.sandbox import Sandbox


@pytest.fixture(autouse=True)
def _umask():
    """Begin as a login shell does, and leave the tests' own process as it was."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_every_verb_writes_for_its_own_account_alone(tmp_path, monkeypatch):
    written = tmp_path / "written"
    monkeypatch.setattr(cli, "_down", lambda options: written.touch() or 0)
    assert cli.main(["down"]) == 0
    assert mode(written) == 0o600


@pytest.mark.parametrize("plane", ["spark_jobs", "ml"])
def test_every_job_writes_for_its_own_account_alone(tmp_path, plane):
    """A job of each plane, in a process of its own as the runner starts it, but one that writes a file and no more."""
    program = (
        f"import sys, types; from {plane} import __main__ as job; from pathlib import Path\n"
        "def run(spec, keys, say): Path(spec['out']).touch(); return {}\n"
        "made = types.ModuleType('made'); made.run = run\n"
        f"job.JOBS = ('made',); sys.modules['{plane}.made'] = made; sys.argv = ['x', 'made']\n"
        "raise SystemExit(job.main())"
    )
    out = tmp_path / "out"
    told = f'{{"spec": {{"out": "{out}"}}}}'
    subprocess.run([sys.executable, "-c", program], input=told, text=True, check=True, cwd=REPOSITORY)
    assert mode(out) == 0o600


@pytest.mark.parametrize("before", [None, 0o755, 0o770, 0o711, 0o700])
def test_the_home_folder_is_closed_at_the_start(tmp_path, before):
    folder = tmp_path / "a" / "home"
    if before is not None:
        folder.mkdir(parents=True)
        folder.chmod(before)
    home.close_to_others(folder)
    assert mode(folder) == 0o700


def test_a_home_folder_of_another_account_is_refused_and_left_alone(tmp_path, monkeypatch):
    tmp_path.chmod(0o755)
    monkeypatch.setattr("os.geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(SettingsError, match="belongs to another account"):
        home.close_to_others(tmp_path)
    assert mode(tmp_path) == 0o755


@pytest.mark.django_db
def test_an_extract_is_read_by_its_project_alone(monkeypatch):
    def made(name: str, spec: dict, keys: dict, **more: object) -> dict:
        table = Path(spec["out"]) / "people"
        table.mkdir(parents=True)
        (table / "part-0.parquet").touch()
        applied = {"version": 0, "national": True}
        return {
            "persons": 7,
            "tables": [],
            "risk": {"floor": 5, "below": False, "tables": []},
            "opt_outs": applied,
        }

    shutil.rmtree(load().path("projects", "closed"), ignore_errors=True)  # of an earlier run in the same home
    os.umask(0o077)
    monkeypatch.setattr(jobs, "run_job", made)
    build = WarehouseBuild.objects.create(by="test", inputs="x")
    for name in ("people", "opt_outs"):
        DatasetVersion.objects.create(dataset=name, version=0, rows=7, build=build)
    person("ann", "researcher")
    study = project("closed", "ann")
    extract = services.ask_for_extract("closed", person("data-manager", "data_manager"))
    jobs.provision({"extract": extract.pk})
    folder = load().path("projects", "closed", "extracts", "1")
    assert [mode(path) for path in (folder, folder / "people", folder / "people" / "part-0.parquet")] == [
        0o750, 0o750, 0o640,
    ]  # fmt: skip
    if os.geteuid() == 0:
        groups = {path.stat().st_gid for path in (folder, *folder.rglob("*"))}
        assert groups == {study.gid}


def test_what_a_sandbox_shows_can_be_read_inside(tmp_path, monkeypatch):
    os.umask(0o077)
    launch._prepare(tmp_path, Sandbox("x", 0, 0, "ann", "/home/ann", (), {}, str(tmp_path), ""))
    shown = [*(tmp_path / "etc").rglob("*"), tmp_path / "etc", tmp_path / "doors"]
    assert {mode(path) for path in shown if path.is_dir()} == {0o755}
    assert {mode(path) for path in shown if path.is_file()} == {0o644}
    java._from_wheel(tmp_path / "java")
    assert [mode(tmp_path / "java" / part) for part in ("", "bin", "bin/java")] == [0o755] * 3


@pytest.mark.spark
def test_what_spark_writes_is_the_platforms_alone(spark, tmp_path):
    """Hadoop sets the modes of files by a setting of its own, whatever the process's umask."""
    spark.range(3).write.parquet(str(tmp_path / "table"))
    written = list((tmp_path / "table").iterdir())
    assert {mode(path) for path in written} == {0o600}
    assert any(path.suffix == ".parquet" for path in written)


def test_a_home_in_which_no_socket_could_be_made_is_refused():
    home.check_short(Path("/srv") / ("x" * (home.LONGEST - 5)))
    with pytest.raises(SettingsError, match="shorter"):
        home.check_short(Path("/srv") / ("x" * (home.LONGEST - 4)))
