"""Bounds and values of a specification that a data contract names: taken where none are told, and told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tre.errors import Refused
from tre.projects.public import Public, codes_of, public_columns, range_of, table_of

STATED = "as the researcher states"
_OF_MEANS = ("mean", "quantiles")  # of each person's own mean, which lies where each of their numbers does
_Tables = Sequence[Mapping[str, Any]]


def with_contract(kind: str, spec: dict[str, Any], tables: _Tables) -> dict[str, Any]:
    """Return a specification whose question has the bounds and values of the contract where it told none.

    Parameters
    ----------
    kind : str
        Of run.
    tables : sequence of mapping
        Of the extract, as its manifest tells.

    Raises
    ------
    Refused
        When no contract names what is missing.
    """
    if kind != "private":
        return spec
    query, public = dict(spec["query"]), table_of(tables, spec["query"].get("table"))
    for part in ("by", "where"):
        if isinstance(query.get(part), list):
            query[part] = [_with_codes(each, public) for each in query[part]]
    if query.get("low") is None and query.get("high") is None:
        if query.get("kind") in _OF_MEANS:
            query["low"], query["high"] = range_of(public, str(query.get("column")))
        elif query.get("kind") == "sum":
            raise Refused("No contract tells what one person's total may be", where="sum", todo="Say low and high")
    return {**spec, "query": query}


def _with_codes(each: Any, public: Mapping[str, Public]) -> Any:
    if isinstance(each, dict) and each.get("values") is None and "column" in each:
        return {**each, "values": list(codes_of(public, str(each["column"])))}
    return each


def told_public(kind: str, spec: Mapping[str, Any], tables: _Tables) -> dict[str, str]:
    """Return of each column whose bounds or values a specification tells by what they are public.

    They are compared with the contract's, whoever wrote them down. Of what is no question nothing is told: its job says
    so.
    """
    public = {name: each for table in tables for name, each in public_columns(table).items()}
    try:
        if kind == "private":
            public = table_of(tables, spec["query"]["table"])
            ranges, values = _of_question(spec["query"])
        elif kind == "training":
            ranges, values = _of_training(spec["training"])
        else:
            return {}
        by_range = {name: _by(public.get(name), tuple(each), "range") for name, each in ranges.items()}
        return by_range | {name: _by(public.get(name), tuple(each), "codes") for name, each in values.items()}
    except (KeyError, TypeError, AttributeError):
        return {}


def _of_question(query: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the ranges and the values that a question tells, by column."""
    ranges = {query["column"]: (query["low"], query["high"])} if "low" in query else {}
    return ranges, {each["column"]: each["values"] for each in (*query.get("by", ()), *query.get("where", ()))}


def _of_training(training: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the ranges and the values of a training's features and groups, by name."""
    ranges = {each["name"]: (each["low"], each["high"]) for each in training["numeric"]}
    return ranges, {each["name"]: each["values"] for each in (*training["categories"], *training.get("groups", ()))}


def _by(public: Public | None, told: tuple[Any, ...], what: str) -> str:
    if public is None:
        return STATED
    named = told == public.range if what == "range" else set(told) <= set(public.codes)
    return public.told() if named else STATED
