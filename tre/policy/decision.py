"""The one decision point: every gate asks here, and the Cedar policies in ``policies/`` answer. Default deny.

See the Cedar policy language reference, "Authorization semantics": any matching forbid wins, and without a matching
permit the answer is deny.
"""

from __future__ import annotations

import json
import logging
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import cedarpy

from tre.config.options import REPOSITORY
from tre.errors import NotAllowed, SettingsError
from tre.policy.domain import BEYOND_THE_TOKEN, KINDS, Decision, Principal, Resource
from tre.policy.words import Rule, read

FOLDER = REPOSITORY / "policies"
_ACTIONS = re.compile(r"^action ([\w\s,]+?)\s+appliesTo", re.MULTILINE)
_log = logging.getLogger("tre.policy")


@lru_cache(maxsize=1)
def policies(folder: Path = FOLDER) -> tuple[str, str]:
    """Return the policies and their schema as text, after validation.

    Raises
    ------
    SettingsError
        When a policy does not fit the schema: nothing is decided by a policy that was not checked.
    """
    text = "\n".join(path.read_text() for path in sorted(folder.glob("*.cedar")))
    schema = (folder / "schema.cedarschema").read_text()
    result = cedarpy.validate_policies(text, schema)
    if not result.validation_passed:
        raise SettingsError(
            "A policy does not fit the schema", where=str(folder), todo=f"Correct it: {result.errors[0]}"
        )
    return text, schema


def decide(principal: Principal, action: str, resource: Resource) -> Decision:
    """Answer whether the person may do this, and log the answer with the policies that made it.

    Raises
    ------
    ValueError
        When the question does not fit the schema, such as an unknown action: a bug, and never an allow.
    """
    rules_in_force, schema = _read(*policies())
    result = cedarpy.is_authorized(
        {
            "principal": _uid("Account", principal.username),
            "action": f'Action::"{action}"',
            "resource": _uid(resource.kind, resource.id),
            "context": {},
        },
        rules_in_force,
        _entities(principal, resource),
        schema,
    )
    if result.diagnostics.errors:
        raise ValueError(f"the question '{action}' about a {resource.kind} does not fit the policy schema")
    if principal.grant is not None and not principal.grant.covers(action, resource):
        decision = Decision(False, (BEYOND_THE_TOKEN,))  # whatever the policies answer: a token only takes away
    else:
        decision = Decision(result.allowed, tuple(sorted(_names()[reason] for reason in result.diagnostics.reasons)))
    _log.info(
        "%s %s %s %s:%s by %s",
        "allowed" if decision.allowed else "denied",
        principal.username,
        action,
        resource.kind,
        resource.id,
        ",".join(decision.policies) or "default",
    )
    return decision


def require(principal: Principal, action: str, resource: Resource) -> Decision:
    """Answer as :func:`decide` does, and raise when the answer is no.

    Raises
    ------
    NotAllowed
        With the rule that forbids it, in words.
    """
    decision = decide(principal, action, resource)
    if not decision.allowed:
        raise NotAllowed(decision.sentence(action), where=f"{resource.kind} {resource.id}")
    return decision


def parsed(text: str) -> dict[str, dict[str, Any]]:
    """Return each policy of a text as its syntax tree (Cedar's JSON policy format), by the number Cedar gave it."""
    found: dict[str, dict[str, Any]] = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"]
    return found


@lru_cache(maxsize=1)
def rules() -> tuple[Rule, ...]:
    """Return every policy in force, in the order of the files."""
    return tuple(read(body) for body in parsed(policies()[0]).values())


@lru_cache(maxsize=1)
def acts() -> dict[str, frozenset[str]]:
    """Return every act of the schema, with the kinds of resource that it may be asked about.

    The schema is read by asking: a policy that permits an act on a kind which the schema does not join is refused.
    """
    schema = policies()[1]
    named = sorted({act.strip() for found in _ACTIONS.findall(schema) for act in found.split(",")})
    return {act: frozenset(kind for kind in KINDS if _joined(act, kind, schema)) for act in named}


def _joined(act: str, kind: str, schema: str) -> bool:
    asked = f'permit (principal, action == Action::"{act}", resource is {kind});'
    return bool(cedarpy.validate_policies(asked, schema).validation_passed)


@lru_cache(maxsize=1)
def _read(text: str, schema: str) -> tuple[Any, Any]:
    """Return policies and schema as Cedar has read them: reading them takes twenty times as long as an answer."""
    return cedarpy.PolicySet.from_str(text), cedarpy.Schema.from_str(schema)


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    return {number: body.get("annotations", {}).get("id", number) for number, body in parsed(policies()[0]).items()}


def _uid(kind: str, identity: str) -> str:
    # Cedar strings escape like Rust's; user names and numbers hold neither quotes nor backslashes, so refuse those.
    if '"' in identity or "\\" in identity:
        raise ValueError("an identity may not hold quotes or backslashes")
    return f'{kind}::"{identity}"'


def _entities(principal: Principal, resource: Resource) -> list[dict[str, Any]]:
    attributes: dict[str, Any] = dict(resource.attributes)
    entities: list[dict[str, Any]] = [_account(principal)]
    if resource.kind == "Account":
        return entities if resource.id == principal.username else [*entities, _account(Principal(resource.id))]
    if resource.kind == "Request":
        author = str(attributes["author"])
        attributes["author"] = {"__entity": {"type": "Account", "id": author}}
        if author != principal.username:
            entities.append(_account(Principal(author)))
    entities.append({"uid": {"type": resource.kind, "id": resource.id}, "attrs": attributes, "parents": []})
    return entities


def _account(principal: Principal) -> dict[str, Any]:
    return {
        "uid": {"type": "Account", "id": principal.username},
        "attrs": {
            "roles": sorted(principal.roles),
            "projects": sorted(principal.projects),
            "leads": sorted(principal.leads),
            "controllers": sorted(principal.controllers),
            "past_projects": sorted(principal.past_projects),
            "training_current": principal.training_current,
            "second_factor": principal.second_factor,
        },
        "parents": [],
    }
