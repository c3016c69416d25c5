"""The data plane's jobs on a standalone cluster over an object store make what they make on this machine's cores.

Each node has a mount of its own. Where nothing can be mounted, the nodes share a plain folder. A build is killed in the
middle, with all its processes, and run again.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from deltalake import DeltaTable

from spark_jobs import build, provision, stream
from spark_jobs.provisioning import few
from tests import mounts
from tests.conftest import REPOSITORY
from tests.health_system import on_spark_alone, use_session
from tests.processes import tree
from tests.s3 import store_process
from tests.standalone import HOST, Standalone, command_lines, outsider, run_job, standalone, start_job
from tests.whole_year import Year, files, fingerprints, here, rows, year
from tre.runs.runner import job_environment

pytestmark = pytest.mark.spark
_MOUNTED = {"TRE_MOUNTED_STORE": "1"}
_WITHIN_SECONDS = 300
_WRITER = """
import sys
from pathlib import Path
import pyarrow as pa
from spark_jobs import tables
from spark_jobs.errors import JobRefused
for turn in range(4):
    told = f"{sys.argv[2]}-{turn}"
    try:
        tables.publish_here(pa.table({"of": [told]}), told, Path(sys.argv[1]))
    except JobRefused as error:
        print(error.sentence())
        break
"""


@dataclass(frozen=True)
class Place:
    """A cluster, the folder that its nodes share, where the store listens, if any, and the settings of jobs there."""

    cluster: Standalone
    folder: Path
    store: str
    settings: dict[str, str]

    def run(self, name: str, spec: Mapping[str, Any], keys: Mapping[str, bytes]) -> Any:
        """Run a job there; the build that makes the second version of a table is killed once, after it has made one."""
        second = self.folder / "home" / "warehouse" / "gp_events" / "_delta_log" / f"{1:020}.json"
        if name == "build" and second.with_name(f"{0:020}.json").exists() and not second.exists():
            process = start_job(name, spec, keys, self.settings)
            end = time.monotonic() + _WITHIN_SECONDS
            while not second.exists():
                assert process.poll() is None, process.communicate()[1][-3000:]
                assert time.monotonic() < end
                time.sleep(0.05)
            for each in tree(process.pid):
                each.kill()
            assert "publishing" in process.communicate()[1]
            assert process.returncode < 0
        return run_job(name, spec, keys, self.settings)


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Iterator[Place]:
    folder, at = tmp_path_factory.mktemp("cluster"), tmp_path_factory.mktemp("shared")
    if mounts.why_not():
        with standalone(folder) as cluster:
            yield Place(cluster, at, "", cluster.settings())
        return
    with store_process() as store:
        nodes = [mounts.node(store, at, folder / f"mount-{number}") for number in range(2)]
        with standalone(folder, nodes) as cluster, mounts.mounted(store, at, folder / "mount"):
            yield Place(cluster, at, store, {**cluster.settings(), **_MOUNTED})


@pytest.fixture(scope="module")
def lines() -> list[str]:
    """Return where the command lines of all processes are kept that were seen while the jobs ran."""
    return []


@pytest.fixture(scope="module")
def on_cluster(place: Place, lines: list[str]) -> tuple[Path, Year]:
    home = place.folder / "home"
    with command_lines(lines):
        return home, year(home, place.run)


@pytest.fixture(scope="module")
def on_cores(spark, tmp_path_factory) -> tuple[Path, Year]:
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patched, on_spark_alone():
        use_session(patched, spark, build, provision, stream)
        patched.setattr(few, "MOST_CELLS", -1)
        return home, year(home, here)


def test_every_job_tells_the_same(on_cores, on_cluster):
    assert on_cluster[1]._asdict() == on_cores[1]._asdict()


def test_the_tables_are_the_same_row_by_row(on_cores, on_cluster):
    (here, _), (there, _) = on_cores, on_cluster
    assert fingerprints(there) == fingerprints(here)
    for name in [*fingerprints(here), stream.DATASET]:
        assert rows(there, name) == rows(here, name)
    assert len(rows(here, stream.DATASET)) == 3


def test_filters_feedback_and_extracts_are_the_same_byte_for_byte(on_cores, on_cluster):
    names = ("filters", "feedback", "extracts")
    told = files(on_cores[0], *names)
    assert files(on_cluster[0], *names) == told
    assert {name.partition("/")[0] for name in told} == set(names)


def test_all_of_it_lies_in_the_store(place: Place, on_cluster):
    if not place.store:
        pytest.skip(mounts.why_not())
    assert f"{0:020}.json</Key>" in mounts.listed(place.store, "home/warehouse/people/_delta_log/")
    assert not (place.folder / "home" / "landing" / "work").exists()


def test_the_secret_shows_on_no_command_line_no_page_and_in_no_log(place: Place, on_cluster, lines):
    secret = place.cluster.secret.read_text()
    ran = " ".join(lines)
    for kind in ("deploy.master.Master", "CoarseGrainedExecutorBackend", "pyspark-shell"):
        assert kind in ran, kind
    assert secret not in ran
    (port,) = re.findall(r"'MasterUI' on port (\d+)", (place.cluster.folder / "master" / "log").read_text())
    for page in ("", "json/"):
        with urlopen(f"http://{HOST}:{port}/{page}") as answer:
            told = answer.read().decode()
        assert "FINISHED" in told
        assert secret not in told
    # The workers, which still run, take away what executors that ended have left beside their logs.
    found = [Path(above, name) for above, _, names in os.walk(place.cluster.folder) for name in names]
    logs = [path for path in found if path.name in ("log", "stderr", "stdout")]
    assert len(logs) > 3
    assert not [path for path in logs if secret in path.read_text(errors="replace")]


def test_who_does_not_know_the_secret_joins_nothing(place: Place):
    assert outsider(place.cluster) == "refused"


def test_a_folder_that_the_nodes_do_not_see_is_refused(place: Place, tmp_path):
    if not place.store:
        pytest.skip(mounts.why_not())
    at = tmp_path / "unseen"
    at.mkdir()
    spec = {"out": str(at / "out"), "truth": str(at / "truth"), "people": 100, "seed": 1}
    with mounts.mounted(place.store, at, tmp_path / "mount"):  # after the nodes: they have a folder of their own there
        process = start_job("synthesise", spec, {}, place.settings)
        out, _ = process.communicate()
    assert process.returncode == 3
    assert json.loads(out.splitlines()[-1])["error"].startswith(
        "An executor does not see the folder as this job does (out)"
    )


def test_a_table_on_the_mount_is_refused_where_no_setting_allows_it_and_keeps_every_writer_s_version(place: Place):
    if not place.store:
        pytest.skip(mounts.why_not())
    folder = place.folder / "many"
    assert "no hard links" in _wrote(folder, {})[0]
    assert _wrote(folder, _MOUNTED) == ["", "", ""]
    table = DeltaTable(folder)
    assert table.version() == 11
    assert len({each["tre.fingerprint"] for each in table.history()}) == 12
    assert len(table.to_pyarrow_table()) == 1


def _wrote(folder: Path, settings: dict[str, str]) -> list[str]:
    """Let three processes make four versions each of one table, at once, and return how each was refused."""
    told = {**job_environment(), **settings}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(folder), str(by)], cwd=REPOSITORY, env=told, stdout=subprocess.PIPE,
            text=True,
        )
        for by in range(3)
    ]  # fmt: skip
    return [process.communicate()[0].strip() for process in processes]
