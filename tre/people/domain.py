"""Roles, and which of them one person may not hold together. Pure; no I/O."""

from __future__ import annotations

from collections.abc import Iterable

from tre.errors import Refused

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
