"""The people whose identities are planted, and the filters and pseudonyms that the platform would have of them."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b32encode
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random

from spark_jobs.synthetic_people import BLOCK, Person, block_of_people, local_number
from spark_jobs.synthetic_time import ACUTE, COUNTY, GP, MENTAL, ONS, STOKE
from tre.disclosure import pseudonyms
from tre.disclosure.exact_match import digests, write_filter

PEOPLE = 2_000  # whose identifiers the filters hold
PROVIDERS = (GP, ACUTE, MENTAL, STOKE, COUNTY, ONS)

PROJECT = "a"  # whose outputs the files are
# Who holds pseudonyms, as their filters are named, and the purpose of each one's key
OWNERS = {pseudonyms.WAREHOUSE: "warehouse", PROJECT: "project/a", "b": "project/b"}


@dataclass(frozen=True)
class World:
    """The synthetic health system as far as the corpus needs it."""

    seed: int

    @cached_property
    def people(self) -> tuple[Person, ...]:
        """Everybody whose identifiers are held."""
        blocks = range(PEOPLE // BLOCK)
        return tuple(person for block in blocks for person in block_of_people(block, PEOPLE, self.seed))

    @cached_property
    def numbered(self) -> tuple[Person, ...]:
        """Those who have an NHS number."""
        return tuple(person for person in self.people if person.nhs_number)

    @cached_property
    def key(self) -> bytes:
        """The key of the exact-match filters."""
        return hashlib.sha256(f"{self.seed}/exact-match".encode()).digest()

    def person(self, random: Random) -> Person:
        """Return one person who has an NHS number."""
        return random.choice(self.numbered)

    def persons(self, random: Random, count: int) -> list[Person]:
        """Return that many different persons with NHS numbers."""
        return random.sample(self.numbered, count)

    @cached_property
    def postcodes(self) -> frozenset[str]:
        """The postcodes that somebody lives or lived at, without blanks."""
        return frozenset(
            code.replace(" ", "") for each in self.people for code in (each.postcode, each.former_postcode) if code
        )

    def pseudonym(self, person: Person, purpose: str) -> str:
        """Return a person's pseudonym under one purpose's key: 26 letters and digits, as the platform makes them."""
        key = hashlib.sha256(f"{self.seed}/{purpose}".encode()).digest()
        digest = hmac.digest(key, str(person.number).encode(), hashlib.sha256)[:16]
        return b32encode(digest).decode().rstrip("=")

    def write_filters(self, folder: Path) -> None:
        """Write the filters as the platform does: of each kind of identifier, and of each owner's pseudonyms."""
        for kind, values in self._held():
            write_filter(folder, kind, digests(self.key, kind, values))
        for owner, purpose in OWNERS.items():
            held = pseudonyms.digests(self.key, (self.pseudonym(each, purpose) for each in self.people))
            pseudonyms.add_to_filter(folder, owner, held)

    def _held(self) -> Iterable[tuple[str, list[str]]]:
        surnames = [(each, name) for each in self.people for name in {each.surname, each.former_surname}]
        yield "nhs_number", [each.nhs_number for each in self.people if each.nhs_number]
        yield "full_name", [f"{each.forename} {surname}" for each, surname in surnames]
        yield "name_dob", [f"{each.forename} {surname}|{each.birth.isoformat()}" for each, surname in surnames]
        yield "postcode", sorted(self.postcodes)
        yield "hospital_number", [local_number(each, provider) for each in self.people for provider in PROVIDERS]


def hospital_number(person: Person) -> str:
    """Return the acute trust's own number of a person."""
    return local_number(person, ACUTE)
