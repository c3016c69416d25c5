"""The document as a page tells it to people: operations by section, with what is sent and what comes back. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Value:
    """One value that is sent or answered: its name, its type in words, whether it must be there, and what it means."""

    name: str
    type: str
    required: bool
    words: str


@dataclass(frozen=True)
class Operation:
    """One thing that the API does."""

    identity: str
    method: str
    path: str
    words: str
    scopes: tuple[str, ...]
    asks_again: bool
    parameters: tuple[Value, ...]
    sent: tuple[Value, ...]
    answered: str


@dataclass(frozen=True)
class Section:
    """Operations that belong together."""

    name: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True)
class Shape:
    """One kind of value that answers and bodies hold."""

    name: str
    words: str
    values: tuple[Value, ...]


def sections(document: Mapping[str, Any]) -> tuple[Section, ...]:
    """Return the document's operations by their tags, in the order of the document."""
    found: dict[str, list[Operation]] = {}
    for path, operations in document["paths"].items():
        for method, told in operations.items():
            found.setdefault(told["tags"][0], []).append(_operation(document, path, method, told))
    return tuple(Section(name, tuple(operations)) for name, operations in found.items())


def shapes(document: Mapping[str, Any]) -> tuple[Shape, ...]:
    """Return every named shape of the document, by its name."""
    told = document["components"]["schemas"]
    return tuple(
        Shape(name, " ".join(told[name].get("description", "").split()), _values(told[name])) for name in sorted(told)
    )


def _operation(document: Mapping[str, Any], path: str, method: str, told: Mapping[str, Any]) -> Operation:
    answers = {status: each for status, each in told["responses"].items() if status.startswith("2")}
    parameters = tuple(
        Value(each["name"], _type(each["schema"]), bool(each.get("required")), each.get("description", ""))
        for each in told.get("parameters", ())
    )
    words = told["description"].partition("\n\n")[0]
    return Operation(
        told["operationId"], method.upper(), path, words, tuple(told.get("x-scopes", ())),
        bool(told.get("x-asks-again")), parameters, tuple(_sent(document, told)), _answered(answers),
    )  # fmt: skip


def _sent(document: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[Value]:
    for content in told.get("requestBody", {}).get("content", {}).values():
        schema = content["schema"]
        if "$ref" in schema:
            schema = document["components"]["schemas"][_name(schema["$ref"])]
        yield from _values(schema)


def _values(schema: Mapping[str, Any]) -> tuple[Value, ...]:
    required = set(schema.get("required", ()))
    return tuple(
        Value(name, _type(each), name in required, each.get("description", ""))
        for name, each in schema.get("properties", {}).items()
    )


def _answered(answers: Mapping[str, Mapping[str, Any]]) -> str:
    for status, told in answers.items():
        for kind, content in told.get("content", {}).items():
            return f"{status}: {_type(content['schema']) if kind == 'application/json' else kind}"
        return status
    return ""


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return _name(schema["$ref"])
    if "enum" in schema:
        return " or ".join(map(str, schema["enum"]))
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(each) for each in schema["anyOf"])).replace("null", "nothing")
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    kind = str(schema.get("format") or schema.get("type", "any value"))
    return {"string": "text", "integer": "whole number", "boolean": "true or false", "object": "object"}.get(kind, kind)


def _name(reference: str) -> str:
    return reference.rpartition("/")[2]
