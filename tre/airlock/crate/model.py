"""What a crate tells of a release: plain values, of which none holds what is in a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Organisation:
    """An organisation by its name, with its address and its contact's e-mail where it has them."""

    name: str
    uri: str = ""
    contact: str = ""


@dataclass(frozen=True)
class Licence:
    """The terms that the released files are under: an address, a name and what they say in short."""

    uri: str
    name: str
    description: str


@dataclass(frozen=True)
class Project:
    """The responsible project, and its approval.

    Parameters
    ----------
    approved : datetime, optional
        When it was approved; None where the approval was never written down.
    digest : str
        SHA-256 of what was approved, or an empty text.
    """

    code: str
    title: str
    organisation: str = ""
    funders: str = ""
    approved: datetime | None = None
    digest: str = ""


@dataclass(frozen=True)
class Agent:
    """A person as the crate names them.

    Parameters
    ----------
    identity : str
        A fragment without its mark, or an absolute identifier such as ``urn:uuid:`` and a pseudonym.
    name : str
        What stands for the person: a name, or a role where the policy hides names.
    """

    identity: str
    name: str


@dataclass(frozen=True)
class ReleasedFile:
    """One file: its name within the release, SHA-256, bytes, media type, and findings by rule with their counts.

    Parameters
    ----------
    code : bool
        Whether it is code that others of the release were made by.
    made : tuple of (str, str)
        Where the platform made it: the run, and SHA-256 of the specification and of all that it was made from, by what
        each is.
    """

    name: str
    sha256: str
    size: int
    media_type: str
    findings: tuple[tuple[str, int], ...] = ()
    code: bool = False
    made: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Review:
    """One checker's say on the whole request."""

    by: Agent
    choice: str
    at: datetime


@dataclass(frozen=True)
class DataUsed:
    """An extract that the work was done on: its number, and each dataset with its version in the warehouse."""

    extract: int
    versions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Code:
    """The code that the files were made by.

    Parameters
    ----------
    version : str
        Its commit, or an empty text where nobody said it.
    workflow : bool
        Whether it is a Workflow RO-Crate; said of nothing that is none.
    """

    name: str
    version: str = ""
    workflow: bool = False


@dataclass(frozen=True)
class Environment:
    """What the work ran in: the product's version, SHA-256 of the list of its packages, and the portal's address."""

    version: str
    lock_sha256: str
    url: str


@dataclass(frozen=True)
class Times:
    """The phases' ends, as the audit log has them."""

    submitted: datetime
    inspected: datetime
    decided: datetime
    released: datetime


@dataclass(frozen=True)
class Release:
    """Everything that a crate tells.

    Parameters
    ----------
    identity : str
        The release's name, which is also what marks its archive.
    profile : str
        The rule set of ``policies/disclosure.yaml`` that inspection was made by.
    reviewed_by : str
        What the airlock's policy asked for.
    """

    identity: str
    request: int
    project: Project
    requester: Agent
    files: tuple[ReleasedFile, ...]
    reviews: tuple[Review, ...]
    times: Times
    data: tuple[DataUsed, ...]
    code: Code
    environment: Environment
    publisher: Organisation
    licence: Licence
    profile: str
    reviewed_by: str
