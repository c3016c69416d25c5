"""A private training, paid for out of the project's ledgers before it begins."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tre.errors import TreError
from tre.people.services import principal_of
from tre.privacy.models import Spend
from tre.privacy.services import commit, reserve, settle_own
from tre.runs.attested.kinds.work import Made, Output, Work
from tre.runs.attested.money import spend_name
from tre.runs.attested.public import told_public
from tre.runs.confined import Shown
from tre.runs.runner import run_job


def carry_out(work: Work) -> Made:
    """Train, judge and keep a model; see :mod:`ml.train`.

    What cannot be trained costs nothing. Cut off and taken up again, it goes on from its checkpoint and pays nothing
    more.
    """
    asked, table = work.run.spec, table_of(work)
    job: Callable[..., dict[str, Any]] = partial(
        run_job, progress=work.tell, unwanted=work.unwanted, shown=Shown(writes=(work.folder,))
    )
    folder, name = work.folder / "out", str(asked["name"])
    request = {
        "training": asked["training"], "table": str(table), "folder": str(folder / name),
        "checkpoint": str(work.folder / "checkpoint"), "purpose": asked["purpose"],
        "data_version": work.data_version(), "spend": spend_name(work.run),
    }  # fmt: skip
    folder.mkdir(mode=0o700)
    spend = _paid(work, lambda: job("train", {**request, "only_check": True}, plane="ml"))
    told = job("train", request, plane="ml")
    files = sorted(path for path in (folder / name).rglob("*") if path.is_file())
    outputs = [Output(path.relative_to(folder).as_posix(), path) for path in files]
    public = told_public("training", asked, work.run.extract.manifest["tables"])
    return Made(outputs, {"spend": spend, "epsilon": told["epsilon"], "delta": told["delta"], "public": public})


def table_of(work: Work) -> Path:
    """Return the table that the run's query makes of its extract, the same each time; made where it is not there yet.

    Raises
    ------
    JobRefused
        When the query is refused, or the extract is not there any more.
    JobStopped
        When nobody wants it any more.
    """
    table = work.folder / "table.parquet"
    if not table.exists():
        staged = table.with_suffix(".staged")
        asked = {**work.extract("select"), "query": work.run.spec["query"], "out": str(staged)}
        run_job("select", asked, progress=work.tell, unwanted=work.unwanted, shown=work.shown())
        staged.rename(table)
    return table


def _paid(work: Work, check: Callable[[], object]) -> int:
    """Pay for the training, once, and return the spend's number; what cannot be trained is not paid for."""
    training, project = work.run.spec["training"], work.run.project
    actor = principal_of(work.run.author, used_second_factor=True)
    spend = reserve(
        project, epsilon=training.get("epsilon"), delta=training.get("delta"), purpose=str(work.run.spec["name"]),
        actor=actor, once=spend_name(work.run), origin=Spend.Origin.PLATFORM,
    )  # fmt: skip
    if spend.state == Spend.State.RESERVED:
        try:
            check()
        except TreError:  # refused, stopped, or without a result: a check trains nothing
            settle_own(spend, used=False)
            raise
        commit(project, spend.pk, actor)
    return int(spend.pk)
