"""Private questions about an extract: priced, paid for and answered by the platform, out of the asker's reach.

The spend is reserved when a question is asked. The job that answers it has looked at nobody when it refuses a question
that does not fit its table, so that gives the budget back; an answer commits it, in the transaction that keeps the
answer. A job that is cut off runs again under the same spend: of its first answer nobody saw anything.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction

from tre.errors import Refused
from tre.policy.domain import Principal
from tre.privacy.composition import Mechanism, epsilon_at
from tre.privacy.domain import budget
from tre.privacy.models import Question, Spend
from tre.privacy.prices import Price, prices
from tre.privacy.services import reserve, settle_own
from tre.projects.domain import USABLE
from tre.projects.lifecycle import folder_of
from tre.projects.models import Extract, Project
from tre.projects.services import current_extract
from tre.runs.queue import enqueue, handler
from tre.runs.runner import JobRefused, run_job

JOB = "privacy.answer"
_MORE = 1.0005  # by what noise grows until its epsilon, as the ledger reckons it, is no more than what is offered
_WITHIN = 1.96  # standard deviations, of 95 % of normal noise
_MOST_TEXT = 20_000  # characters of a question


@dataclass(frozen=True)
class Quote:
    """What a question would cost each ledger, its noise, and how far a count of persons would be off (95 %)."""

    noise: float
    off: float
    prices: list[Price]


def quote(project: Project, epsilon: object, delta: object, cells: int = 1) -> Quote:
    """Return what a question of this epsilon would cost and be worth; nothing is taken.

    Parameters
    ----------
    cells : int
        In how many cells one person counts at most.

    Raises
    ------
    Refused
        The amounts are none, or so large or small that no noise is theirs.
    """
    by = gaussian(epsilon, delta)
    off = _WITHIN * by.noise * math.sqrt(max(cells, 1))
    return Quote(by.noise, off, prices(project, epsilon=epsilon, delta=delta, by=by))


def gaussian(epsilon: object, delta: object) -> Mechanism:
    """Return the Gaussian mechanism with the least noise, about, that loses no more than these amounts.

    Raises
    ------
    Refused
        The amounts are none, or so large or small that no noise is theirs.
    """
    import dp_accounting

    wanted = budget(epsilon, delta)
    if not (Decimal("0.001") <= wanted.epsilon <= 20 and 0 < wanted.delta < Decimal("0.001")):
        raise Refused("A question has an epsilon from 0.001 to 20 and a delta under 0.001", where="epsilon, delta")
    noise = max(float(dp_accounting.get_sigma_gaussian(float(wanted.epsilon), float(wanted.delta))), 0.3)
    while epsilon_at(Mechanism("gaussian", noise), wanted.delta) > wanted.epsilon:
        noise *= _MORE
    return Mechanism("gaussian", math.ceil(noise * 1e4) / 1e4)


@transaction.atomic
def ask(
    project: Project, query: object, *, epsilon: object, delta: object, purpose: str, once: str, actor: Principal
) -> Question:
    """Reserve what a question costs and queue its answer. Asked again under the same name, the first is returned.

    Parameters
    ----------
    query : object
        JSON values: see :class:`spark_jobs.noisy.query.Query`, which the job makes of them.

    Raises
    ------
    Refused
        When there is no extract, a ledger does not cover it, or another question was asked by this name.
    """
    extract = current_extract(project)
    if extract is None:
        raise Refused("The project has no extract")
    if not isinstance(query, dict) or len(str(query)) > _MOST_TEXT:
        raise Refused("A question is a JSON object of some length", where="query", todo="Ask it by tre.private")
    by = gaussian(epsilon, delta)
    spend = reserve(
        project, epsilon=epsilon, delta=delta, purpose=purpose, actor=actor, once=once,
        origin=Spend.Origin.PLATFORM, by=by, datasets=_dataset(project, extract, query),
    )  # fmt: skip
    told = {"extract": extract, "query": query, "noise": by.noise}
    question, made = Question.objects.get_or_create(spend=spend, defaults=told)
    if not made and question.query != query:
        raise Refused("Another question was asked by this name", where="once", todo="Use a new name")
    enqueue(JOB, {"question": question.pk}, once=f"{JOB}:{question.pk}")
    return question


def _dataset(project: Project, extract: Extract, query: dict[str, Any]) -> list[str] | None:
    """Return the one dataset that the platform will read, or None where it is not known by the table's name."""
    tables = {each["name"] for each in extract.manifest["tables"]}
    named = tables & set(project.agreements.values_list("dataset", flat=True)) & {str(query.get("table"))}
    return sorted(named) or None


@handler(JOB)
def answer(payload: dict[str, Any]) -> None:
    """Answer a question that waits, or say why not."""
    question = Question.objects.select_related("extract__project").get(pk=payload["question"])
    if question.state != Question.State.WAITING:
        return
    try:
        if question.extract.state != USABLE:
            raise JobRefused("The extract may not be used any more")
        told = run_job("private", _spec(question))
    except JobRefused as error:
        _end(question.pk, Question.State.REFUSED, why=error.sentence())
    else:
        _end(question.pk, Question.State.ANSWERED, answer=told)


def _spec(question: Question) -> dict[str, Any]:
    rows = {each["name"]: each["rows"] for each in question.extract.manifest["tables"]}
    folder = str(folder_of(question.extract))
    return {"query": question.query, "folder": folder, "rows": max(rows.values(), default=0), "noise": question.noise}


@transaction.atomic
def _end(number: int, state: Question.State, **told: object) -> None:
    question = Question.objects.select_for_update().get(pk=number)
    if question.state == Question.State.WAITING:  # of two workers the first one's answer is the only one
        settle_own(question.spend, used=state == Question.State.ANSWERED)
        Question.objects.filter(pk=number).update(state=state, **told)
