"""What programs leave behind of a person: error messages, assertions, query results, requests, patches, settings."""

from __future__ import annotations

import json
from random import Random
from urllib.parse import urlencode

from spark_jobs.synthetic_people import AS_OF, Person
from tests.corpus.families import IDENTIFIERS, NAMES, PERSON, RECORDS
from tests.corpus.identity import of_person, spaced
from tests.corpus.model import Writing, by_second
from tests.corpus.world import World, hospital_number


def _traceback(who: Person) -> str:
    row = (who.forename, who.surname, f"{who.birth:%d/%m/%Y}", who.postcode)
    return (
        'Traceback (most recent call last):\n  File "clean.py", line 41, in parse\n    days = int(row[2])\n'
        f"ValueError: invalid literal for int() with base 10: {row[2]!r}\n  row = {row!r}"
    )


def _assertion(who: Person) -> str:
    held, wrong = who.nhs_number, who.nhs_number[:-1] + "X"
    return f"E   AssertionError: assert '{held}' == '{wrong}'\nE     - {wrong}\nE     + {held}"


def _doctest(who: Person) -> str:
    return (
        f'>>> split_name("{who.surname.upper()}, {who.forename}")\n'
        f"('{who.forename}', '{who.surname}')\n>>> born('{who.birth:%d%m%y}')\n{who.birth!r}"
    )


def _grid(world: World, random: Random) -> str:
    """Return what MySQL's client prints."""
    rule = "+------------+-----------------+------------+"
    rows = [f"| {who.nhs_number} | {who.surname:<15} | {who.birth} |" for who in world.persons(random, 4)]
    return "\n".join(
        [rule, "| nhs_number | surname         | born       |", rule, *rows, rule, "4 rows in set (0.02 sec)"]
    )


def _expanded(world: World, random: Random) -> str:
    """Return what psql prints after \\x."""
    records = (
        f"-[ RECORD {place} ]---------\nforename | {who.forename}\nsurname  | {who.surname}\npostcode | {who.postcode}"
        for place, who in enumerate(world.persons(random, 3), 1)
    )
    return "\n".join(records)


def _constraint(who: Person) -> str:
    return (
        'ERROR:  duplicate key value violates unique constraint "person_pkey"\n'
        f"DETAIL:  Key (nhs_number, born)=({who.nhs_number}, {who.birth}) already exists."
    )


def _request(who: Person) -> str:
    body = json.dumps({"given": who.forename, "family": who.surname, "birthDate": str(who.birth)})
    return json.dumps({"level": "debug", "msg": "POST /v1/match", "body": body, "ms": 41})


def _patch(who: Person) -> str:
    return (
        "--- a/exclusions.py\n+++ b/exclusions.py\n@@ -3,3 +3,2 @@\n EXCLUDED = {\n"
        f'-    "{who.nhs_number}",  # {who.forename} {who.surname}, opted out\n }}'
    )


def _environment(who: Person) -> str:
    return f"TZ=Europe/London\nTEST_PATIENT_NAME={who.forename}_{who.surname}\nTEST_PATIENT_DOB={who.birth:%Y%m%d}"


def _query(who: Person) -> str:
    asked = urlencode({"fn": who.forename, "sn": who.surname, "dob": f"{who.birth:%d/%m/%Y}", "pc": who.postcode})
    return f"GET /demographics/search?{asked} HTTP/1.1"


def _fixture(who: Person) -> str:
    return (
        "- model: people.patient\n  pk: 17\n  fields:\n"
        f"    given_name: {who.forename}\n    family_name: {who.surname}\n"
        f"    birth_date: {who.birth}\n    postal_code: {who.postcode}"
    )


def _markup(who: Person) -> str:
    return (
        f'<patient sex="{who.sex}"><given>{who.forename}</given><family>{who.surname}</family>'
        f"<dob>{who.birth:%Y%m%d}</dob></patient>"
    )


def _history(who: Person) -> str:
    return f'  412  grep -n -i "{who.surname}.*{who.forename}" letters/*.txt | head\n  413  wc -l letters/*.txt'


def _device(who: Person) -> str:
    return (
        f"10.41.7.{who.number % 250} pump-{who.number:05d}: serial GB{who.number * 7919 % 10**7:07d} paired to "
        f"{who.surname.upper()} {who.forename[0]} bed 12"
    )


def _commit(who: Person) -> str:
    age = int(who.age(AS_OF))
    return f"Fix overflow for the {age}-year-old in {who.postcode} ({hospital_number(who)}) who broke the plot"


def _repr(who: Person) -> str:
    return (
        f"Patient(id={who.number}, forename='{who.forename}', surname='{who.surname}', "
        f"birth=datetime.date({who.birth.year}, {who.birth.month}, {who.birth.day}))"
    )


def _bullets(world: World, random: Random) -> str:
    """Return a Markdown list of cases that were looked at by hand."""
    lines = (f"- [x] **{who.surname}** ({spaced(who.nhs_number)}): coded twice" for who in world.persons(random, 5))
    return "\n".join(["### Checked by hand", *lines])


def _cached(who: Person) -> str:
    return f"cache hit key=patient:{who.nhs_number}:summary ttl=3600 shard=4"


TRACES = by_second(
    Writing("a traceback with a row", of_person(_traceback), PERSON, lines=True),
    Writing("an assertion's message", of_person(_assertion), IDENTIFIERS, lines=True),
    Writing("a doctest of a real person", of_person(_doctest), PERSON, lines=True),
    Writing("a SQL client's grid", _grid, PERSON | RECORDS, lines=True),
    Writing("psql, expanded records", _expanded, PERSON | RECORDS, lines=True),
    Writing("a constraint's error with its key", of_person(_constraint), PERSON, lines=True),
    Writing("a request's body in a log", of_person(_request), PERSON),
    Writing("a patch that takes a person out", of_person(_patch), PERSON, lines=True),
    Writing("settings with a test patient", of_person(_environment), PERSON, lines=True),
    Writing("a web address that searches for a person", of_person(_query), PERSON),
    Writing("a fixture of one patient", of_person(_fixture), PERSON, lines=True),
    Writing("an XML record", of_person(_markup), PERSON),
    Writing("a shell's history with a name searched for", of_person(_history), NAMES, lines=True),
    Writing("a device's serial number with its wearer", of_person(_device), NAMES | IDENTIFIERS),
    Writing("a commit's message about a patient", of_person(_commit), IDENTIFIERS),
    Writing("a record's repr", of_person(_repr), PERSON),
    Writing("a Markdown list of cases", _bullets, PERSON | RECORDS, lines=True),
    Writing("a cache's key", of_person(_cached), IDENTIFIERS),
)
