"""skops files: a ZIP of arrays and of a schema that names the types to be built; nothing is built here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tre.disclosure.contents import Contents, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.readers.archives import keep_members, open_zip
from tre.disclosure.readers.web import keep_json, loaded, text_of

# Of which modules skops.io trusts types unasked: not of functools and operator, whose parts call what a file names.
_TRUSTED = {"builtins", "numpy", "scipy", "sklearn", "collections"}


def read_skops(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read the schema as JSON and the members as files; tell of types that skops would not load unasked."""
    members = open_zip(data, where, contents, policy)
    try:
        schema = loaded(text_of(members.pop("schema.json")))
    except (ValueError, RecursionError) as error:
        raise Unreadable("the schema is damaged") from error
    contents.add_text(f"{where} member names".strip(), "\n".join(members))
    keep_json(schema, json.dumps(schema, ensure_ascii=False), f"{where} schema".strip(), contents)
    foreign = {module for module in _modules(schema) if module.partition(".")[0] not in _TRUSTED}
    if foreign:
        contents.hits.append(Hit("active-content", "untrusted-type", where, "", len(foreign)))
    contents.hits.append(Hit("model-weights", "skops", where))
    keep_members(members, where, contents)


def _modules(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            if isinstance(each.get("__module__"), str):
                yield each["__module__"]
            waiting += list(each.values())
        elif isinstance(each, list):
            waiting += each
