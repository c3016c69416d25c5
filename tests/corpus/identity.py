"""Who somebody is, as one plain line: what a place is tried with, so that nothing but the place is hard."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from spark_jobs.synthetic_people import Person
from tests.corpus.families import IDENTIFIERS, PERSON
from tests.corpus.model import Writing
from tests.corpus.world import World


def of_person(shape: Callable[[Person], str]) -> Callable[[World, Random], str]:
    """Return a writer of one person in this shape."""
    return lambda world, random: shape(world.person(random))


def spaced(number: str) -> str:
    """Return an NHS number as it is printed: three, three and four digits."""
    return f"{number[:3]} {number[3:6]} {number[6:]}"


def line(world: World, random: Random) -> str:
    """Return a person's name, NHS number, date of birth and postcode in one line."""
    who = world.person(random)
    return (
        f"{who.forename} {who.surname}, NHS number {spaced(who.nhs_number)}, born {who.birth:%d/%m/%Y}, {who.postcode}"
    )


def _number(world: World, random: Random) -> str:
    return f"NHS number {spaced(world.person(random).nhs_number)}"


def _bare(world: World, random: Random) -> str:
    return world.person(random).nhs_number


def _named(world: World, random: Random) -> str:
    who = world.person(random)
    return f"{who.forename} {who.surname} {who.birth:%d/%m/%Y}"


PLAIN = (
    Writing("whole line", line, PERSON),
    Writing("NHS number with its name", _number, IDENTIFIERS),
    Writing("name and date of birth", _named, PERSON),
    Writing("NHS number alone", _bare, IDENTIFIERS),
)
