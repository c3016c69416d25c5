"""The airlock's rules: states, the one table of transitions, and how reviews come to a decision. Pure; no I/O."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tre.airlock.crate.names import METADATA_FILE
from tre.errors import Refused

State = Literal[
    "submitted", "inspecting", "blocked", "in_review", "returned", "rejected", "approved", "releasing", "released",
    "withdrawn",
]  # fmt: skip
Event = Literal[
    "inspect", "block", "pass_to_review", "return", "reject", "approve", "release", "finish", "halt", "withdraw"
]
Choice = Literal["approve", "return", "reject"]
Owner = Literal["author", "platform", "checkers", "nobody"]

# Who must act next in each state.
OWNERS: dict[State, Owner] = {
    "submitted": "platform",
    "inspecting": "platform",
    "blocked": "author",
    "in_review": "checkers",
    "returned": "author",
    "rejected": "nobody",
    "approved": "platform",
    "releasing": "platform",
    "released": "nobody",
    "withdrawn": "nobody",
}

TRANSITIONS: dict[tuple[State, Event], State] = {
    ("submitted", "inspect"): "inspecting",
    ("inspecting", "block"): "blocked",
    ("inspecting", "pass_to_review"): "in_review",
    ("in_review", "approve"): "approved",
    ("in_review", "return"): "returned",
    ("in_review", "reject"): "rejected",
    ("approved", "release"): "releasing",
    ("releasing", "finish"): "released",
    ("releasing", "halt"): "blocked",
    ("submitted", "withdraw"): "withdrawn",
    ("inspecting", "withdraw"): "withdrawn",
    ("blocked", "withdraw"): "withdrawn",
    ("in_review", "withdraw"): "withdrawn",
    ("returned", "withdraw"): "withdrawn",
}

# What the audit log calls each event.
AUDIT_EVENTS: dict[Event, str] = {
    "inspect": "airlock.inspection_began",
    "block": "airlock.blocked",
    "pass_to_review": "airlock.passed_to_review",
    "return": "airlock.returned",
    "reject": "airlock.rejected",
    "approve": "airlock.approved",
    "release": "airlock.release_began",
    "finish": "airlock.released",
    "halt": "airlock.release_halted",
    "withdraw": "airlock.withdrawn",
}

REVIEWERS = 2  # "at least two output checkers": SDAP handbook; AzureTRE#4568 asks for it to be enforced
MOST_FILES = 50
MOST_BYTES = 256 * 1024 * 1024
RELEASE_NOTE = METADATA_FILE  # what the platform itself writes beside released files
# A model's files, all of them and no other: those of ml.package, which the web process does not import.
MODEL_FILES = frozenset({"model.json", "weights.safetensors", "card.json", "card.md"})
_PART = r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,79}"
_NAME = re.compile(rf"{_PART}(/{_PART}){{0,3}}")


def follow(state: State, event: Event) -> State:
    """Return the state that the event leads to.

    Raises
    ------
    Refused
        When the event cannot happen in this state.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        act = event.replace("_", " ")
        raise Refused(
            f"A request that is {state.replace('_', ' ')} cannot {act}", todo="Look at what became of it"
        ) from None


@dataclass(frozen=True)
class Vote:
    """What one checker says of one file, by the file's number and the SHA-256 of the bytes that were shown."""

    file: int
    choice: Choice
    comment: str = ""
    sha256: str = ""


def check_votes(votes: Sequence[Vote], files: Sequence[int]) -> None:
    """Refuse a review that leaves a file out, or asks for something without saying what.

    Raises
    ------
    Refused
        Naming what is missing.
    """
    if sorted(vote.file for vote in votes) != sorted(files):
        raise Refused("Every file needs one vote", todo="Vote on each file, then hand the review in")
    if any(vote.choice != "approve" and not vote.comment.strip() for vote in votes):
        raise Refused("A vote that does not approve needs a comment", todo="Say what has to change")


def choice_of(votes: Sequence[Vote]) -> Choice:
    """Return what one review comes to: the most severe of its votes."""
    choices = {vote.choice for vote in votes}
    if "reject" in choices:
        return "reject"
    if "return" in choices:
        return "return"
    return "approve"


def outcome(choices: Sequence[Choice]) -> Choice | None:
    """Return what the reviews decide together, or None while another checker is needed.

    Two checkers who agree decide. Where they disagree a third is asked and the majority decides; three different
    voices return the request to its author.
    """
    if len(choices) < REVIEWERS:
        return None
    for choice in choices:
        if choices.count(choice) >= REVIEWERS:
            return choice
    return "return" if len(choices) > REVIEWERS else None


@dataclass(frozen=True)
class Said:
    """One review as one witness tells it: the database's rows, or the audit log.

    Parameters
    ----------
    checker : str
        User name.
    choice : str
        What the whole review came to.
    votes : tuple of (str, str)
        SHA-256 and choice for each file, sorted.
    """

    checker: str
    choice: Choice
    votes: tuple[tuple[str, Choice], ...]


def check_releasable(
    files: Sequence[str],
    submitted: Sequence[str],
    rows: Sequence[Said],
    logged: Sequence[Said],
    barred: Collection[str],
) -> None:
    """Refuse to release what was not submitted, reviewed and approved as the audit log tells.

    Parameters
    ----------
    files, submitted : sequence of str
        SHA-256 of each file, as the request's rows have it and as the log does.
    rows, logged : sequence of Said
        The reviews, as their rows have them and as the log does.
    barred : collection of str
        Who may not decide on this request: its author and the project's members.

    Raises
    ------
    Refused
        Saying what does not hold.
    """
    wanted = sorted(files)
    voted = [sorted(sha256 for sha256, _ in each.votes) for each in rows]
    checkers = [each.checker for each in rows]
    own = all(each.choice == choice_of([Vote(0, choice) for _, choice in each.votes]) for each in rows)
    checks = [
        (bool(files) and wanted == sorted(submitted), "The files are not those that were submitted"),
        (_same(rows, logged), "The reviews are not those that were handed in"),
        (len(set(checkers)) == len(checkers), "A checker has reviewed it twice"),
        (not set(checkers) & set(barred), "Its author or a member of its project has reviewed it"),
        (all(each == wanted for each in voted), "A review is of other files"),
        (own and outcome([each.choice for each in rows]) == "approve", "Two checkers have not approved it"),
    ]
    for holds, what in checks:
        if not holds:
            raise Refused(what, where="release", todo="Stop and tell the auditor")


def _same(rows: Sequence[Said], logged: Sequence[Said]) -> bool:
    def by_checker(said: Said) -> tuple[str, Choice, tuple[tuple[str, Choice], ...]]:
        return said.checker, said.choice, said.votes

    return sorted(rows, key=by_checker) == sorted(logged, key=by_checker)


def check_names(names: Sequence[str]) -> None:
    """Refuse file names that could lead out of a folder, hide something, or clash with each other or the platform's.

    Raises
    ------
    Refused
        By the file's place in the list: the name itself may hold what must not be shown.
    """
    if not names:
        raise Refused("A request needs at least one file", where="files")
    if len(names) > MOST_FILES:
        raise Refused(f"A request may hold {MOST_FILES} files", where=f"{len(names)} files", todo="Make several")
    for place, name in enumerate(names, start=1):
        if not _NAME.fullmatch(name) or ".." in name:
            raise Refused(
                "A file name may hold letters, digits, spaces, dots, hyphens and underscores, in up to three folders",
                where=f"file {place}",
                todo="Rename it and submit again",
            )
    folded = [name.casefold() for name in names]
    if len(set(folded)) != len(folded):
        raise Refused("Two files have the same name", where="files", todo="Rename one and submit again")
    if set(folded) & {folder for name in folded for folder in _folders(name)}:
        raise Refused("A file and a folder have the same name", where="files", todo="Rename one and submit again")
    if any(name.partition("/")[0] == RELEASE_NOTE.casefold() for name in folded):
        raise Refused(f"The name {RELEASE_NOTE} is the platform's own", where="files", todo="Rename the file")


def _folders(name: str) -> Iterator[str]:
    """Yield each folder that a name lies in."""
    while name := name.rpartition("/")[0]:
        yield name


def model_folders(names: Sequence[str]) -> tuple[str, ...]:
    """Return the folders among the names that are models: those that hold both a description and weights."""
    held = set(names)
    folders = {name.rpartition("/")[0] for name in names if name.rpartition("/")[2] == "model.json"}
    return tuple(sorted(folder for folder in folders if folder and f"{folder}/weights.safetensors" in held))


def check_models(names: Sequence[str]) -> None:
    """Refuse models that could not be registered: with other files in their folder, or two of one name.

    Raises
    ------
    Refused
        Saying which files a model has. Folders are told by their place: a name may hold what must not be shown.
    """
    folders = model_folders(names)
    for place, folder in enumerate(folders, start=1):
        if {name.removeprefix(f"{folder}/") for name in names if name.startswith(f"{folder}/")} != MODEL_FILES:
            raise Refused(
                "A model's folder holds its own files, all of them and nothing else",
                where=f"model {place}",
                todo=f"Keep just {', '.join(sorted(MODEL_FILES))} in it, and submit other files beside it",
            )
    bases = [folder.rpartition("/")[2].casefold() for folder in folders]
    if len(set(bases)) != len(bases):
        raise Refused("Two models have the same name", where="files", todo="Rename one folder and submit again")
