"""Pseudonyms, whole and disguised."""

from __future__ import annotations

from base64 import b32decode
from collections.abc import Callable
from random import Random

from tests.corpus.families import PSEUDONYMS
from tests.corpus.model import Writing
from tests.corpus.world import World

_FAMILIES = PSEUDONYMS | {"hiding", "identifiers"}


def _of(
    purpose: str, shape: Callable[[str], str] = str, context: str = "Row {} was checked by hand"
) -> Callable[[World, Random], str]:
    return lambda world, random: context.format(shape(world.pseudonym(world.person(random), purpose)))


def _hex(pseudonym: str) -> str:
    return b32decode(pseudonym + "======").hex()


def _uuid(pseudonym: str) -> str:
    held = _hex(pseudonym)
    return "-".join((held[:8], held[8:12], held[12:16], held[16:20], held[20:]))


PSEUDONYM = (
    Writing("the project's pseudonym", _of("project/a"), PSEUDONYMS),
    Writing("another project's pseudonym", _of("project/b"), PSEUDONYMS),
    Writing("the warehouse's pseudonym", _of("warehouse"), PSEUDONYMS),
    Writing("a pseudonym in small letters", _of("project/a", str.lower), PSEUDONYMS),
    Writing(
        "a pseudonym in groups",
        _of("project/a", lambda held: "-".join(held[at : at + 5] for at in range(0, 26, 5))),
        PSEUDONYMS,
    ),
    Writing("a pseudonym glued to letters", _of("project/a", str, "file person_{}.csv"), PSEUDONYMS),
    Writing("a pseudonym in hexadecimal", _of("project/a", _hex, "person {}"), _FAMILIES),
    Writing("a pseudonym as a UUID", _of("project/a", _uuid, "person_id {}"), _FAMILIES),
)
