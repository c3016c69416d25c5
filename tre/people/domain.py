"""Roles, which of them one person may not hold together, training, and names nobody may have. Pure; no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from tre.errors import Refused

INVITATION_DAYS = 7
STEP_UP_SECONDS = 300
# Those who act without being a person stand in the audit log under these names; the others are the Hub's own.
RESERVED_NAMES = frozenset(
    {"airlock", "anonymous", "console", "demonstration", "hub", "platform", "supervisor", "worker", "www"}
)
# Accreditation lasts at most five years: the longest that a UK scheme gives (UK Statistics Authority, "Accredited
# Researcher" under the Digital Economy Act 2017).
MOST_TRAINING = timedelta(days=5 * 366)
_SOON = timedelta(days=30)

ROLES = {
    "researcher": "Researcher",
    "project_lead": "Project lead",
    "output_checker": "Output checker",
    "data_manager": "Data manager",
    "information_asset_owner": "Information asset owner",
    "deployer": "Deployer",
    "auditor": "Auditor",
    "operator": "Operator",
}

# Separation of duties: who asks never decides, who prepares data never works with it, who proves never acts.
CONFLICTS = (
    frozenset({"researcher", "output_checker"}),
    frozenset({"researcher", "data_manager"}),
    frozenset({"project_lead", "output_checker"}),
    frozenset({"project_lead", "information_asset_owner"}),
    frozenset({"operator", "output_checker"}),
    *(frozenset({"auditor", role}) for role in ROLES if role != "auditor"),
)


def check_roles(roles: Iterable[str]) -> frozenset[str]:
    """Return the roles as a set.

    Raises
    ------
    Refused
        When one is unknown, or two may not be held together.
    """
    held = frozenset(roles)
    if unknown := sorted(held - ROLES.keys()):
        raise Refused(f"There is no role '{unknown[0]}'", todo=f"Use some of: {', '.join(ROLES)}")
    for pair in CONFLICTS:
        if pair <= held:
            first, second = sorted(pair)
            raise Refused(
                f"One person may not be both {ROLES[first].lower()} and {ROLES[second].lower()}",
                todo="Give the roles to two people",
            )
    return held


def check_training(accredited: date, expires: date, today: date) -> None:
    """Check the days of an accreditation.

    Raises
    ------
    Refused
        When it lies in the future, ends before it begins, or lasts longer than any scheme gives.
    """
    if accredited > today:
        raise Refused("Training cannot have been accredited in the future", where="accredited on")
    if expires <= accredited:
        raise Refused("Training must expire after it was accredited", where="expires on")
    if expires - accredited > MOST_TRAINING:
        raise Refused("No accreditation lasts longer than five years", where="expires on", todo="Correct the year")


def training_ends_soon(expires: date | None, today: date) -> bool:
    """Return whether training is current and ends within 30 days: time to renew it."""
    return expires is not None and today <= expires < today + _SOON


def invitation_state(*, over: bool, accepted: bool, withdrawn: bool) -> str:
    """Return what has become of an invitation: ``accepted``, ``withdrawn``, ``expired`` or ``open``.

    Parameters
    ----------
    over : bool
        Whether its last moment has passed.
    """
    if accepted:
        return "accepted"
    if withdrawn:
        return "withdrawn"
    return "expired" if over else "open"


def second_factor_claimed(claims: Mapping[str, object], amr: Iterable[str], acr: Iterable[str]) -> bool:
    """Return whether an ID token says that a second factor was used, in a way that is accepted here.

    Parameters
    ----------
    claims : mapping
        Of the ID token: ``amr`` is a list of methods (RFC 8176), ``acr`` one name of a class (OpenID Connect Core 1.0).
    amr, acr : iterable of str
        The methods and classes of which any one is enough.
    """
    used = claims.get("amr")
    methods = {each for each in used if isinstance(each, str)} if isinstance(used, list) else set()
    return bool(methods & set(amr)) or any(claims.get("acr") == each for each in acr)
