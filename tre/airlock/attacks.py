"""Attacks on the models of a request, by the platform, while checkers begin to look at it: they read the report.

A report decides nothing: a model that was trained without privacy is not forbidden, it is attacked and reviewed. But
nobody approves a model before it is there, unless attacking was given up.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.db import transaction

from tre.airlock.models import AttackReport, Request, RequestFile
from tre.airlock.naming import WEIGHTS, model_folders, weights_in
from tre.airlock.services import PLATFORM
from tre.airlock.storage import storage
from tre.audit.services import record
from tre.config.options import load
from tre.projects.lifecycle import folder_of, is_whole
from tre.projects.models import Project
from tre.runs.attested.kinds.training import table_of
from tre.runs.attested.kinds.work import Work
from tre.runs.attested.lookup import attested_among
from tre.runs.queue import enqueue, handler, is_waiting
from tre.runs.runner import JobRefused, run_job

SECONDS = 60  # that the attacks on one model may take


def queue_attacks(request: Request) -> None:
    """Have the models of the turn that a request is in attacked; the caller's transaction queues it."""
    if _models(request):
        asked = {"request": request.pk, "turn": request.turn}
        enqueue("airlock.attack", asked, once=_once(request))


def _once(request: Request) -> str:
    return f"airlock.attack:{request.pk}:{request.turn}"


def are_waited_for(request: Request) -> bool:
    """Return whether the attacks on the models of a request's turn are still to be reported: not done, nor given up."""
    return is_waiting(_once(request))


@handler("airlock.attack")
def attack_models(payload: dict[str, Any]) -> None:
    """Attack a model of a turn that was not attacked yet, and queue the next; a turn that is over is let be.

    One at a time, so that who asks meanwhile for something else does not wait for all of them.
    """
    request = Request.objects.get(pk=payload["request"])
    if request.turn != payload["turn"]:
        return
    for folder, files in _models(request).items():
        weights = _weights_of(folder, files)
        if not AttackReport.objects.filter(file=weights).exists():
            _keep(weights, _attacked(request.project, files))
            _look_again(request)
            return


@transaction.atomic
def _look_again(request: Request) -> None:
    """Queue what is left, behind all that waits by now."""
    done = AttackReport.objects.filter(file__request=request, file__turn=request.turn).count()
    if done < len(_models(request)):
        asked = {"request": request.pk, "turn": request.turn}
        enqueue("airlock.attack", asked, once=f"{_once(request)}:{done}")


def attack_report(file: RequestFile) -> dict[str, Any] | None:
    """Return the report on the model that a file is a part of, or None: it is of no model, or not attacked yet.

    Its ``level`` is ``leaks``, ``look``, ``nothing`` or ``not run``; ``words`` tell a checker the whole, and each of
    ``attacks`` what was tried, what it got, what chance gives, and what that means.
    """
    folder = file.name.rpartition("/")[0]
    named = [f"{folder}/{each}" for each in WEIGHTS]
    weights = {"request": file.request_id, "turn": file.turn, "name__in": named}
    if file.kind != "model":
        return None
    kept = AttackReport.objects.filter(**{f"file__{name}": value for name, value in weights.items()}).first()
    return None if kept is None else dict(kept.report)


def _models(request: Request) -> dict[str, list[RequestFile]]:
    """Return the files of each model among those that would leave, by its folder."""
    files = request.leaving()
    folders = model_folders([file.name for file in files])
    return {folder: [file for file in files if file.name.startswith(f"{folder}/")] for folder in folders}


def _weights_of(folder: str, files: list[RequestFile]) -> RequestFile:
    name = weights_in(folder, [file.name for file in files])
    return next(file for file in files if file.name == name)


def _attacked(project: Project, files: list[RequestFile]) -> dict[str, Any]:
    scratch = load().path("run", "tmp")
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        model, table = Path(folder) / "model", Path(folder) / "table"
        for each in (model, table):
            each.mkdir(mode=0o700)
        for file in files:
            storage().copy(file.sha256, model / file.name.rpartition("/")[2])
        extracts = _trained_on(project, files, table) or _extracts(project)
        asked = {"folder": str(model), "extracts": extracts, "seconds": SECONDS, "seed": secrets.randbelow(2**31)}
        return run_job("attack", asked, plane="ml")


def _trained_on(project: Project, files: list[RequestFile], folder: Path) -> dict[str, dict[str, str]]:
    """Return the very table that a run of the platform trained a model on, made again; nothing where none did."""
    made = attested_among(project, [file.sha256 for file in files if file.name.rpartition("/")[2] in WEIGHTS])
    for output in made.values():
        if output.run.kind == "training":
            work = Work(output.run, folder, lambda step: None, lambda: False)
            with suppress(JobRefused):  # its extract is gone: the report says that it cannot be attacked
                return {work.data_version(): {"training": str(table_of(work))}}
    return {}


def _extracts(project: Project) -> dict[str, dict[str, str]]:
    """Return the tables of each extract of a project that is there, as a model's description calls it."""
    there = [each for each in project.extracts.filter(ready=True, destroyed=None) if is_whole(each)]
    return {
        f"{project.code}, extract {each.number}": {
            table["name"]: str(folder_of(each) / table["name"]) for table in each.manifest["tables"]
        }
        for each in there
    }


@transaction.atomic
def _keep(weights: RequestFile, report: dict[str, Any]) -> None:
    """Keep a report, and write into the log what it says in a word and by which hash it is known again."""
    _, made = AttackReport.objects.get_or_create(file=weights, defaults={"report": report})
    if made:
        digest = hashlib.sha256(json.dumps(report, sort_keys=True).encode()).hexdigest()
        data = {"sha256": weights.sha256, "level": report["level"], "report_sha256": digest}
        record("airlock.attacked", actor=PLATFORM, subject=f"request:{weights.request_id}", data=data)
