"""NHS numbers, hospital numbers and contact details as people and programs write them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.corpus.families import HIDDEN_PERSON, HIDING, IDENTIFIERS, PERSON
from tests.corpus.identity import spaced
from tests.corpus.model import Writing
from tests.corpus.world import World, hospital_number

_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_LOOKALIKE = str.maketrans("01589", "OlSBg")


def _said(shape: Callable[[str], str], context: str = "NHS number {}") -> Callable[[World, Random], str]:
    def write(world: World, random: Random) -> str:
        return context.format(shape(world.person(random).nhs_number))

    return write


def _joined(mark: str) -> Callable[[str], str]:
    return lambda number: mark.join((number[:3], number[3:6], number[6:]))


def _shifted(base: int) -> Callable[[str], str]:
    return lambda number: "".join(chr(base + int(digit)) for digit in number)


def _hospital(context: str) -> Callable[[World, Random], str]:
    return lambda world, random: context.format(hospital_number(world.person(random)))


def _phone(world: World, random: Random) -> str:
    return f"Contact 07700 900{random.randrange(1000):03d} before the visit"


def _insurance(world: World, random: Random) -> str:
    letters = random.choice(("AB", "CE", "JG", "PW", "SX"))
    pairs = " ".join(f"{random.randrange(100):02d}" for _ in range(3))
    return f"NI {letters}{pairs}{random.choice('ABCD')}"


def _mail(world: World, random: Random) -> str:
    who = world.person(random)
    return f"Sent to {who.forename}.{who.surname}{random.randrange(99)}@example.com".lower()


NUMBERS = (
    Writing("NHS number, spaced", _said(spaced), IDENTIFIERS),
    Writing("NHS number, dashed", _said(_joined("-")), IDENTIFIERS),
    Writing("NHS number, dotted", _said(_joined(".")), IDENTIFIERS),
    Writing("NHS number in odd groups", _said(lambda number: f"{number[:5]} {number[5:]}"), IDENTIFIERS),
    Writing("NHS number, every digit apart", _said(" ".join), IDENTIFIERS),
    Writing("NHS number with thin spaces", _said(_joined("\u2009")), IDENTIFIERS),
    Writing("NHS number without context", _said(str, "The exception was {} and was left out."), IDENTIFIERS),
    Writing(
        "NHS number in a web address", _said(str, "https://records.example.org/v2/patient/{}/notes?tab=3"), IDENTIFIERS
    ),
    Writing("NHS number glued to letters", _said(str, "loaded scan_pt{}v2_final"), IDENTIFIERS),
    Writing("NHS number as a decimal", _said("{}.0".format, "id = {}"), IDENTIFIERS),
    Writing("NHS number with exponent", _said(lambda number: f"{int(number):.9e}", "id = {}"), IDENTIFIERS),
    Writing("NHS number with thousands separators", _said(lambda number: f"{int(number):,}"), IDENTIFIERS),
    Writing("NHS number in hexadecimal", _said(lambda number: f"0x{int(number):X}", "id = {}"), HIDDEN_PERSON),
    Writing(
        "NHS number in words", _said(lambda number: " ".join(_WORDS[int(digit)] for digit in number)), HIDDEN_PERSON
    ),
    Writing("NHS number in full-width digits", _said(_shifted(0xFF10)), HIDDEN_PERSON),
    Writing("NHS number in Arabic-Indic digits", _said(_shifted(0x0660)), HIDDEN_PERSON),
    Writing("NHS number in mathematical bold digits", _said(_shifted(0x1D7CE)), HIDDEN_PERSON),
    Writing("NHS number with zero-width characters", _said("\u200b".join), HIDDEN_PERSON),
    Writing("NHS number with soft hyphens", _said("\u00ad".join), HIDDEN_PERSON),
    Writing(
        "NHS number in letters that look like digits", _said(lambda number: number.translate(_LOOKALIKE)), HIDDEN_PERSON
    ),
    Writing("NHS number reversed", _said(lambda number: number[::-1], "ref {}"), HIDDEN_PERSON),
    Writing("NHS number over two lines", _said(lambda number: f"{number[:6]}\n{number[6:]}"), IDENTIFIERS, lines=True),
    Writing("NHS number, a digit a line", _said("\n".join), IDENTIFIERS | HIDING, lines=True),
    Writing("hospital number", _hospital("Case {} was reviewed by hand."), IDENTIFIERS),
    Writing("hospital number with its name", _hospital("Hospital number: {}"), IDENTIFIERS),
    Writing("telephone number", _phone, IDENTIFIERS),
    Writing("National Insurance number", _insurance, IDENTIFIERS),
    Writing("e-mail address", _mail, PERSON),
)
