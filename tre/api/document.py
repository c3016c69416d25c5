"""The OpenAPI 3.1 document: what the routers tell of themselves, with the answers that every call may have."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from tre.api.problems import CONTENT_TYPE, ProblemTold, Wrong
from tre.config.options import REPOSITORY

if TYPE_CHECKING:
    from ninja import NinjaAPI

FILE = REPOSITORY / "docs" / "openapi.json"
_SCHEMAS = "#/components/schemas/"
_WHEN = {
    400: "The call cannot be understood.",
    401: "No token was shown, or one that opens nothing; or a one-time code is asked for.",
    403: "The policies do not allow it, or the token has no scope for it.",
    404: "There is no such thing.",
    409: "How things stand, or a rule about what was sent, does not allow it.",
    413: "The body is too large.",
    422: "Some of what was sent cannot be; `errors` says what.",
    429: "Too many wrong tokens or codes came.",
    503: "The installation itself is at fault: `detail` says what to tell the operator.",
}


def a_file(content_type: str) -> dict[str, Any]:
    """Return what is told of an operation that answers with a file."""
    schema = {"type": "string", "format": "binary"}
    return {"responses": {200: {"description": "OK", "content": {content_type: {"schema": schema}}}}}


@cache
def document() -> dict[str, Any]:
    """Return the document. It is the same for every installation."""
    from tre.api.v1.api import PREFIX, api  # the routers tell of their files by this module

    return _whole(api, PREFIX)


def _whole(api: NinjaAPI, prefix: str) -> dict[str, Any]:
    told = json.loads(json.dumps(api.get_openapi_schema(path_prefix=prefix)))  # numbers of statuses become texts
    del told["servers"]
    for path, operations in told["paths"].items():
        for method, operation in operations.items():
            _tell_errors(path, method, operation)
    for schema in (ProblemTold, Wrong):
        made = schema.model_json_schema(ref_template=f"{_SCHEMAS}{{model}}", mode="serialization")
        made.pop("$defs", None)
        told["components"]["schemas"][schema.__name__] = made
    return dict(told)


def _tell_errors(path: str, method: str, operation: dict[str, Any]) -> None:
    statuses = {422, 429, 503}
    if "security" in operation:
        statuses |= {401, 403}
    if "{" in path or "security" in operation:
        statuses |= {404, 409}
    if "requestBody" in operation or operation.get("parameters"):
        statuses |= {400, 413}
    for status in sorted(statuses):
        schema = {"$ref": f"{_SCHEMAS}{ProblemTold.__name__}"}
        operation["responses"][str(status)] = {
            "description": _WHEN[status],
            "content": {CONTENT_TYPE: {"schema": schema}},
        }
    if operation.get("x-scopes"):
        scopes = ", ".join(f"`{each}`" for each in operation["x-scopes"])
        operation["description"] += f"\n\nScopes, of which one is enough: {scopes}."


def as_text() -> str:
    """Return the document as its file holds it."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the document into the documentation."""
    FILE.write_text(as_text(), encoding="utf-8")


if __name__ == "__main__":
    import django

    django.setup()
    main()
