"""Every address that the portal answers, and who may ask it. An address that is not in this table fails a test."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import get_resolver

# The house of the tests: who is who, by user name. Ann works in frailty and wrote its request, bob works in asthma.
ROLE_OF = {
    "ann": "researcher", "bob": "researcher", "lea": "project_lead", "cat": "output_checker", "mia": "data_manager",
    "iao": "information_asset_owner", "dep": "deployer", "aud": "auditor", "ope": "operator", "nil": "",
}  # fmt: skip

ANYONE = "anyone"  # public, or a step of signing in
SIGNED_IN = "who is signed in, about what is theirs"
TOKEN = "a program with its token"
CLOSED = "nobody: there is no such page here"


@dataclass(frozen=True)
class Rule:
    """Who may ask an address.

    Parameters
    ----------
    who : str
        One of the words above; empty where the policies say, by an act.
    acts : tuple of str
        The acts of the policies that it asks about; being refused one of them is being refused.
    may : frozenset of str
        Of the house, by user name, who is allowed them.
    method : str
        ``GET`` for a page, ``POST`` for what changes something, ``BOTH`` for a page with its form.
    """

    who: str = ""
    acts: tuple[str, ...] = ()
    may: frozenset[str] = frozenset()
    method: str = "GET"


def _act(acts: str, may: str, method: str = "GET") -> Rule:
    return Rule("", tuple(acts.split()), frozenset(may.split()), method)


_PUBLIC, _OWN, _OWN_FORM = Rule(ANYONE), Rule(SIGNED_IN), Rule(SIGNED_IN, method="BOTH")
_STEP, _NO = Rule(ANYONE, method="BOTH"), Rule(CLOSED, method="BOTH")
_PEOPLE, _PERSON = _act("manage_people", "ope"), _act("change_account", "ope", "POST")
_SUBMISSIONS = _act("read_submissions", "mia aud")
_AUDIT = _act("read_audit", "aud")
_V1 = "api/v1/"
_PROJECT = "projects/<slug:code>/"
_EXTRACT = f"{_PROJECT}extracts/<int:number>/"
_REQUEST, _IMPORT = "airlock/<int:number>/", "imports/<int:number>/"

RULES: dict[str, Rule] = {
    "": _PUBLIC,
    "health": _PUBLIC,
    "register/": _PUBLIC,
    "register.json": _PUBLIC,
    "register.csv": _PUBLIC,
    "register/<slug:code>/": _PUBLIC,
    "policies/": _OWN,
    "public/": _PUBLIC,
    "account/": _OWN,
    "account/tokens/": _OWN_FORM,
    "account/tokens/<int:number>/revoke": Rule(SIGNED_IN, method="POST"),
    "projects/": _OWN,  # those among them that the policies let the person see
    "notices/": _OWN,
    "notices/read": Rule(SIGNED_IN, method="POST"),
    "notices/how": Rule(SIGNED_IN, method="POST"),
    "notices/<int:number>/": _OWN,
    "airlock/": _OWN,
    "airlock/away/": _OWN_FORM,
    "airlock/away/<int:absence>/end": Rule(SIGNED_IN, method="POST"),
    "audit/": _AUDIT,
    "audit/export.ndjson": _AUDIT,
    "audit/<int:number>/": _AUDIT,
    "audit/<int:number>/proof.json": _AUDIT,
    # People
    "people/": _PEOPLE,
    "people/invite": _act("manage_people", "ope", "BOTH"),
    "people/invitations/<int:invitation>/withdraw": _act("manage_people", "ope", "POST"),
    "people/<slug:username>/": _PEOPLE,
    "people/<slug:username>/roles": _PERSON,
    "people/<slug:username>/controllers": _PERSON,
    "people/<slug:username>/training": _PERSON,
    "people/<slug:username>/close": _PERSON,
    "people/<slug:username>/reopen": _PERSON,
    "people/<slug:username>/second-factor": _PERSON,
    "people/<slug:username>/tokens/": _PEOPLE,
    "people/<slug:username>/tokens/<int:number>/revoke": _PERSON,
    "invitation/<str:token>/": _PUBLIC,  # whoever holds the link
    # The catalogue
    "catalogue/": _PUBLIC,
    "catalogue/dcat.jsonld": _PUBLIC,
    "catalogue/<slug:name>/": _PUBLIC,
    "catalogue/<slug:name>/dcat.jsonld": _PUBLIC,
    "catalogue/<slug:name>/schema.jsonld": _PUBLIC,
    "catalogue/<slug:name>/metadata.json": _PUBLIC,
    "catalogue/<slug:name>/fields/<slug:field>/": _PUBLIC,
    "catalogue/<slug:name>/lineage/": _SUBMISSIONS,
    "catalogue/submissions": _SUBMISSIONS,
    "catalogue/submissions/<str:identity>/": _SUBMISSIONS,
    "catalogue/submissions/<str:identity>/report.csv": _SUBMISSIONS,
    "catalogue/submissions/<str:identity>/report.html": _SUBMISSIONS,
    "catalogue/feedback/<str:identity>": _act("land_submission", "mia"),
    "catalogue/build": _act("build_warehouse", "mia", "POST"),
    "catalogue/withdraw": _act("withdraw_data", "mia", "POST"),
    "catalogue/linkage/": _act("review_linkage", "mia"),
    "catalogue/linkage/<uuid:pair>/": _act("review_linkage", "mia"),
    "catalogue/linkage/<uuid:pair>/decide": _act("review_linkage", "mia", "POST"),
    # Applying for a project, and deciding about it
    "projects/apply": _act("apply_for_project", "ann bob lea", "BOTH"),
    f"{_PROJECT}application/": _act("view_project", "ann mia iao"),
    f"{_PROJECT}application/details": _act("change_application", "ann", "BOTH"),
    f"{_PROJECT}application/datasets/<slug:name>/": _act("change_application", "ann", "BOTH"),
    f"{_PROJECT}application/datasets/<slug:name>/leave-out": _act("change_application", "ann", "POST"),
    f"{_PROJECT}application/submit": _act("change_application", "ann", "POST"),
    f"{_PROJECT}application/datasets/<slug:name>/decide": _act("decide_dataset", "iao", "POST"),
    f"{_PROJECT}application/assessment": _act("assess_application", "mia", "BOTH"),
    f"{_PROJECT}approve": _act("approve_project", "mia iao", "POST"),
    f"{_PROJECT}decline": _act("approve_project", "mia iao", "POST"),
    f"{_PROJECT}application/withdraw": _act("withdraw_application", "ann", "POST"),
    f"{_PROJECT}change": _act("ask_change", "ann mia", "BOTH"),
    # Projects, their workspaces and their extracts
    _PROJECT: _act("view_project", "ann mia iao"),
    f"{_PROJECT}safes": _act("view_safes", "ann mia iao aud"),
    f"{_PROJECT}privacy/": _act("view_project", "ann mia iao"),
    f"{_PROJECT}open": _act("open_workspace", "ann", "POST"),
    f"{_PROJECT}usage/": _act("view_project", "ann mia iao"),
    f"{_PROJECT}quota": _act("set_quota", "mia iao", "POST"),
    f"{_PROJECT}provision": _act("provision_extract", "mia iao", "POST"),
    _EXTRACT: _act("view_project", "ann mia iao"),
    f"{_EXTRACT}accept": _act("accept_risk", "iao", "POST"),
    f"{_EXTRACT}destroy": _act("destroy_extract", "mia iao", "POST"),
    f"{_EXTRACT}certificate": _act("read_certificate", "mia iao aud"),
    f"{_PROJECT}closure": _act("read_certificate", "mia iao aud"),
    f"{_PROJECT}close": _act("close_project", "ann mia"),
    f"{_PROJECT}close/now": _act("close_project", "ann mia", "POST"),
    # The airlock and the release registry
    _REQUEST: _act("view_request", "ann cat"),
    f"{_REQUEST}review": _act("view_request review_request", "cat", "POST"),
    f"{_REQUEST}withdraw": _act("withdraw_request", "ann", "POST"),
    f"{_REQUEST}files/<int:file>/": _act("view_request", "ann cat"),
    f"{_REQUEST}files/<int:file>/drawing": _act("view_request", "ann cat"),
    **{
        f"{_REQUEST}{verb}": _act("view_request review_request", "cat", "POST")
        for verb in ("take", "give-back", "third")
    },
    f"{_REQUEST}comment": _act("view_request comment_request", "ann cat", "POST"),
    f"{_REQUEST}recall": _act("view_request recall_output", "cat", "POST"),
    f"{_REQUEST}revise": _act("view_request change_request", "ann", "POST"),
    f"{_REQUEST}draft/": _act("view_request change_request", "ann"),
    **{
        f"{_REQUEST}draft/{verb}": _act("view_request change_request", "ann", "POST")
        for verb in ("group", "submit", "files/<int:file>", "files/<int:file>/remove")
    },
    f"{_REQUEST}files/<int:file>/vote": _act("view_request review_request", "cat", "POST"),
    f"{_REQUEST}files/<int:file>/changes": _act("view_request", "ann cat"),
    f"{_REQUEST}files/<int:file>/download": _act("download_output", "ann"),
    f"{_PROJECT}release-target": _act("set_release_target", "mia", "BOTH"),
    "releases/": _OWN,  # those among them that the policies let the person see
    f"{_REQUEST}release/": _act("view_release", "ann mia"),
    f"{_REQUEST}release/open": _act("open_downloads", "mia", "POST"),
    f"{_REQUEST}release/archive": _act("download_output", "ann"),
    # Imports
    f"{_PROJECT}runs/": _act("view_runs", "ann mia aud"),
    "runs/<int:number>/": _act("view_runs", "ann mia aud"),
    "runs/<int:number>/cancel": _act("ask_run view_runs", "ann", "POST"),
    "runs/<int:number>/retry": _act("ask_run view_runs", "ann", "POST"),
    "imports/": _OWN,  # those among them that the policies let the person see
    _IMPORT: _act("view_import", "ann cat mia"),
    f"{_IMPORT}files/<int:file>/drawing": _act("view_import", "ann cat mia"),
    f"{_IMPORT}review": _act("review_import", "cat mia", "POST"),
    f"{_IMPORT}withdraw": _act("withdraw_import", "ann", "POST"),
    f"{_PROJECT}import": _act("ask_import", "ann", "BOTH"),
    "models/": _act("read_registry", "dep"),
    "models/password": _act("read_registry", "dep", "POST"),
    "models/release-key.pem": _act("read_registry", "dep"),
    "models/<int:number>/": _act("read_registry", "dep"),
    "models/<int:number>/retire": _act("manage_registry", "dep", "POST"),
    "models/<int:number>/alias": _act("manage_registry", "dep", "POST"),
    # Signing in, and one's own account: allauth's pages
    "accounts/login/": _STEP,
    "accounts/logout/": _STEP,
    "accounts/inactive/": _PUBLIC,
    "accounts/signup/": _STEP,  # open to who came by an invitation
    "accounts/confirm-email/": _STEP,
    "accounts/login/code/confirm/": _STEP,
    "accounts/password/reset/": _STEP,
    "accounts/password/reset/done/": _PUBLIC,
    "accounts/password/reset/key/<uidb36>-<key>/": _STEP,
    "accounts/password/reset/key/done/": _PUBLIC,
    "accounts/2fa/authenticate/": _STEP,
    "accounts/password/set/": _NO,
    "accounts/email/": _OWN_FORM,
    "accounts/reauthenticate/": _OWN_FORM,
    "accounts/password/change/": _OWN_FORM,
    "accounts/sessions/": _OWN_FORM,
    "accounts/2fa/": _OWN,
    "accounts/2fa/reauthenticate/": _OWN_FORM,
    "accounts/2fa/totp/activate/": _OWN_FORM,
    "accounts/2fa/totp/deactivate/": _OWN_FORM,
    "accounts/2fa/recovery-codes/": _OWN,
    "accounts/2fa/recovery-codes/generate/": _OWN_FORM,
    "accounts/2fa/recovery-codes/download/": _OWN,
    "accounts/2fa/webauthn/": _OWN,
    "accounts/2fa/webauthn/add/": _OWN_FORM,
    "accounts/2fa/webauthn/reauthenticate/": _OWN_FORM,
    "accounts/2fa/webauthn/keys/<int:pk>/remove/": _OWN_FORM,
    "accounts/2fa/webauthn/keys/<int:pk>/edit/": _OWN_FORM,
    # The OpenID provider, which the Hub alone is a client of
    ".well-known/openid-configuration": _PUBLIC,
    ".well-known/jwks.json": _PUBLIC,
    "identity/o/authorize": _PUBLIC,  # who is not signed in is sent to do so first
    "identity/o/device": _NO,
    "identity/o/logout": _STEP,
    "identity/o/api/token": Rule(TOKEN, method="POST"),
    "identity/o/api/revoke": Rule(TOKEN, method="POST"),
    "identity/o/api/device/code": _NO,
    "identity/o/api/userinfo": Rule(TOKEN),
    # What the Hub, a gate and a workspace ask
    "api/hub/open": Rule(TOKEN, method="POST"),
    "api/hub/close": Rule(TOKEN, method="POST"),
    "api/gate/sent": Rule(TOKEN, method="POST"),
    "api/gate/used": Rule(TOKEN, method="POST"),
    "api/workspace/me": Rule(TOKEN),
    "api/workspace/tables": Rule(TOKEN),
    "api/workspace/requests": Rule(TOKEN, method="BOTH"),
    "api/workspace/requests/draft": Rule(TOKEN, method="POST"),
    "api/workspace/requests/<int:number>": Rule(TOKEN),
    **{
        f"api/workspace/requests/<int:number>/{verb}": Rule(TOKEN, method="POST")
        for verb in ("files", "group", "remove", "submit", "revise", "withdraw")
    },
    "api/workspace/runs": Rule(TOKEN, method="BOTH"),
    "api/workspace/runs/<int:number>": Rule(TOKEN),
    "api/workspace/runs/<int:number>/files/<int:output>": Rule(TOKEN),
    "api/workspace/runs/<int:number>/cancel": Rule(TOKEN, method="POST"),
    "api/workspace/runs/<int:number>/retry": Rule(TOKEN, method="POST"),
    "api/workspace/budget": Rule(TOKEN),
    "api/workspace/budget/price": Rule(TOKEN, method="POST"),
    "api/workspace/budget/reserve": Rule(TOKEN, method="POST"),
    "api/workspace/budget/<int:number>/commit": Rule(TOKEN, method="POST"),
    # The API: which operation is whose stands in tests/api.py
    f"{_V1}openapi.json": _PUBLIC,
    "api-reference/": _PUBLIC,
    f"{_V1}<rest>": _PUBLIC,  # it has no such address, whoever asks
    **{
        f"{_V1}{end}": _PUBLIC
        for end in (
            "datasets",
            "datasets/<slug:name>",
            "register",
            "register/<slug:code>",
            "datasets/<slug:name>/quality",
            "datasets/<slug:name>/fields/<slug:field>",
            "search",
        )
    },
    **{
        f"{_V1}{end}": Rule(TOKEN)
        for end in (
            "me",
            "policies",
            "projects/<slug:code>",
            "projects/<slug:code>/privacy",
            "projects/<slug:code>/privacy/price",
            "projects/<slug:code>/extracts/<int:number>",
            "projects/<slug:code>/extracts/<int:number>/certificate",
            "projects/<slug:code>/closure",
            "projects/<slug:code>/runs",
            "projects/<slug:code>/usage",
            "projects/<slug:code>/safes",
            "runs/<int:number>",
            "requests/queue",
            "requests/<int:number>",
            "requests/<int:number>/files/<int:file>/contents",
            "requests/<int:number>/files/<int:file>/drawing",
            "requests/<int:number>/files/<int:file>/changes",
            "notices",
            "releases",
            "releases/<int:number>",
            "releases/<int:number>/files/<int:file>",
            "releases/<int:number>/archive",
            "models",
            "models/release-key.pem",
            "models/<int:number>",
            "imports",
            "imports/<int:number>",
            "imports/<int:number>/files/<int:file>/contents",
            "imports/<int:number>/files/<int:file>/drawing",
            "submissions",
            "submissions/<str:identity>",
            "submissions/<str:identity>/report",
            "submissions/<str:identity>/feedback",
            "datasets/<slug:name>/lineage",
            "linkage",
            "linkage/pairs",
            "linkage/pairs/<uuidstr:pair>",
            "people",
            "people/<slug:username>",
            "people/<slug:username>/tokens",
            "audit",
            "audit/export",
            "audit/<int:number>",
            "audit/<int:number>/proof",
        )
    },
    **{
        f"{_V1}{end}": Rule(TOKEN, method="BOTH")
        for end in (
            "projects",
            "projects/<slug:code>/application",
            "requests",
            "requests/<int:number>/files/<int:file>",
            "absences",
            "notices/how",
            "builds",
            "withdrawals",
            "invitations",
        )
    },
    **{
        f"{_V1}{end}": Rule(TOKEN, method="POST")
        for end in (
            "projects/<slug:code>/extracts",
            "projects/<slug:code>/extracts/<int:number>/accept",
            "projects/<slug:code>/extracts/<int:number>/destroy",
            "models/<int:number>/retire",
            "models/<int:number>/alias",
            "projects/<slug:code>/close",
            "projects/<slug:code>/release-target",
            "projects/<slug:code>/application/datasets/<slug:name>",
            "projects/<slug:code>/application/submit",
            "projects/<slug:code>/application/withdraw",
            "projects/<slug:code>/application/assessment",
            "projects/<slug:code>/application/datasets/<slug:name>/decide",
            "projects/<slug:code>/approve",
            "projects/<slug:code>/decline",
            "projects/<slug:code>/change",
            "requests/<int:number>/groups",
            "requests/<int:number>/submit",
            "requests/<int:number>/revise",
            "requests/<int:number>/withdraw",
            "requests/<int:number>/take",
            "requests/<int:number>/give-back",
            "requests/<int:number>/third",
            "requests/<int:number>/files/<int:file>/vote",
            "requests/<int:number>/review",
            "requests/<int:number>/comments",
            "requests/<int:number>/recall",
            "absences/<int:number>",
            "releases/<int:number>/open",
            "projects/<slug:code>/imports",
            "imports/<int:number>/review",
            "imports/<int:number>/withdraw",
            "me/token",
            "projects/<slug:code>/quota",
            "runs/<int:number>/cancel",
            "runs/<int:number>/retry",
            "notices/read",
            "notices/<int:number>/read",
            "linkage/pairs/<uuidstr:pair>/decide",
            "invitations/<int:number>/withdraw",
            *(
                f"people/<slug:username>/{verb}"
                for verb in ("roles", "controllers", "training", "close", "reopen", "second-factor")
            ),
            "people/<slug:username>/tokens/<int:number>/revoke",
        )
    },
    "api/workspace/private/price": Rule(TOKEN, method="POST"),
}

# Those that there are only where another organisation's provider signs people in.
OUTSIDE_RULES: dict[str, Rule] = {
    "accounts/oidc/<provider_id>/login/": _STEP,
    "accounts/oidc/<provider_id>/login/callback/": _PUBLIC,  # allauth's own, behind the one above it in the list
    "accounts/oidc/<str:provider_id>/login/callback/": _PUBLIC,
    "accounts/3rdparty/signup/": _STEP,
    "accounts/3rdparty/login/cancelled/": _PUBLIC,
    "accounts/3rdparty/login/error/": _PUBLIC,
    "accounts/3rdparty/": _NO,
    "accounts/again/": _OWN_FORM,
    # Names of before, which lead to those above.
    "accounts/social/signup/": _PUBLIC,
    "accounts/social/login/cancelled/": _PUBLIC,
    "accounts/social/login/error/": _PUBLIC,
    "accounts/social/connections/": _PUBLIC,
}

# What an address needs to be one of something that there is, where the tests made it.
TOLD: dict[str, Any] = {
    "code": "frailty", "number": 1, "file": 1, "name": "gp_events", "field": "snomed_code", "identity": "june",
    "username": "nil", "invitation": 1, "absence": 1, "output": 1, "pair": "00000000-0000-0000-0000-000000000001",
    "token": "x" * 43, "rest": "nowhere", "pk": 1, "uidb36": "1", "key": "nothing",
}  # fmt: skip


def routes() -> list[str]:
    """Return every route of the portal, as the table writes it."""
    return list(dict.fromkeys(_written(route) for route in _walk(get_resolver())))


def address(route: str, **told: Any) -> str:
    """Return a route's address with its places filled."""
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str({**TOLD, **told}[found[1]]), route)


def _walk(resolver: Any, before: str = "") -> Iterator[str]:
    for each in resolver.url_patterns:
        whole = before + str(each.pattern)
        if hasattr(each, "url_patterns"):
            yield from _walk(each, whole)
        else:
            yield whole


def _written(route: str) -> str:
    """Return a route without the marks of a regular expression."""
    return re.sub(r"\(\?P(<\w+>)[^)]*\)", r"\1", route).replace("^", "").replace("$", "")
