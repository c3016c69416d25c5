"""``policies/api.yaml`` as values: the scopes of tokens, how long these live, and what no token does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from tre.config.options import REPOSITORY
from tre.config.policy_files import reading
from tre.errors import SettingsError
from tre.policy.decision import acts

POLICY_FILE = REPOSITORY / "policies" / "api.yaml"


@dataclass(frozen=True)
class Scope:
    """What a token may be let do: in words, and as acts of the policies.

    Parameters
    ----------
    longest : timedelta
        For how long after it was made a token has this scope, whatever it was made for.
    """

    name: str
    words: str
    acts: frozenset[str]
    longest: timedelta


@dataclass(frozen=True)
class ApiPolicy:
    """What the API is held to.

    Parameters
    ----------
    scopes : mapping of str to Scope
        By their names, in the order of the file.
    kept_back : mapping of str to str
        Why no token does an act, by the act.
    lives : mapping of int to str
        For how many hours a token may live, each in words.
    longest : timedelta
        The longest that a token lives, whatever it was made for.
    most_each : int
        How many tokens one person holds at a time.
    wrong_tokens : (int, int)
        How many wrong tokens an address may try, in so many seconds.
    answers_kept : timedelta
        For how long the answer to an Idempotency-Key is kept.
    """

    scopes: Mapping[str, Scope]
    kept_back: Mapping[str, str]
    lives: Mapping[int, str]
    longest: timedelta
    most_each: int
    wrong_tokens: tuple[int, int]
    answers_kept: timedelta

    def acts_of(self, names: Iterable[str], age: timedelta = timedelta(0)) -> frozenset[str]:
        """Return the acts that some scopes let a token of this age do.

        A scope that there is no more, or whose time is over, lets it do none.
        """
        held = (self.scopes[name] for name in names if name in self.scopes)
        return frozenset().union(*(scope.acts for scope in held if age < scope.longest))

    def longest_of(self, names: Iterable[str]) -> timedelta:
        """Return the longest that a token with all of these scopes may live."""
        return min((self.scopes[name].longest for name in names), default=self.longest)


@cache
def api_policy(path: Path = POLICY_FILE) -> ApiPolicy:
    """Return the policy of the file.

    Raises
    ------
    SettingsError
        When it cannot be read as one, or does not say of every act of the policies whether a token may do it.
    """
    with reading(path, "The API's policy") as held:
        made = _policy(held)
    named = made.acts_of(made.scopes)
    wrong = sorted((named & made.kept_back.keys()) | ((named | made.kept_back.keys()) ^ acts().keys()))
    if wrong:
        raise SettingsError(
            f"The API's policy must name '{wrong[0]}' either in a scope or as kept back, and it must be an act",
            where=str(path),
        )
    return made


def _policy(told: dict[str, Any]) -> ApiPolicy:
    token, wrong = told["token"], told["wrong_tokens"]
    lives = {int(each["hours"]): str(each["words"]) for each in token["lives"]}
    longest = timedelta(hours=int(token["most_hours"]))
    scopes = {str(name): _scope(str(name), scope, longest) for name, scope in told["scopes"].items()}
    if not lives or min(lives) < 1 or timedelta(hours=max(lives)) > longest or not scopes:
        raise ValueError
    if min(each.longest for each in scopes.values()) < timedelta(hours=min(lives)):
        raise ValueError  # a scope that no token could have
    return ApiPolicy(
        scopes,
        {str(act): str(why) for act, why in told["kept_back"].items()},
        lives,
        longest,
        int(token["most_each"]),
        (int(wrong["number"]), int(wrong["seconds"])),
        timedelta(hours=int(told["kept_answers_hours"])),
    )


def _scope(name: str, told: dict[str, Any], longest: timedelta) -> Scope:
    hours = timedelta(hours=int(told["most_hours"])) if "most_hours" in told else longest
    return Scope(name, str(told["words"]), frozenset(map(str, told["acts"])), min(hours, longest))
