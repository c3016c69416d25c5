"""When somebody was born and where somebody lives, told in another way than as a date and a postcode."""

from __future__ import annotations

from datetime import date

from spark_jobs.synthetic_people import AS_OF, Person
from tests.corpus.families import IDENTIFIERS, PERSON
from tests.corpus.identity import of_person
from tests.corpus.model import Writing, by_second

_GEOHASH = "0123456789bcdefghjkmnpqrstuvwxyz"
_PLACE_WORDS = ("filled", "count", "soap", "lamp", "tiger", "river", "spoon", "cloud", "pencil", "garden", "window")
_ONES = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
    "twentieth",
)  # fmt: skip


def _weekly(who: Person) -> str:
    year, week, day = who.birth.isocalendar()
    return f"born in {year}-W{week:02d}-{day}, {who.postcode}"


def _relative(who: Person) -> str:
    years = int(who.age(AS_OF))
    days = (AS_OF - who.birth).days - int(365.25 * years)
    return f"{who.forename[0]}.{who.surname[0]}. of {who.postcode} turned {years} just {days} days before 1 July 2026"


def _in_words(who: Person) -> str:
    day = who.birth.day
    ends = f"{'thirty' if day > 30 else 'twenty'}-{_ONES[day % 10 - 1]}"
    told = _ONES[day - 1] if day <= 20 else "thirtieth" if day == 30 else ends
    return f"the patient was born on the {told} of {who.birth:%B}, {who.birth.year}"


def home(who: Person) -> tuple[float, float]:
    """Return where somebody lives, north and east, to about a metre: made up, the same each time."""
    return 53 + who.number * 7919 % 20_000 / 100_000, -2.3 + who.number * 6101 % 30_000 / 100_000


def geohash(north: float, east: float) -> str:
    """Return a place's geohash of nine characters: a square of five metres."""
    ranges, bits = [[-180.0, 180.0], [-90.0, 90.0]], []
    for place in range(45):
        low, high = ranges[place % 2]
        middle = (low + high) / 2
        upper = (east if place % 2 == 0 else north) >= middle
        ranges[place % 2][0 if upper else 1] = middle
        bits.append(str(int(upper)))
    coded = "".join(bits)
    return "".join(_GEOHASH[int(coded[at : at + 5], 2)] for at in range(0, 45, 5))


def _three_words(who: Person) -> str:
    words = [_PLACE_WORDS[who.number * step % len(_PLACE_WORDS)] for step in (3, 5, 11)]
    return f"Home visit at ///{'.'.join(words)}, {who.forename[0]}. {who.surname}"


BIRTHS_AND_HOMES = by_second(
    Writing(
        "date of birth as an age in days",
        of_person(lambda who: f"{who.postcode}: aged {(AS_OF - who.birth).days:,} days on 1 July 2026"),
        IDENTIFIERS,
    ),
    Writing("date of birth as an ISO week", of_person(_weekly), IDENTIFIERS),
    Writing("date of birth by a birthday", of_person(_relative), PERSON),
    Writing("date of birth in words", of_person(_in_words), IDENTIFIERS),
    Writing(
        "date of birth as Excel's serial day",
        of_person(lambda who: f"dob {(who.birth - date(1899, 12, 30)).days}, postcode {who.postcode}"),
        IDENTIFIERS,
    ),
    Writing(
        "date of birth in seconds since 1970",
        of_person(lambda who: f'"birthDate": {(who.birth - date(1970, 1, 1)).days * 86_400}'),
        IDENTIFIERS,
    ),
    Writing(
        "home by coordinates",
        of_person(lambda who: "patient's home {:.5f}, {:.5f}".format(*home(who))),
        IDENTIFIERS,
    ),
    Writing("home by geohash", of_person(lambda who: f"home geohash {geohash(*home(who))}"), IDENTIFIERS),
    Writing("home by three words", of_person(_three_words), PERSON),
    Writing(
        "home by property number",
        of_person(lambda who: f"lives at UPRN 1000{31_700_000 + who.number}"),
        IDENTIFIERS,
    ),
)
