"""How the voices of checkers come to a decision, and what a release has to rest on. Pure; no I/O."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar, get_args

from tre.errors import Refused

Choice = Literal["approve", "return", "reject"]
CHOICES: tuple[Choice, ...] = get_args(Choice)
_SEVEREST_FIRST: tuple[Choice, ...] = ("reject", "return", "approve")
REVIEWERS = 2  # "at least two output checkers": SDAP handbook; AzureTRE#4568 asks for it to be enforced
File = TypeVar("File", bound=Hashable)


@dataclass(frozen=True)
class Vote:
    """What one checker says of one file, by the file's number and the SHA-256 of the bytes that were shown."""

    file: int
    choice: Choice
    comment: str = ""
    sha256: str = ""


def check_votes(votes: Sequence[Vote], files: Collection[int], explained: Collection[int] = ()) -> None:
    """Refuse a review that leaves a file out, or asks for something without saying what.

    Parameters
    ----------
    files : collection of int
        The files that may leave.
    explained : collection of int
        Those of which a comment beside the vote says what has to change.

    Raises
    ------
    Refused
        Naming what is missing.
    """
    if sorted(vote.file for vote in votes) != sorted(files):
        raise Refused("Every file needs one vote", todo="Vote on each file, then hand the review in")
    if any(vote.choice != "approve" and not vote.comment.strip() and vote.file not in explained for vote in votes):
        raise Refused("A vote that does not approve needs a comment", todo="Say what has to change")


def choice_of(choices: Collection[Choice]) -> Choice:
    """Return what several choices come to together: the most severe."""
    return next((each for each in _SEVEREST_FIRST if each in choices), "approve")


def outcome(choices: Sequence[Choice], checkers: int = REVIEWERS) -> Choice | None:
    """Return what the voices decide about one file, or None while another is needed.

    As many who agree as there have to be checkers decide, the severest choice first. Where they do not agree one more
    voice is asked; where it settles nothing the file goes back to its author.

    Parameters
    ----------
    checkers : int
        How many have to agree, at least one.
    """
    for choice in _SEVEREST_FIRST:
        if choices.count(choice) >= checkers:
            return choice
    return "return" if len(choices) > checkers else None


@dataclass(frozen=True)
class Voice(Generic[File]):
    """What one checker says of each file, and the roles that they hold."""

    choices: Mapping[File, Choice]
    roles: frozenset[str] = frozenset()


def conflicts(voices: Sequence[Voice[File]], files: Sequence[File], checkers: int) -> tuple[File, ...]:
    """Return the files on which the voices decide nothing yet."""
    return tuple(file for file in files if outcome([each.choices[file] for each in voices], checkers) is None)


def decision(voices: Sequence[Voice[File]], files: Sequence[File], checkers: int, role: str = "") -> Choice | None:
    """Return what the voices decide about the whole request, or None while it waits for another.

    Parameters
    ----------
    files : sequence
        The files that may leave.
    role : str
        A role that somebody who approves every file must hold; empty where nobody has to.
    """
    if len(voices) < checkers or conflicts(voices, files, checkers):
        return None
    decided = choice_of([outcome([each.choices[file] for each in voices], checkers) or "return" for file in files])
    if decided == "approve" and role and not any(_approves(each, role) for each in voices):
        return "return" if len(voices) > checkers else None
    return decided


def _approves(voice: Voice[File], role: str) -> bool:
    return role in voice.roles and set(voice.choices.values()) == {"approve"}


@dataclass(frozen=True)
class Said:
    """One review as its rows and the sealed entry of the audit log both tell it.

    Parameters
    ----------
    checker : str
        User name.
    roles : frozenset of str
        The roles that the checker held when it was handed in.
    votes : mapping
        By file name: the SHA-256 of the bytes that were voted on, and the choice.
    """

    checker: str
    roles: frozenset[str]
    votes: Mapping[str, tuple[str, Choice]]


def check_releasable(
    files: Mapping[str, str], said: Sequence[Said], barred: Collection[str], checkers: int, role: str = ""
) -> None:
    """Refuse to release what was not reviewed and approved, file by file and byte by byte.

    Parameters
    ----------
    files : mapping
        By name: the SHA-256 of each file that would leave.
    said : sequence of Said
        The last review of each checker, as it is proved to have been handed in.
    barred : collection of str
        Who may not decide on this request: its author, and who is or was a member of its project.
    checkers : int
        How many have to agree; 0 where a written policy lets what the platform made itself out by itself.
    role : str
        A role that one of those who approve has to hold; empty where none has to.

    Raises
    ------
    Refused
        Saying what does not hold.
    """
    if files and not checkers and not said and not role:
        return
    who = [each.checker for each in said]
    shown = [{name: sha256 for name, (sha256, _) in each.votes.items()} for each in said]
    if not files:
        raise _broken("Nothing was to be let out")
    if len(set(who)) != len(who):
        raise _broken("A checker has reviewed it twice")
    if set(who) & set(barred):
        raise _broken("Its author, or somebody who is or was a member of its project, has reviewed it")
    if any(each != files for each in shown):
        raise _broken("A review is of other files")
    voices = [Voice({name: choice for name, (_, choice) in each.votes.items()}, each.roles) for each in said]
    if decision(voices, sorted(files), checkers, role) != "approve":
        also = f", one of them {role.replace('_', ' ')}," if role else ""
        raise _broken(f"{_counted(checkers)}{also} not approved it")


def _counted(checkers: int) -> str:
    return {1: "A checker has", 2: "Two checkers have", 3: "Three checkers have"}.get(checkers, f"{checkers} have")


def _broken(what: str) -> Refused:
    return Refused(what, where="release", todo="Stop and tell the auditor")
