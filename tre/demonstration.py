"""The demonstration: accounts, a synthetic health system, its warehouse, and two approved projects.

Refused in production. Every part looks whether it is done already, so that it can be cut off anywhere and run again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from tre.config.options import load
from tre.config.secrets import secret
from tre.errors import Refused

if TYPE_CHECKING:
    from tre.people.models import Account

Say = Callable[[str], None]


@dataclass(frozen=True)
class Person:
    """One demonstration account."""

    username: str
    roles: tuple[str, ...]
    does: str


PEOPLE = (
    Person("researcher", ("researcher",), "works in the project 'frailty'"),
    Person("researcher-two", ("researcher",), "works in the project 'asthma'"),
    Person("checker-one", ("output_checker",), "reviews outputs at the airlock"),
    Person("checker-two", ("output_checker",), "reviews outputs at the airlock"),
    Person("data-manager", ("data_manager",), "lands, links and provisions data; approves projects"),
    Person("deployer", ("deployer",), "takes approved models out of the release registry"),
    Person("auditor", ("auditor",), "reads and verifies the audit log"),
)


def _only_in_demonstration() -> None:
    if not load().demonstration:
        raise Refused(
            "Demonstration accounts and data are refused in production",
            where="TRE_MODE",
            todo="Make real accounts with the people page",
        )


def password(username: str) -> str:
    """Return the demonstration password of an account: random for each installation, kept in its secrets."""
    _only_in_demonstration()
    return secret(f"demonstration-{username}")[:20]


def one_time_code(username: str) -> str:
    """Return the current one-time code of a demonstration account.

    Raises
    ------
    Refused
        In production, or when there is no such demonstration account.
    """
    _only_in_demonstration()
    if username not in {person.username for person in PEOPLE}:
        names = ", ".join(person.username for person in PEOPLE)
        raise Refused("There is no such demonstration account", where="username", todo=f"Use one of: {names}")
    from tre.people.services import current_code

    return current_code(_account(username))


def sign_ins() -> str:
    """Return the demonstration's sign-ins as text for a terminal."""
    lines = [f"  {person.username:<15} {password(person.username)}  {person.does}" for person in PEOPLE]
    return "\n".join(
        [
            "Demonstration sign-ins (user name, password, what they do):",
            *lines,
            "Each sign-in asks for a one-time code: make code WHO=researcher",
        ]
    )


def _account(username: str) -> Account:
    from tre.people.models import Account

    return Account.objects.get(username=username)


def people() -> None:
    """Make the demonstration accounts that are not there yet, each with a second factor."""
    _only_in_demonstration()
    from tre.people.models import Account
    from tre.people.services import create_account, enrol_totp

    there = set(Account.objects.values_list("username", flat=True))
    for person in PEOPLE:
        if person.username not in there:
            account = create_account(
                username=person.username,
                email=f"{person.username}@example.org",
                password=password(person.username),
                roles=person.roles,
                training_expires=date.today() + timedelta(days=365),
                actor="demonstration",
            )
            enrol_totp(account)
