"""Names, dates of birth and addresses as people write them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from spark_jobs.synthetic_names import NICKNAMES, NOTES
from spark_jobs.synthetic_people import Person
from tests.corpus.families import HIDDEN_PERSON, IDENTIFIERS, NAMES, PERSON
from tests.corpus.identity import of_person
from tests.corpus.model import Writing
from tests.corpus.world import World

_ACCENTS = str.maketrans("aeiouyAEIOU", "áéíöúýÁÉÍÖÚ")
_CYRILLIC = str.maketrans("aeopcxyABEHKMOPCTX", "аеорсхуАВЕНКМОРСТХ")


def _title(who: Person) -> str:
    return "Mrs" if who.sex == "2" else "Mr"


def _misspelt(who: Person) -> str:
    name = who.surname
    return f"Seen by the nurse: {who.forename} {name[:2]}{name[3:4]}{name[2:3]}{name[4:]} of {who.postcode}"


def _nickname(world: World, random: Random) -> str:
    who = next(each for each in world.persons(random, 400) if each.forename in NICKNAMES)
    return f"{NICKNAMES[who.forename]} {who.surname} rang twice about the result"


def _note(world: World, random: Random) -> str:
    who = world.person(random)
    named = [note for note in NOTES if "{" in note]
    note = random.choice(named)
    return note.format(
        title=_title(who), forename=who.forename, surname=who.surname, other=f"{who.forename} {who.surname}"
    )


def _list(world: World, random: Random) -> str:
    return "; ".join(f"{who.forename} {who.surname}" for who in world.persons(random, 12))


def _relative(who: Person) -> str:
    return f"Lives with daughter {who.forename} {who.surname}, who holds power of attorney"


def _born(shape: str) -> Callable[[World, Random], str]:
    """Return a writer of a date of birth beside its name, in one of the ways that dates are written."""
    return of_person(lambda who: f"date of birth {who.birth:{shape}}")


NAMED = (
    Writing(
        "name in a sentence",
        of_person(lambda who: f"The outlier was {who.forename} {who.surname}, admitted twice."),
        NAMES,
    ),
    Writing("name alone", of_person(lambda who: f"{who.forename} {who.surname}"), NAMES),
    Writing(
        "name in capitals",
        of_person(lambda who: f"PATIENT {who.forename.upper()} {who.surname.upper()} DISCHARGED"),
        NAMES,
    ),
    Writing(
        "name in small letters",
        of_person(lambda who: f"spoke to {who.forename.lower()} {who.surname.lower()} again"),
        NAMES,
    ),
    Writing("surname first", of_person(lambda who: f"{who.surname.upper()}, {who.forename} ({_title(who)})"), NAMES),
    Writing(
        "name with accents added",
        of_person(lambda who: f"Patient {who.forename} {who.surname.translate(_ACCENTS)}"),
        NAMES,
    ),
    Writing(
        "name with Cyrillic letters",
        of_person(lambda who: f"Patient {who.forename} {who.surname}".translate(_CYRILLIC)),
        HIDDEN_PERSON,
    ),
    Writing(
        "name with zero-width characters",
        of_person(lambda who: "\u200c".join(f"{who.forename} {who.surname}")),
        HIDDEN_PERSON,
    ),
    Writing(
        "name letter by letter", of_person(lambda who: " ".join(f"{who.forename}{who.surname}".upper())), HIDDEN_PERSON
    ),
    Writing("name as a variable", of_person(lambda who: f"df_{who.forename}_{who.surname} = load()".lower()), NAMES),
    Writing("name in camel case", of_person(lambda who: f"see report{who.forename}{who.surname}Final"), NAMES),
    Writing("name misspelt, with postcode", of_person(_misspelt), PERSON),
    Writing("nickname and surname", _nickname, NAMES),
    Writing("title and surname", of_person(lambda who: f"{_title(who)} {who.surname} declined the follow-up"), NAMES),
    Writing("a clinical note", _note, NAMES),
    Writing("a relative's name", of_person(_relative), NAMES),
    Writing("a list of names", _list, NAMES),
    Writing(
        "initials with date of birth",
        of_person(lambda who: f"{who.forename[0]}{who.surname[0]} {who.birth:%d/%m/%Y}"),
        IDENTIFIERS,
    ),
    Writing(
        "initial, surname and postcode",
        of_person(lambda who: f"{who.forename[0]}. {who.surname}, {who.postcode}"),
        PERSON,
    ),
    Writing(
        "postcode and age",
        of_person(lambda who: f"Lives in {who.postcode}, aged {int(2026 - who.birth.year)}"),
        IDENTIFIERS,
    ),
    Writing(
        "postcode in small letters without a blank",
        of_person(lambda who: f"home {who.postcode.replace(' ', '').lower()}"),
        IDENTIFIERS,
    ),
    Writing(
        "whole address",
        of_person(lambda who: f"{who.number % 90 + 1} Church Street, Stoke-on-Trent {who.postcode}"),
        IDENTIFIERS,
    ),
    Writing("date of birth, ISO 8601", _born("%Y-%m-%d"), IDENTIFIERS),
    Writing("date of birth, day first", _born("%d/%m/%Y"), IDENTIFIERS),
    Writing("date of birth, dotted", _born("%d.%m.%y"), IDENTIFIERS),
    Writing("date of birth with the month's name", _born("%d %B %Y"), IDENTIFIERS),
    Writing("date of birth in eight digits", _born("%Y%m%d"), IDENTIFIERS),
    Writing(
        "date of birth as DOB", of_person(lambda who: f"DOB {who.birth:%d-%b-%y}, {who.forename} {who.surname}"), PERSON
    ),
)
