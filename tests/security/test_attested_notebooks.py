"""A notebook that the platform runs in a sandbox of its own: what it may do, and what nobody can make of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from uuid import uuid4

import pytest

from tests.factories import LATER, as_seen_now, person, project
from tests.runs import carried_out, content
from tests.security.attacker import judge, known, source
from tre.config.options import load
from tre.config.secrets import secret
from tre.projects.jobs import show_to_group
from tre.projects.lifecycle import folder_of
from tre.projects.models import Extract
from tre.runs.attested import jobs as runs_jobs
from tre.runs.attested import services
from tre.runs.attested.kinds import notebook, within
from tre.runs.attested.kinds.within import with_parameters

pytestmark = [
    pytest.mark.django_db(transaction=True),  # a thread of its own asks whether the run is still wanted
    pytest.mark.sandbox,
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]


@pytest.fixture
def study():
    person("ann", "researcher")
    made = project("frailty", "ann")
    extract = Extract.objects.create(
        project=made, number=1, asked_by="test", ready=True, expires=LATER, persons=3,
        manifest={"tables": [{"name": "people", "source_version": 1, "files": [], "rows": 3}]},
    )  # fmt: skip
    (folder_of(extract) / "people").mkdir(parents=True)
    (folder_of(extract) / "people" / "rows.csv").write_text("sex\n1\n2\n2\n")
    (folder_of(extract) / "manifest.json").write_text(json.dumps({"extract": 1, "tables": []}))
    show_to_group(folder_of(extract), made.gid)
    return made


def cells(*sources: str) -> dict:
    found = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": each,
        }
        for number, each in enumerate(sources)
    ]  # fmt: skip
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": found}


def ran(study, *sources: str, spark: bool = False, **parameters: object):
    spec = {"notebook": cells(*sources), "parameters": parameters, "spark": spark}
    return carried_out(services.ask(as_seen_now("ann"), study, "notebook", spec, "a"))


def test_a_notebook_reads_the_extract_takes_parameters_and_hands_over_what_it_wrote(study):
    run = ran(
        study,
        "rows = open('/project/data/people/rows.csv').read().split()[1:]",
        "open('outputs/counts.csv', 'w').write(f'{head},people\\n1,{rows.count(\"1\")}\\n')\nprint('done')",
        "import os; os.makedirs('outputs/deep'); open('outputs/deep/more.txt', 'w').write('more')",
        head="sex",
    )
    assert (run.state, run.error) == ("done", "")
    assert set(run.outputs.values_list("name", flat=True)) == {
        "notebook.ipynb", "outputs/counts.csv", "outputs/deep/more.txt",
    }  # fmt: skip
    assert content(run, "outputs/counts.csv") == b"sex,people\n1,1\n"
    assert b"done" in content(run, "notebook.ipynb")


def test_a_cell_that_fails_fails_the_run_and_says_which_and_no_more(study):
    run = ran(study, "x = 1", "raise ValueError('943 476 5919')")
    assert run.state == "failed"
    assert "cell 2" in run.error
    assert "943" not in json.dumps([run.error, run.log])
    assert not run.outputs.exists()


def test_links_and_devices_that_it_leaves_are_not_followed(study, tmp_path):
    secret = load().path("secrets-of-the-test")
    secret.write_text("secret")
    run = ran(
        study,
        "import os",
        f"os.symlink({str(secret)!r}, 'outputs/link.txt'); os.symlink('/etc', 'outputs/etc')",
        "os.mkfifo('outputs/pipe'); os.link('outputs/kept.txt', 'outputs/twice.txt') if os.path.exists('x') else None",
        "open('outputs/kept.txt', 'w').write('kept')",
        "os.remove('asked.json') if os.access('.', os.W_OK) else None",
    )
    assert run.state == "done", run.error
    assert set(run.outputs.values_list("name", flat=True)) == {"notebook.ipynb", "outputs/kept.txt"}


def test_its_own_end_as_a_link_is_no_end(study):
    secret = load().path("secrets-of-the-test")
    secret.write_text("{}")
    run = ran(
        study, "import os, signal",
        f"os.symlink({str(secret)!r}, os.path.expanduser('~/notebook.ipynb'))\n"
        "open(os.path.expanduser('~/failed.json'), 'w').write('\"Margaret Hughes\"')\n"
        "os.kill(os.getppid(), signal.SIGKILL)",
    )  # fmt: skip
    assert run.state == "failed"
    assert "Hughes" not in run.error


def test_it_reaches_nothing_but_the_extract(study):
    home = str(load().home)
    run = ran(
        study,
        "import os, socket, pathlib",
        f"seen = [each for each in ({home!r}, {home + '/keys'!r}, '/doors') if os.path.exists(each)]",
        "names = [name for name in os.environ if 'TOKEN' in name or 'SECRET' in name or name == 'TRE_API']",
        "def answers(host, port):\n    try:\n        socket.create_connection((host, port), 1)\n        return True\n"
        "    except OSError:\n        return False",
        "reached = [answers('1.1.1.1', 443), answers('127.0.0.1', 8000)]",
        "def writable():\n    try:\n        open('/project/data/people/rows.csv', 'a')\n        return True\n"
        "    except OSError:\n        return False",
        "assert not seen, seen\nassert not names, names\nassert not any(reached)\nassert not writable()",
    )
    assert run.state == "done", run.error


_PROBES = (
    "routes", "names", "files", "links", "writable", "processes", "tracing", "environment", "powers", "kernel", "calls",
    "control_plane",
)  # fmt: skip
_IN_SPARKS_PYTHON = """
import os, subprocess, sys
from pyspark.sql.functions import udf
@udf("string")
def attack(program):
    own = {**os.environ, "USER": "run"}
    done = subprocess.run([sys.executable, "-"], input=program, capture_output=True, text=True, env=own)
    return done.stdout + done.stderr
told = spark.createDataFrame([(program,)], "program string").select(attack("program")).head()[0]
open("outputs/probes.txt", "w").write(told)
"""


def test_with_a_spark_of_its_own_it_reads_the_extract_and_reaches_nothing_else(study):
    """Spark's own Python runs what the notebook gives it, and finds no more than the notebook does."""
    secret("hub-proxy")  # there is something to find
    run = ran(
        study,
        "import tre\nspark = tre.spark()",
        "rows = spark.read.option('header', True).csv('/project/data/people')\n"
        "counts = rows.groupBy('sex').count().orderBy('sex').collect()\n"
        "open('outputs/counts.csv', 'w').write(''.join(f'{sex},{n}\\n' for sex, n in counts))",
        f"program = {source(known(_PROBES))!r}\n{_IN_SPARKS_PYTHON}",
        "def writes(path):\n    try:\n        rows.write.csv(path)\n        return True\n"
        "    except Exception:\n        return False\n"
        "assert not writes('/project/data/more')",
        "def reads(path):\n    try:\n        return spark.read.text(path).count()\n"
        "    except Exception:\n        return None\n"
        f"assert reads({str(load().home)!r}) is None and reads('http://1.1.1.1/x') is None",
        spark=True,
    )
    assert (run.state, run.error) == ("done", "")
    assert content(run, "outputs/counts.csv") == b"1,1\n2,2\n"
    found = judge(content(run, "outputs/probes.txt").decode())
    assert {sentence: reached for sentence, reached in found.items() if reached} == {}


def test_without_it_there_is_no_spark(study):
    run = ran(
        study,
        "import tre",
        "try:\n    tre.spark()\nexcept Exception as error:\n    said = str(error)",
        "assert 'no Spark here' in said, said",
    )
    assert (run.state, run.error) == ("done", "")


def test_an_extract_that_was_altered_is_run_on_by_no_notebook(study):
    extract = Extract.objects.get()
    extract.manifest["tables"][0]["files"] = [{"name": "rows.csv", "sha256": "ab" * 32}]
    extract.save()
    assert "altered" in ran(study, "x = 1").error


def test_a_run_that_is_cancelled_is_ended_in_its_sandbox(study, monkeypatch, tmp_path):
    mark, marked = str(uuid4()), tmp_path / "within.py"  # no other test's run, which may be beside this one, has it
    marked.write_text(f"{Path(within.__file__).read_text()}\n# {mark}\n")
    monkeypatch.setattr(notebook, "_SCRIPT", marked)
    asked = {"notebook": cells("import time; open('outputs/began', 'w').close()", "time.sleep(600)")}
    run = services.ask(as_seen_now("ann"), study, "notebook", asked, "a")
    folder = load().path("run", "attested", f"{run.pk}-1")

    def unwanted() -> bool:
        if not (folder / "home" / "outputs" / "began").exists():
            return False
        assert _processes_with(mark) != []
        services.cancel(run.pk, as_seen_now("ann"))
        return True

    monkeypatch.setattr(runs_jobs, "_Unwanted", lambda run: unwanted)
    assert carried_out(run).state == "cancelled"
    assert not folder.exists()
    assert _processes_with(mark) == []


def _processes_with(mark: str) -> list[Path]:
    return [path for path in Path("/proc").glob("[0-9]*/cmdline") if _tells(path, mark.encode())]


def _tells(path: Path, words: bytes) -> bool:
    try:
        return words in path.read_bytes()
    except OSError:
        return False


@pytest.mark.parametrize("size", [1, 3])
def test_more_than_the_policy_lets_it_hand_over_fails(study, monkeypatch, size):
    monkeypatch.setattr(notebook, "_MOST_OUTPUTS", size - 1)
    run = ran(study, f"for n in range({size}): open(f'outputs/{{n}}.txt', 'w').write('x')")
    assert run.state == "failed"
    assert "files" in run.error


def test_parameters_stand_after_the_cell_that_is_tagged_or_before_all():
    held = cells("a = 1", "b = a")
    held["cells"][0]["metadata"]["tags"] = ["parameters"]
    placed = with_parameters(held, {"a": "x'y\n", "n": None})
    assert [cell["id"] for cell in placed["cells"]] == ["c0", "injected-parameters", "c1"]
    scope: dict = {}
    exec(placed["cells"][1]["source"], scope)
    assert (scope["a"], scope["n"]) == ("x'y\n", None)
    assert with_parameters(cells("b"), {"a": 1})["cells"][0]["id"] == "injected-parameters"
    assert with_parameters(held, {}) == held
