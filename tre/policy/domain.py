"""Questions to the decision point and its answers: plain values, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

KINDS = ("Project", "Agreement", "Request", "Platform", "Account")


@dataclass(frozen=True)
class Principal:
    """The person who asks, as the policies see them.

    Parameters
    ----------
    username : str
        The account's name.
    roles, projects, leads : frozenset of str
        Roles held, and codes of the projects that the person is a member of, and leads.
    training_current : bool
        Whether today lies before the training's expiry.
    second_factor : bool
        Whether this session used a second factor.
    controllers : frozenset of str
        The controllers whose datasets the person answers for.
    past_projects : frozenset of str
        Codes of the projects that the person was a member of once.
    """

    username: str
    roles: frozenset[str] = frozenset()
    projects: frozenset[str] = frozenset()
    training_current: bool = False
    second_factor: bool = False
    leads: frozenset[str] = frozenset()
    controllers: frozenset[str] = frozenset()
    past_projects: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Resource:
    """What is asked about: its kind, its identity, and the attributes that its kind has in the schema.

    For a ``Request`` the attribute ``author`` is a user name. An ``Account`` is asked about by its user name alone.

    Raises
    ------
    ValueError
        When the kind is unknown.
    """

    kind: str
    id: str = "platform"
    attributes: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind of resource: {self.kind}")


PLATFORM = Resource("Platform")


@dataclass(frozen=True)
class Decision:
    """The answer, and the names of the policies that made it (none when nothing permits)."""

    allowed: bool
    policies: tuple[str, ...] = ()

    def sentence(self, action: str) -> str:
        """Return in words why the act is or is not allowed."""
        act = action.replace("_", " ")
        if self.allowed:
            return f"You may {act}: {', '.join(self.policies)}"
        if self.policies:
            return f"You may not {act}: the rule '{self.policies[0].replace('-', ' ')}' forbids it"
        return f"You may not {act}: no rule permits it"
