"""Messages between people and between systems that are about one patient, as a researcher would paste one."""

from __future__ import annotations

import json
from random import Random

from spark_jobs.synthetic_names import CONDITIONS
from spark_jobs.synthetic_people import AS_OF, Person
from tests.corpus.families import NAMES, PERSON
from tests.corpus.identity import of_person, spaced
from tests.corpus.model import Writing, by_second
from tests.corpus.world import World, hospital_number

_MRZ_WEIGHTS = (7, 3, 1)


def _title(who: Person) -> str:
    return "Mrs" if who.sex == "2" else "Mr"


def _hl7(who: Person) -> str:
    """Return an admission in HL7 version 2: header, patient, visit."""
    sex = "F" if who.sex == "2" else "M"
    return (
        "MSH|^~\\&|PAS|RJE|LAB|RJE|20260601101500||ADT^A01|88123|P|2.4\n"
        f"PID|1||{who.nhs_number}^^^NHS^NH~{hospital_number(who)}^^^RJE^MR||{who.surname.upper()}^{who.forename.upper()}||"
        f"{who.birth:%Y%m%d}|{sex}|||^^STOKE-ON-TRENT^^{who.postcode}\nPV1|1|I|W21^B4"
    )


def _fhir(who: Person) -> str:
    return json.dumps(
        {
            "resourceType": "Patient",
            "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": who.nhs_number}],
            "name": [{"family": who.surname, "given": [who.forename]}],
            "birthDate": str(who.birth),
        }
    )


def _letter(world: World, random: Random) -> str:
    who, condition = world.person(random), random.choice(list(CONDITIONS))
    return (
        f"Dear Doctor,\n\nRe: {_title(who)} {who.forename} {who.surname}, d.o.b. {who.birth:%d.%m.%Y}\n\nThank you for "
        f"referring this pleasant {int(who.age(AS_OF))} year old with {condition}, whom I saw in clinic today."
    )


def _event(who: Person) -> str:
    return (
        "BEGIN:VEVENT\nDTSTART:20260611T093000\nDTEND:20260611T100000\n"
        f"SUMMARY:Memory clinic - {who.forename} {who.surname}\nLOCATION:Haywood Hospital\nEND:VEVENT"
    )


def _card(who: Person) -> str:
    return (
        f"BEGIN:VCARD\nVERSION:3.0\nN:{who.surname};{who.forename};;;\nBDAY:{who.birth:%Y%m%d}\n"
        f"ADR;TYPE=HOME:;;{who.number % 90 + 1} Church Street;Stoke-on-Trent;;{who.postcode};\nEND:VCARD"
    )


def _thread(who: Person) -> str:
    return (
        "On Tue, 2 Jun 2026 at 09:14, the ward wrote:\n> > Which one is the outlier in figure 3?\n"
        f"> That will be {who.forename} {who.surname} again,\n> the one from {who.postcode}.\n"
        "Thanks, I'll drop the point."
    )


def _label(who: Person) -> str:
    name = f"{_title(who).upper()} {who.forename} {who.surname}"
    return f"28 tablets METFORMIN 500 mg. Take ONE twice a day. {name} 04 JUN 2026"


def _contact_code(who: Person) -> str:
    """Return the text of a QR code with a contact in it (MECARD)."""
    return f"MECARD:N:{who.surname},{who.forename};BDAY:{who.birth:%Y%m%d};ADR:,,,,,{who.postcode},;;"


def _handover(world: World, random: Random) -> str:
    def line(bed: int, who: Person) -> str:
        sex, problem = "F" if who.sex == "2" else "M", random.choice(("NOF#", "CAP", "AKI", "UTI"))
        return f"B{bed} {who.surname.upper()} {int(who.age(AS_OF))}{sex} {problem}, EDD Thu"

    return "\n".join(["W21 handover", *(line(bed, who) for bed, who in enumerate(world.persons(random, 4), 1))])


def _edifact(who: Person) -> str:
    """Return the patient's segments of a laboratory's report in EDIFACT, as practices receive it."""
    return (
        f"S07+07'PNA+PAT+{who.nhs_number}:OPI+++SU:{who.surname.upper()}+FO:{who.forename.upper()}'"
        f"DTM+329:{who.birth:%Y%m%d}:102'PDI+{who.sex}'"
    )


def check_digit(field: str) -> str:
    """Return the check digit of a field of a passport's machine-readable zone (ICAO 9303)."""
    values = (0 if mark == "<" else int(mark, 36) for mark in field)
    return str(sum(value * _MRZ_WEIGHTS[place % 3] for place, value in enumerate(values)) % 10)


def _passport(who: Person) -> str:
    number, born = f"{503_000_000 + who.number}", f"{who.birth:%y%m%d}"
    names = f"P<GBR{who.surname.upper()}<<{who.forename.upper()}".ljust(44, "<")
    sex = "F" if who.sex == "2" else "M"
    return f"{names}\n{number}{check_digit(number)}GBR{born}{check_digit(born)}{sex}3108019{'<' * 14}02"


def _chat(who: Person) -> str:
    return (
        "[10:02] who is the 1 in the last row?\n"
        f"[10:03] {who.forename.lower()} {who.surname.lower()}, was in the sentinel\n"
        "[10:03] oh no :("
    )


def _notice(who: Person) -> str:
    return (
        f"{who.surname.upper()} {who.forename} passed away peacefully at Royal Stoke on 3rd March, aged "
        f"{int(who.age(AS_OF))} years. Family flowers only."
    )


def _dictated(who: Person) -> str:
    number = spaced(who.nhs_number).replace(" ", ", ")
    return (
        f"Dictated, not signed. Patient's number is {number}, name {who.forename}, that's {who.surname} as in the team."
    )


MESSAGES = by_second(
    Writing("HL7 version 2, an admission", of_person(_hl7), PERSON, lines=True),
    Writing("FHIR, a patient", of_person(_fhir), PERSON),
    Writing("a letter to a GP", _letter, PERSON, lines=True),
    Writing("a calendar's event with a patient", of_person(_event), NAMES, lines=True),
    Writing("a vCard", of_person(_card), PERSON, lines=True),
    Writing("a thread of mails", of_person(_thread), PERSON, lines=True),
    Writing("a medicine's label", of_person(_label), NAMES),
    Writing("a contact in a QR code's text", of_person(_contact_code), PERSON),
    Writing("a ward's handover", _handover, NAMES, lines=True),
    Writing("EDIFACT, a laboratory's report", of_person(_edifact), PERSON),
    Writing("a passport's machine-readable lines", of_person(_passport), PERSON, lines=True),
    Writing("a chat about a small cell", of_person(_chat), NAMES, lines=True),
    Writing("a death notice", of_person(_notice), NAMES),
    Writing("a dictated letter", of_person(_dictated), PERSON),
)
