"""What a run is asked to do, as values: read strictly, so that nothing unknown is carried along and signed."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator

from tre.errors import Refused
from tre.runs.attested.domain import KINDS, Kind

_MOST_TEXT = 20_000  # characters of what is asked
_Name = Annotated[str, Field(min_length=1, max_length=200)]
_Query = Annotated[str, Field(min_length=1, max_length=_MOST_TEXT)]


class _Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Aggregate(_Spec):
    """A table of groups: see :func:`tre.disclosure.statistics.tables.safe_table`.

    Parameters
    ----------
    query : str
        A SELECT over the extract's tables whose answer has the column ``pseudonym``, of whom each row is about.
    rows, columns : list of str
        The columns of the answer that make the groups, down and across.
    values : str, optional
        The column that is summed or averaged.
    """

    query: _Query
    rows: Annotated[list[_Name], Field(min_length=1, max_length=8)]
    columns: Annotated[list[_Name], Field(max_length=8)] = []
    values: _Name | None = None
    aggfunc: Annotated[str, Field(pattern="^(count|people|sum|mean|std)$")] = "people"
    margins: bool = False


class Training(_Spec):
    """A private training: see :class:`ml.spec.TrainingSpec`.

    Parameters
    ----------
    query : str
        A SELECT over the extract's tables, whose answer is what is trained on.
    training : dict
        The training's own specification, which the learning plane reads.
    name : str
        What the model is called; the folder of its files.
    purpose : str
        What it is for; its card tells.
    """

    query: _Query
    training: dict[str, JsonValue]
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,59}$")]
    purpose: Annotated[str, Field(min_length=1, max_length=500)]


class Notebook(_Spec):
    """A whole notebook, run from its first cell to its last on the extract alone.

    Parameters
    ----------
    notebook : dict
        The notebook, in nbformat 4.
    parameters : dict
        Values that a cell tagged ``parameters`` is followed by, as papermill does.
    spark : bool
        Whether it has a Spark session, of a Spark Connect in its own sandbox.
    """

    notebook: dict[str, JsonValue]
    parameters: dict[Annotated[str, Field(pattern=r"^[A-Za-z_]\w{0,59}$")], str | int | float | bool | None] = {}
    spark: bool = False


class Private(_Spec):
    """A private question: see :class:`spark_jobs.noisy.query.Query`, which its job makes of it.

    Parameters
    ----------
    query : dict
        What is asked.
    epsilon, delta : float
        What it may lose.
    purpose : str
        What it is for, shown on the ledger.
    """

    query: dict[str, JsonValue]
    epsilon: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    delta: Annotated[float, Field(gt=0, lt=1)]
    purpose: Annotated[str, Field(max_length=200)] = ""

    @field_validator("query")
    @classmethod
    def _short(cls, told: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if len(json.dumps(told)) > _MOST_TEXT:
            raise ValueError("it is long")
        return told


_READ: dict[Kind, type[_Spec]] = {
    "aggregate": Aggregate,
    "training": Training,
    "notebook": Notebook,
    "private": Private,
}


def checked(kind: str, told: object) -> tuple[Kind, dict[str, Any]]:
    """Return the kind of run, and its specification as JSON values with everything that was left out.

    Raises
    ------
    Refused
        Saying which part is missing, unknown or wrong; never what it holds.
    """
    found = next((each for each in KINDS if each == kind), None)
    if found is None:
        raise Refused("There is no such kind of run", where="kind", todo=f"Use one of: {', '.join(KINDS)}")
    try:
        return found, _READ[found].model_validate(told, strict=True).model_dump(mode="json")
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"])) or "spec"
        words = {"missing": "A part is missing", "extra_forbidden": "A part is not known"}
        told_of = words.get(first["type"], "A part is not what it has to be")
        raise Refused(told_of, where=where[:120], todo="See tre.run's documentation") from None
