"""Questions to the decision point and its answers: plain values, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

KINDS = ("Project", "Agreement", "Request", "Platform", "Account")


@dataclass(frozen=True)
class Grant:
    """What a token lets its person do, of what they may do: these acts, in one project alone or in all.

    Parameters
    ----------
    acts : frozenset of str
        Names of acts.
    project : str
        The code of the only project; empty for no such limit.
    """

    acts: frozenset[str]
    project: str = ""

    def covers(self, action: str, resource: Resource) -> bool:
        """Return whether an act is within it. Where it is for one project, what is of no project is not."""
        if action not in self.acts:
            return False
        return not self.project or self.project in (resource.attributes.get(name) for name in ("code", "project"))


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
    grant : Grant, optional
        What the token lets them do by which they ask; without one nothing is kept back.
    """

    username: str
    roles: frozenset[str] = frozenset()
    projects: frozenset[str] = frozenset()
    training_current: bool = False
    second_factor: bool = False
    leads: frozenset[str] = frozenset()
    controllers: frozenset[str] = frozenset()
    past_projects: frozenset[str] = frozenset()
    grant: Grant | None = None


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
BEYOND_THE_TOKEN = "beyond-the-token"  # noqa: S105 - what a decision is by that a token's grant made


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
