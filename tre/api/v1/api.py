"""The API of version 1: every router, its errors as problems, its addresses behind the door."""

from __future__ import annotations

from django.urls import URLPattern
from ninja import NinjaAPI
from ninja.operation import Operation

from tre.api import problems
from tre.api.auth import BearerToken
from tre.api.door import door
from tre.api.located import ROOT
from tre.api.strict import strict
from tre.api.v1 import (
    applications,
    audit,
    drafts,
    imports,
    linkage,
    me,
    models,
    notices,
    people,
    public,
    releases,
    reviews,
    runs,
    usage,
    warehouse,
)

PREFIX = f"{ROOT[1:]}/"
_ABOUT = """\
What the pages do, for programs. Every call asks the same policies as its page does, with the person's roles, projects
and training as they are at that moment; a token takes away from that and never adds to it.

A person makes a token on their account's page. It is sent as `Authorization: Bearer TOKEN`, never in an address. What
the page asks the second factor for, the call asks a code for, in the header `One-Time-Code`.

Errors are problems (RFC 9457) with one sentence in `detail`. Files of a request come from the workspace alone: there is
no call that takes one.
"""


class Api(NinjaAPI):
    """An API whose operations are called by their module and name."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """Return what an operation is called in the document."""
        view = operation.view_func
        return f"{view.__module__.rpartition('.')[2]}_{view.__name__}"


api = Api(
    title="Trusted research environment", version="1", description=_ABOUT, openapi_url=None, docs_url=None,
    urls_namespace="api-v1", auth=BearerToken(),
)  # fmt: skip
problems.handle(api)
api.add_decorator(strict)
api.add_router("", public.router, auth=None)
# Of an address one router knows every method: what several modules do about a request, or a project, is on one.
_PARTS = (
    me, applications, usage, drafts, reviews, notices, releases, models, imports, runs, warehouse, linkage, people,
    audit,
)  # fmt: skip
for router in dict.fromkeys(each.router for each in _PARTS):
    api.add_router("", router)


def addresses() -> list[URLPattern]:
    """Return every address of the API, behind the door."""
    found = [each for each in api.urls[0] if isinstance(each, URLPattern) and each.name != "api-root"]
    for each in found:
        each.callback = door(each.callback)
    return found
