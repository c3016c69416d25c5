"""A job that carries out a researcher's words sees what they are about, and nothing else of the house."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.runs import Place, ask, carried_out, content, make_warehouse
from tests.unit.test_attested_training import train
from tre.config.options import REPOSITORY, load
from tre.errors import Refused
from tre.keys.custody import custody
from tre.runs import runner
from tre.runs.attested.kinds import aggregate, private, training
from tre.runs.attested.statement import verify
from tre.runs.confined import Shown, confining
from tre.runs.java import java_home

PROBE = """
import json, os, socket, sys
def tried(what):
    try:
        return repr(what())
    except OSError as error:
        return type(error).__name__
told = {each: tried(lambda: os.listdir(each) if os.path.isdir(each) else open(each).read()) for each in sys.argv[3:]}
told["written"] = tried(lambda: open(sys.argv[1] + "/x", "w"))
told["called"] = tried(lambda: socket.create_connection(("127.0.0.1", int(sys.argv[2])), 2))
told["seen"] = sorted(each for each in os.listdir("/proc") if each.isdigit())
told["interfaces"] = [name for _, name in socket.if_nameindex()]
print(json.dumps(told))
"""


def inside(shown: Shown, *arguments: object) -> dict[str, Any]:
    command = confining(shown, java_home(load().path("run", "java")), load().path("run", "confined"))
    asked = [*command, sys.executable, "-c", PROBE, *map(str, arguments)]
    done = subprocess.run(asked, capture_output=True, text=True, check=True, env={})
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture
def place(monkeypatch, spark, tmp_path) -> Place:
    """Return a study whose jobs are run as the platform runs them, over a warehouse where the platform has it."""
    warehouse = make_warehouse(spark, tmp_path / "warehouse")
    made = Place(monkeypatch, spark, warehouse)
    for module in (aggregate, private, training):
        monkeypatch.setattr(module, "run_job", runner.run_job)
    home = load().path("warehouse")
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(warehouse, home)
    return made


def test_it_sees_its_own_folders_alone_and_reaches_nobody(tmp_path):
    mine, other = tmp_path / "mine", tmp_path / "other"
    for each in (mine, other):
        each.mkdir()
        (each / "rows").write_text("rows")
    with socket.create_server(("127.0.0.1", 0)) as server:
        told = inside(
            Shown(reads=(mine,)), mine, server.getsockname()[1], mine / "rows", other, load().home, custody_folder(),
            REPOSITORY / ".git", REPOSITORY / "tests", "/etc/shadow", "/var", "/proc/1/environ",
        )  # fmt: skip
    assert told.pop(str(mine / "rows")) == "'rows'"
    assert told.pop("written") == "OSError"
    assert told.pop("called") in ("ConnectionRefusedError", "OSError")
    assert len(told.pop("seen")) <= 3
    assert told.pop("interfaces") == ["lo"]
    assert told.pop("/proc/1/environ") in ("''", "PermissionError")  # of the sandbox's own first process
    assert set(told.values()) == {"FileNotFoundError"}, told


def custody_folder() -> Path:
    return load().path("keys")


def test_it_writes_where_it_may(tmp_path):
    told = inside(Shown(writes=(tmp_path,)), tmp_path, 1)
    assert "TextIOWrapper" in told["written"]
    assert (tmp_path / "x").exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.spark
def test_a_safe_table_a_private_answer_and_a_training_are_made_in_there(place):
    study = place.study()
    table = carried_out(ask(study, once="table"))
    assert (table.state, table.error) == ("done", "")
    assert b"300" in content(table)
    asked = {"kind": "count", "table": "people", "by": [{"column": "sex"}]}
    answer = carried_out(ask(study, {"query": asked, "epsilon": 1.0, "delta": 1e-6}, "private", once="answer"))
    assert (answer.state, answer.error) == ("done", "")
    model = carried_out(train(study, once="model"))
    assert (model.state, model.error) == ("done", "")
    key = custody().signing_key("attestation").public_key()
    for run in (table, answer, model):
        assert all(verify(run.attestation, key, each.sha256) for each in run.outputs.all())


def test_without_bubblewrap_nothing_is_carried_out(monkeypatch):
    java_home(load().path("run", "java"))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(Refused, match="bubblewrap"):
        runner.run_job("aggregate", {}, shown=Shown())
