"""Attested runs for tests: a true extract of a small warehouse, and jobs that are done in the tests' own process."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pyspark.sql import SparkSession

from spark_jobs import extracts, provision, tables
from spark_jobs.pseudonymise import pseudonym
from tests.factories import LATER, as_seen_now, person, project
from tests.spark import lent
from tests.warehouse import nobody_opted_out, specification, table, warehouse_rows
from tre.airlock.storage import storage
from tre.errors import TreError
from tre.keys.custody import custody
from tre.projects.jobs import show_to_group
from tre.projects.lifecycle import folder_of
from tre.projects.models import Extract, Project
from tre.projects.specification import PSEUDONYM_KEY
from tre.runs.attested import jobs as runs_jobs  # noqa: F401 - its work is known by being imported
from tre.runs.attested import services
from tre.runs.attested.kinds import aggregate, private, training
from tre.runs.attested.models import Run
from tre.runs.confined import Shown
from tre.runs.queue import work_once
from tre.runs.runner import JobRefused

PEOPLE = 600
BY_SEX = {"query": "SELECT * FROM people", "rows": ["sex"]}
_SPINE = bytes(range(32))
_READ = {"extract", "table"}
_FOLDERS = {*_READ, "out", "scratch", "folder", "checkpoint"}


def make_warehouse(spark: SparkSession, folder: Path) -> Path:
    """Make a warehouse of some hundred people: half of each sex, in three years of birth; the last one is alone."""
    random = Random(11)
    people = [
        {"pseudonym": pseudonym(_SPINE, str(n)), "birth_year": 1930 + 20 * (n % 3), "sex": "12"[n % 2],
         "lsoa": f"E0100000{random.randrange(3)}", "ethnicity": random.choice("ABC")}
        for n in range(PEOPLE)
    ]  # fmt: skip
    people[-1]["ethnicity"] = "Z"
    tables.publish(warehouse_rows("people", spark, *people), folder / "people")
    tables.publish(nobody_opted_out(spark), folder / "opt_outs")
    return folder


class Place:
    """A study with a true extract, whose jobs run here; what they were given is kept."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, spark: SparkSession, warehouse: Path) -> None:
        self._warehouse, self.asked = warehouse, list[tuple[str, dict[str, Any]]]()
        self.before: Callable[[str], None] = lambda name: None
        monkeypatch.setattr(provision, "session", lent(spark))
        monkeypatch.setattr(extracts, "session", lent(spark))
        for module in (aggregate, private, training):
            monkeypatch.setattr(module, "run_job", self._run)
        person("ann", "researcher")
        for checker in ("cat", "dan"):
            person(checker, "output_checker")

    def study(self, code: str = "frailty", *members: str, cohort: str = "") -> Project:
        """Return an approved project with an extract of the people of a cohort."""
        made = project(code, *(members or ("ann",)))
        extract = Extract.objects.create(project=made, number=1, asked_by="test", expires=LATER)
        key = custody().derive(PSEUDONYM_KEY, code, 1)
        asked = specification(
            self._warehouse, folder_of(extract), table("people", "birth_year", "sex", "ethnicity"), project=code,
            cohort=cohort,
        )  # fmt: skip
        manifest = provision.run(asked, {PSEUDONYM_KEY: key}, lambda text: None)
        extract.manifest, extract.persons, extract.ready = manifest, manifest["persons"], True
        extract.save()
        show_to_group(folder_of(extract), made.gid)
        return made

    def _run(
        self, name: str, spec: Mapping[str, Any], keys: Mapping[str, bytes] | None = None, *,
        plane: str = "spark_jobs", progress: Callable[[str], None] | None = None,
        unwanted: Callable[[], bool] | None = None, shown: Shown,
    ) -> dict[str, Any]:  # fmt: skip
        self.before(name)
        for part in _FOLDERS & spec.keys():  # what the job works on is shown to it in its sandbox
            readable = (*shown.reads, *shown.writes) if part in _READ else shown.writes
            assert any(Path(spec[part]).is_relative_to(each) for each in readable), part
        told = json.loads(json.dumps(dict(spec)))
        self.asked.append((name, told))
        if "warehouse" in told:
            told["warehouse"] = str(self._warehouse)
        try:
            found = importlib.import_module(f"{plane}.{name}").run(
                told, dict(keys or {}), progress or (lambda text: None)
            )
        except TreError as error:
            raise JobRefused(error.sentence(), where=f"job {name}") from None
        answer: dict[str, Any] = json.loads(json.dumps(found))
        return answer


def ask(study: Project, spec: object = None, kind: str = "aggregate", once: str = "a", who: str = "ann") -> Run:
    """Ask for a run; for a table of people by sex where nothing is said."""
    return services.ask(as_seen_now(who), study, kind, BY_SEX if spec is None else spec, once)


def carried_out(run: Run) -> Run:
    """Carry out what is queued, and return the run as it is then."""
    while work_once():
        pass
    return Run.objects.get(pk=run.pk)


def content(run: Run, name: str = "table.csv") -> bytes:
    """Return a file that a run made."""
    return b"".join(storage().chunks(run.outputs.get(name=name).sha256))
