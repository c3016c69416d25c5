"""Calls of the API for tests: the table of who may do what with it, and what a call sends."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.addresses import ROLE_OF
from tests.factories import LATER, TODAY, as_seen_now
from tre.api import tokens
from tre.api.document import document
from tre.api.policy import api_policy

ROOT = "/api/v1"
EVERYBODY = frozenset(ROLE_OF)


@dataclass(frozen=True)
class Call:
    """One operation of the API, and who may do it.

    Parameters
    ----------
    may : frozenset of str
        Of the house of :mod:`tests.addresses`, by user name; a list that is empty for somebody is answered to them too.
    about : str
        What of the house it is about, where that is not what its path names.
    body : dict, optional
        What is sent as JSON.
    """

    may: frozenset[str]
    about: str = ""
    body: dict[str, Any] | None = None


def _call(may: str, about: str = "", **body: Any) -> Call:
    return Call(frozenset(may.split()), about, body or None)


_ALL = Call(EVERYBODY)
SHA = "0" * 64
DETAILS = {
    "title": "Falls", "purpose": "To learn.", "public_benefit": "Fewer falls.", "technical_summary": "A cohort.",
    "category": "Public Health Research", "organisation": "A university", "sector": "Academic Institute",
    "applicants": "A. Archer", "starts": TODAY.isoformat(), "ends": LATER.isoformat(),
    "five_safes": dict.fromkeys(("people", "projects", "settings", "data", "outputs"), "Answered."),
}  # fmt: skip
_PROJECT, _EXTRACT = "/projects/{code}", "/projects/{code}/extracts/{number}"
_ASKED = "/projects/{code}/application"
_REQUEST, _FILE = "/requests/{number}", "/requests/{number}/files/{file}"
_RUN, _PERSON, _PAIR, _SENT = "/runs/{number}", "/people/{username}", "/linkage/pairs/{pair}", "/submissions/{identity}"
_JUDGED = {safe: {"judgement": "met"} for safe in DETAILS["five_safes"]}

CALLS: dict[str, Call] = {
    "GET /me": _ALL,
    "GET /policies": _ALL,
    # Projects
    "GET /projects": _ALL,
    "POST /projects": _call("ann bob lea", code="falls", **DETAILS),
    f"GET {_PROJECT}": _call("ann mia iao"),
    f"GET {_PROJECT}/privacy": _call("ann mia iao"),
    f"GET {_PROJECT}/privacy/price?epsilon=1": _call("ann mia iao"),
    f"POST {_PROJECT}/extracts": _call("mia iao"),
    f"GET {_EXTRACT}": _call("ann mia iao"),
    f"POST {_EXTRACT}/accept": _call("iao", reason="Because."),
    f"POST {_EXTRACT}/destroy": _call("mia iao", reason="Because."),
    f"GET {_EXTRACT}/certificate": _call("mia iao aud"),
    f"GET {_PROJECT}/closure": _call("mia iao aud"),
    f"PUT {_PROJECT}/release-target": _call("mia", targets=[]),
    f"GET {_PROJECT}/usage": _call("ann mia iao"),
    f"PUT {_PROJECT}/quota": _call("mia iao", processor_hours=100, megabytes=4096),
    f"GET {_PROJECT}/safes": _call("ann mia iao aud"),
    f"GET {_ASKED}": _call("ann mia iao"),
    f"PUT {_ASKED}": _call("ann", "draft project", **DETAILS),
    f"PUT {_ASKED}/datasets/{{name}}": _call("ann", "draft project", columns=["birth_year"]),
    f"DELETE {_ASKED}/datasets/{{name}}": _call("ann", "draft project"),
    f"POST {_ASKED}/submit": _call("ann", "draft project"),
    f"POST {_ASKED}/withdraw": _call("ann", "submitted project"),
    f"PUT {_ASKED}/assessment": _call("mia", "submitted project", five_safes=_JUDGED, profile="standard"),
    f"POST {_ASKED}/datasets/{{name}}/decide": _call("iao", "submitted project", agree=True),
    f"POST {_PROJECT}/approve": _call("mia iao", "submitted project", note="Good."),
    f"POST {_PROJECT}/decline": _call("mia iao", "submitted project", note="No."),
    f"POST {_PROJECT}/change": _call("ann mia", ends=LATER.isoformat(), lead="ann", why="More time."),
    # Requests
    "GET /requests": _ALL,
    "POST /requests": _call("ann", project="frailty", context="Counts."),
    "GET /requests/queue": _ALL,
    f"GET {_REQUEST}": _call("ann cat"),
    f"GET {_FILE}": _call("ann cat"),
    f"GET {_FILE}/contents": _call("cat"),
    f"GET {_FILE}/drawing": _call("cat"),
    f"GET {_FILE}/changes": _call("cat"),
    f"PATCH {_FILE}": _call("ann", "draft", group="Tables", kind="output"),
    f"DELETE {_FILE}": _call("ann", "draft"),
    f"POST {_REQUEST}/groups": _call("ann", "draft", name="Tables", context="Counts.", controls="Rounded."),
    f"POST {_REQUEST}/submit": _call("ann", "draft", answer="As asked."),
    f"POST {_REQUEST}/revise": _call("ann", "returned"),
    f"POST {_REQUEST}/withdraw": _call("ann", "draft"),
    f"POST {_REQUEST}/take": _call("cat"),
    f"POST {_REQUEST}/give-back": _call("cat"),
    f"POST {_REQUEST}/third": _call("cat", why="Large."),
    f"PUT {_FILE}/vote": _call("cat", choice="approve", sha256=SHA),
    f"POST {_REQUEST}/review": _call("cat", votes=[]),
    f"POST {_REQUEST}/comments": _call("ann cat", text="Look.", group=1),
    f"POST {_REQUEST}/recall": _call("cat", "released", why="It was wrong."),
    "GET /notices": _ALL,
    "POST /notices/read": _ALL,
    "POST /notices/{number}/read": Call(EVERYBODY, "no notice"),  # one's own, and there is none
    "GET /notices/how": _ALL,
    "PUT /notices/how": Call(EVERYBODY, body={"how": "daily"}),
    "GET /absences": _ALL,
    "POST /absences": Call(EVERYBODY, body={"first": LATER.isoformat(), "last": LATER.isoformat()}),
    "DELETE /absences/{number}": Call(EVERYBODY, "absence"),  # one's own, and nobody else's
    # Releases
    "GET /releases": _ALL,
    "GET /releases/{number}": _call("ann mia", "released"),
    "GET /releases/{number}/files/{file}": _call("ann", "released"),
    "GET /releases/{number}/archive": _call("ann", "released"),
    "POST /releases/{number}/open": _call("mia", "released"),
    "GET /models": _call("dep"),
    "GET /models/release-key.pem": _call("dep"),
    "GET /models/{number}": _call("dep", "model"),
    "POST /models/{number}/retire": _call("dep", "model", on=LATER.isoformat(), why="Another is better."),
    "POST /models/{number}/alias": _call("dep", "model"),
    # Imports
    "GET /imports": _ALL,
    "GET /imports/{number}": _call("ann cat mia", "import"),
    f"POST {_PROJECT}/imports": _call("ann"),
    "GET /imports/{number}/files/{file}/contents": _call("ann cat mia", "import"),
    "GET /imports/{number}/files/{file}/drawing": _call("ann cat mia", "import"),
    "POST /imports/{number}/review": _call("cat mia", "import", choice="approve", files=[]),
    "POST /imports/{number}/withdraw": _call("ann", "import"),
    # Attested runs
    f"GET {_PROJECT}/runs": _call("ann mia aud"),
    f"GET {_RUN}": _call("ann mia aud", "queued"),
    f"POST {_RUN}/cancel": _call("ann", "queued"),
    f"POST {_RUN}/retry": _call("ann", "failed"),
    # The warehouse and its linkage
    "GET /submissions": _call("mia aud"),
    f"GET {_SENT}": _call("mia aud"),
    f"GET {_SENT}/report": _call("mia aud"),
    f"GET {_SENT}/feedback": _call("mia"),
    "GET /builds": _call("mia aud"),
    "POST /builds": _call("mia"),
    "GET /datasets/{name}/lineage": _call("mia aud"),
    "GET /withdrawals": _call("mia"),
    "POST /withdrawals": _call("mia", submission="june", reason="Its controller asks."),
    "GET /linkage": _call("mia"),
    "GET /linkage/pairs": _call("mia"),
    f"GET {_PAIR}": _call("mia"),
    f"POST {_PAIR}/decide": _call("mia", choice="joined"),
    # People
    "GET /people": _call("ope"),
    f"GET {_PERSON}": _call("ope"),
    "GET /invitations": _call("ope"),
    "POST /invitations": _call("ope", email="more@example.org", roles=["researcher"]),
    "POST /invitations/{number}/withdraw": _call("ope", "invitation"),
    f"PUT {_PERSON}/roles": _call("ope", roles=["researcher"]),
    f"PUT {_PERSON}/controllers": _call("ope", controllers=[]),
    f"PUT {_PERSON}/training": _call("ope", accredited=TODAY.isoformat(), expires=LATER.isoformat()),
    f"POST {_PERSON}/close": _call("ope"),
    f"POST {_PERSON}/reopen": _call("ope"),
    f"POST {_PERSON}/second-factor": _call("ope"),
    f"GET {_PERSON}/tokens": _call("ope"),
    f"POST {_PERSON}/tokens/{{number}}/revoke": _call("ope", "token"),
    # The audit log
    **{f"GET /audit{end}": _call("aud") for end in ("", "/export", "/{number}", "/{number}/proof")},
    # The last, for nothing is done in a closed project, and nothing by a token that has ended.
    f"POST {_PROJECT}/close": _call("ann mia", keep="archive", why="It is done."),
    "DELETE /me/token": _ALL,
}
OF_EVERY_TOKEN = ("GET /me", "GET /policies", "DELETE /me/token")  # whatever its scopes
PUBLIC = (
    "GET /datasets", "GET /datasets/{name}", "GET /datasets/{name}/quality", "GET /datasets/{name}/fields/{field}",
    "GET /search?q=falls", "GET /register", "GET /register/{code}",
)  # fmt: skip


def operation(name: str) -> dict[str, Any]:
    """Return what the document tells of an operation."""
    method, _, path = name.partition(" ")
    return document()["paths"][ROOT + path.partition("?")[0]][method.lower()]


def token_of(who: str, *scopes: str) -> str:
    """Return a token of a person's: with these scopes, or with all."""
    return tokens.make(as_seen_now(who), "A program", scopes or api_policy().scopes, 8)[1]


def call(token: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """Call the API with a token, or with none where it is empty."""
    text = "" if body is None else body if isinstance(body, str) else json.dumps(body)
    return Client().generic(
        method, f"{ROOT}{path}", text, content_type="application/json", headers=_headers(token, headers)
    )


def do(token: str, name: str, path: str, **headers: str) -> Any:
    """Do an operation of the table at an address, with what it sends."""
    method, body = name.partition(" ")[0], CALLS[name].body if name in CALLS else None
    if name.endswith("/imports") and method == "POST":
        sent = {"licence": "MIT", "provenance": "From here.", "files": SimpleUploadedFile("codes.csv", b"a,b\n1,2\n")}
        return Client().post(f"{ROOT}{path}", sent, headers=_headers(token, headers))
    return call(token, method, path, body, **headers)


def _headers(token: str, more: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", **more} if token else more
