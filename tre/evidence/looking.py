"""Runs the live checks, one by one, and says of each statement what was found and when."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import DatabaseError
from django.utils import timezone

from tre.errors import TreError
from tre.evidence.checks import CHECKS, Check, looks_at
from tre.evidence.domain import Found, Own, Result, Statement, not_shown
from tre.evidence.installation import Installation
from tre.evidence.statements import Specification


def look(
    specification: Specification,
    here: Installation,
    own: Mapping[str, tuple[Own, ...]],
    checks: Mapping[str, Check] = CHECKS,
) -> tuple[Result, ...]:
    """Return what is so of each statement, in the specification's order.

    Parameters
    ----------
    own : mapping
        The operator's documents by number.
    """
    return tuple(_result(each, here, own.get(each.number, ()), checks) for each in specification.statements)


def _result(statement: Statement, here: Installation, own: tuple[Own, ...], checks: Mapping[str, Check]) -> Result:
    check = checks.get(statement.number)
    if check is None:
        return Result(statement, "", "", "", None, own)
    found = _found(check, here)
    return Result(statement, found.outcome, looks_at(check), found.detail, timezone.now(), own)


def _found(check: Check, here: Installation) -> Found:
    """Run one check; where it cannot be run to its end nothing is shown."""
    try:
        return check(here)
    except TreError as error:
        return not_shown(f"The check could not be run: {error.sentence()}")
    except (OSError, DatabaseError) as error:
        return not_shown(f"The check could not be run ({type(error).__name__})")
