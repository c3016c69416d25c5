"""Whether a table is a server's log of requests: what was asked of it and how long it took, and nothing of anybody."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.contents import Table
from tre.disclosure.detectors.counts import label, share

_MOST_PATHS = 50  # different ones: more may be one for each person
_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}([.,][0-9]+)?(Z|[+-][0-9]{2}:?[0-9]{2})?$"
_PATH = r"^/[A-Za-z/_.-]*$"  # without digits: a path can name a person's page
_STATUS = r"^[1-5][0-9]{2}$"  # RFC 9110, section 15
_METHOD = r"^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$"  # RFC 9110, section 9, and RFC 5789
_TOOK = re.compile(r"(ms|millis\w*|duration|latency|elapsed|took|seconds)( (ms|s|seconds))?", re.IGNORECASE)


def is_request_log(table: Table) -> bool:
    """Tell whether each row is a request: when, which path, with what status and how long it took, and no more."""
    kinds = [_kind(name, column) for name, column in zip(table.names, table.columns, strict=True)]
    return {"time", "path", "status"} <= set(kinds) and "" not in kinds and len(set(kinds)) == len(kinds)


def _kind(name: str, column: pa.Array) -> str:
    """Return what a column tells of a request, or nothing."""
    if _TOOK.fullmatch(label(name)):
        return "took" if share(column, r"^[0-9]+(\.[0-9]+)?$") == 1 else ""
    for kind, pattern in (("time", _TIME), ("path", _PATH), ("status", _STATUS), ("method", _METHOD)):
        if share(column, pattern) == 1:
            return kind if kind != "path" or pc.count_distinct(column).as_py() <= _MOST_PATHS else ""
    return ""
