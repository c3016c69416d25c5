"""What a request's files may be called, how many and how large they may be, and of which kinds. Pure; no I/O."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Literal

from tre.airlock.crate.names import METADATA_FILE
from tre.errors import Refused

Kind = Literal["output", "supporting", "code", "model"]

# What each kind is. Whatever leaves is voted on; what supports is shown to checkers and never leaves.
KINDS: dict[Kind, str] = {
    "output": "Output: to be let out",
    "supporting": "Supporting: shown to the checkers, never let out",
    "code": "Code: to be let out with what it made",
    "model": "Model: to be let out and registered",
}
LEAVING: tuple[Kind, ...] = ("output", "code", "model")
# What a group's controls say where one text tells of both.
TOLD_TOGETHER = "As the context tells."

MOST_FILES = 100  # in one turn
MOST_GROUPS = 20
MOST_TURNS = 20
MOST_BYTES = 256 * 1024 * 1024
MOST_TEXT = 4000  # characters of a context, of controls, of a comment
# What the platform itself writes beside released files (:mod:`tre.airlock.jobs`).
RELEASE_NOTE = METADATA_FILE
# A model's files, all of them and no other: those of ml.packages, which the web process does not import.
MODEL_FILES = frozenset({"model.json", "weights.safetensors", "card.json", "card.md"})
# Of which there is one in each: those of a private training, or of a researcher's own model.
PRIVATE_WEIGHTS = "weights.safetensors"
WEIGHTS = (PRIVATE_WEIGHTS, "weights.onnx", "weights.skops")
_PARTS = f"{', '.join(sorted(MODEL_FILES - set(WEIGHTS)))} and one of {', '.join(WEIGHTS)}"
_PART = r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,79}"
_NAME = re.compile(rf"{_PART}(/{_PART}){{0,3}}")
_GROUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9_. -]{0,59}")


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
    return tuple(sorted(folder for folder in folders if folder and weights_in(folder, held)))


def weights_in(folder: str, names: Collection[str]) -> str:
    """Return the name of the weights in a model's folder; empty where there are none."""
    return next((f"{folder}/{each}" for each in WEIGHTS if f"{folder}/{each}" in names), "")


def check_models(names: Sequence[str]) -> None:
    """Refuse models that could not be registered: with other files in their folder, or two of one name.

    Raises
    ------
    Refused
        Saying which files a model has. Folders are told by their place: a name may hold what must not be shown.
    """
    folders = model_folders(names)
    for place, folder in enumerate(folders, start=1):
        there = {name.removeprefix(f"{folder}/") for name in names if name.startswith(f"{folder}/")}
        if len(there & set(WEIGHTS)) != 1 or there - set(WEIGHTS) != MODEL_FILES - set(WEIGHTS):
            raise Refused(
                "A model's folder holds its own files, all of them and nothing else",
                where=f"model {place}",
                todo=f"Keep just {_PARTS} in it, and submit other files beside it",
            )
    bases = [folder.rpartition("/")[2].casefold() for folder in folders]
    if len(set(bases)) != len(bases):
        raise Refused("Two models have the same name", where="files", todo="Rename one folder and submit again")


def kind_of(name: str, models: Sequence[str]) -> Kind:
    """Return the kind that a file has where nobody says another: a model's, in the folder of one."""
    return "model" if name.rpartition("/")[0] in models else "output"


def check_kinds(kinds: dict[str, Kind]) -> None:
    """Refuse a request that lets nothing out, or a model of which a part is of another kind.

    Parameters
    ----------
    kinds : dict
        The kind of each file by its name.

    Raises
    ------
    Refused
        Saying what does not fit.
    """
    if not any(kind in LEAVING for kind in kinds.values()):
        raise Refused("A request needs a file to let out", where="files", todo="Add an output, or say which it is")
    models = model_folders([name for name, kind in kinds.items() if kind in LEAVING])
    for place, (name, kind) in enumerate(kinds.items(), start=1):
        if (name.rpartition("/")[0] in models) != (kind == "model"):
            raise Refused(
                "A model is the whole of its folder, and nothing else is one",
                where=f"file {place}",
                todo="Say of each file in a model's folder that it is a model's, and of no other",
            )


def check_group(name: str) -> None:
    """Refuse a name that a group may not have.

    Raises
    ------
    Refused
        Always without the name: it may hold what must not be shown.
    """
    if not _GROUP.fullmatch(name):
        raise Refused(
            "A group's name may have 60 letters, digits, spaces, dots, hyphens and underscores", where="group"
        )


def check_text(text: str, what: str, todo: str) -> None:
    """Refuse a text that is missing or too long.

    Raises
    ------
    Refused
        Naming which text.
    """
    if not text.strip():
        raise Refused(f"{what} is missing", todo=todo)
    if len(text) > MOST_TEXT:
        raise Refused(f"{what} may have {MOST_TEXT} characters", todo="Shorten it")
