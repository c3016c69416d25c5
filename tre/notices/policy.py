"""``policies/notices.yaml`` as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

from tre.config.options import REPOSITORY
from tre.config.policy_files import reading
from tre.notices.domain import HOW, KINDS, How, Kind

POLICY_FILE = REPOSITORY / "policies" / "notices.yaml"
_AHEAD = ("download", "extract", "agreement")
_BUDGET: tuple[Kind, ...] = ("budget_nearly", "budget_spent")


@dataclass(frozen=True)
class NoticePolicy:
    """How people are told.

    Parameters
    ----------
    default : How
        How those are told who have chosen nothing.
    always : frozenset of str
        Kinds that are sent at once whatever somebody has chosen.
    hour : int
        Of the daily e-mail.
    ahead : mapping
        How long before its end somebody is told: of a download, an extract, an agreement.
    budget : mapping
        From which share of a privacy budget on somebody is told, in per cent of its epsilon, by what they are told.
    """

    default: How
    always: frozenset[str]
    hour: int
    ahead: Mapping[str, timedelta]
    budget: Mapping[Kind, int]


@cache
def notice_policy(path: Path = POLICY_FILE) -> NoticePolicy:
    """Return the policy of the file.

    Raises
    ------
    SettingsError
        When it cannot be read as one, or recalls could be left unsent.
    """
    with reading(path, "The policy of notices") as told:
        ahead = {name: int(told["days_ahead"][name]) for name in _AHEAD}
        [default] = [each for each in HOW if each == told["default"]]
        budget = {kind: int(told["budget_percent"][kind.removeprefix("budget_")]) for kind in _BUDGET}
        always, hour = frozenset(map(str, told["always"])), int(told["hour"])
        if min(ahead.values()) < 1 or hour not in range(24) or "recalled" not in always or not always <= KINDS.keys():
            raise ValueError
        if not 0 < budget["budget_nearly"] < budget["budget_spent"] <= 100:
            raise ValueError
    return NoticePolicy(default, always, hour, {name: timedelta(days=days) for name, days in ahead.items()}, budget)
