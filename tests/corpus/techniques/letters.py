"""What people write of people: letters, summaries, transcripts, messages, forms, and asides that need no name."""

from __future__ import annotations

from random import Random

from spark_jobs.synthetic_people import AS_OF, Person
from tests.corpus.families import NAMES, PERSON, RECORDS, STATISTICS
from tests.corpus.identity import of_person, spaced
from tests.corpus.model import Writing, by_third
from tests.corpus.world import World, hospital_number

_STREETS = ("Mill Lane", "Chapel Street", "Station Road", "Orchard Close", "Hillside Avenue")
_VILLAGES = ("Leek", "Cheddleton", "Ipstones", "Alton", "Endon")
_JOBS = ("retired potter", "lorry driver", "dinner lady", "farmer", "piano tuner")


def titled(who: Person) -> str:
    """Return a person as a letter calls them."""
    return f"{'Mrs' if who.sex == '2' else 'Mr'} {who.surname}"


def years(who: Person) -> int:
    """Return a person's age in whole years."""
    return int(who.age(AS_OF))


def street(who: Person) -> str:
    """Return a made-up house and street, the same each time."""
    return f"{1 + who.number % 97} {_STREETS[who.number % len(_STREETS)]}"


def mobile(who: Person) -> str:
    """Return a mobile number of those that are kept for fiction."""
    return f"07700 900{who.number % 1000:03d}"


def _summary(who: Person) -> str:
    job = _JOBS[who.number % len(_JOBS)]
    return (
        f"DISCHARGE SUMMARY\nThank you for seeing this {years(who)}-year-old {job}. {titled(who)} was brought in from "
        f"home on 3 June with a broken hip. {who.forename} lives alone at {street(who)}. Discharged 9 June, "
        "TTOs given, NOK informed."
    )


def _reference(who: Person) -> str:
    return f"Re: {who.forename} {who.surname.upper()} - DOB {who.birth:%d.%m.%Y} - {street(who)}, {who.postcode}"


def _transcript(who: Person) -> str:
    return (
        "Interviewer: And who looked after you then?\n"
        f"P07: Well, {who.forename}, my {'wife' if who.sex == '2' else 'husband'}. {who.forename} {who.surname}, "
        "you'll have met on the ward, with the broken wrist.\nInterviewer: I see. [laughs]"
    )


def _headers(who: Person) -> str:
    address = f"{who.forename}.{who.surname}@mail.example".lower().replace(" ", "")
    return (
        f"Return-Path: <{address}>\nReceived: from mx1.example by in.example; Mon, 1 Jun 2026 09:14:02 +0100\n"
        f'From: "{who.forename} {who.surname}" <{address}>\nSubject: my test results'
    )


def _text_message(who: Person) -> str:
    return (
        f"SMS to {mobile(who)}: Hi {who.forename}, your appointment at the diabetes clinic is on 14/07 at 10:40. "
        "Reply C to cancel."
    )


def _operation(who: Person) -> str:
    return (
        f"Op note. Pt {who.forename[0]}{who.surname[0]}, {who.birth:%d/%m/%y}, "
        f"{'F' if who.sex == '2' else 'M'}, {who.postcode}. "
        "Laparoscopic cholecystectomy, GA, no complications, home day 1."
    )


def _inquest(who: Person) -> str:
    return (
        f"The coroner heard that {who.surname}, {who.forename}, aged {years(who)}, of {street(who)}, had been found "
        "by a neighbour on 12 May. Conclusion: drug-related death."
    )


def _complaint(who: Person) -> str:
    child = "daughter" if who.sex == "2" else "son"
    return (
        f"My {child} {who.forename} (born {who.birth:%-d %B %Y}) was left in the corridor all night. "
        f"We live at {street(who)}, {who.postcode}, please do come round."
    )


def _women(world: World, random: Random) -> list[Person]:
    return [who for who in world.persons(random, 60) if who.sex == "2"]


def _family(world: World, random: Random) -> str:
    mother, granny, child = _women(world, random)[:3]
    return (
        f"Safeguarding: mother {mother.forename} {mother.surname}, lives with MGM ({granny.forename} {granny.surname}) "
        f"and sibling {child.forename}, 4. School aware. Father not to be told of address."
    )


def _ambulance(who: Person) -> str:
    sex = "F" if who.sex == "2" else "M"
    return (
        f"PRF: {years(who)}{sex} {who.forename} {who.surname}, o/e GCS 15, BM 4.1. NOK {who.forename[0]} "
        f"{who.surname} {mobile(who)}. Key safe at {street(who)}."
    )


def _meeting(world: World, random: Random) -> str:
    rows = [
        f"{place}. {who.surname.upper()} {who.forename[0]} ({'F' if who.sex == '2' else 'M'}, {years(who)}) - "
        f"T{random.randrange(1, 4)}N{random.randrange(3)}M0 - plan {random.choice(('surgery', 'RT', 'chemo'))}"
        for place, who in enumerate(world.persons(random, 8), 1)
    ]
    return "\n".join(["Lung MDT, 4 June 2026", *rows])


def _unnamed(world: World, random: Random) -> str:
    return (
        f"The only such patient, a {random.randrange(28, 41)}-year-old {random.choice(_JOBS)} from "
        f"{random.choice(_VILLAGES)} with hereditary angioedema, gave birth to triplets in March 2024."
    )


def _footnote(world: World, random: Random) -> str:
    place = random.choice(_VILLAGES)
    return f"* Two cells were suppressed: both are men over {random.randrange(88, 95)} living in {place}."


def _radiology(who: Person) -> str:
    return (
        f"CT THORAX. {who.surname.upper()} {who.forename}. Hosp No {hospital_number(who)}. Indication: haemoptysis. "
        "Findings: 14 mm nodule in the right upper lobe. Reported by the duty radiologist."
    )


def _born(world: World, random: Random) -> str:
    who = _women(world, random)[0]
    return (
        f"Live male infant of {who.forename} {who.surname}, G2P1, delivered 03:12 on 4 May 2026, 3,240 g, "
        "Apgars 9 and 10, cord bloods sent."
    )


def _captions(who: Person) -> str:
    return (
        f"WEBVTT\n\n00:01:02.000 --> 00:01:06.500\n<v {who.forename} {who.surname}>When I was told that it was "
        "cancer I went quiet.\n\n00:01:07.000 --> 00:01:09.000\n<v Researcher>Take your time."
    )


def _aside(who: Person) -> str:
    return f"The point at the top right is {titled(who)} again: leave in or drop? Same one as in last year's audit."


def _welsh(who: Person) -> str:
    return (
        f"Annwyl {who.forename} {who.surname},\nDyddiad geni: {who.birth:%d/%m/%Y}. Rhif GIG: "
        f"{spaced(who.nhs_number)}. Cod post: {who.postcode}. Dewch i'r clinig."
    )


def _french(who: Person) -> str:
    born = "née" if who.sex == "2" else "né"
    return (
        f"Nom : {who.surname.upper()}  Prénom : {who.forename}  {born} le {who.birth:%d/%m/%Y}  Adresse : {street(who)}"
    )


def _form(who: Person) -> str:
    return (
        f"Surname: {who.surname}\nFirst name(s): {who.forename}\nD.O.B.: {who.birth:%d-%b-%Y}\nTel: {mobile(who)}\n"
        "Consent given: yes"
    )


LETTERS = by_third(
    Writing("a discharge summary in prose", of_person(_summary), PERSON | RECORDS, lines=True),
    Writing("a clinic letter's reference line", of_person(_reference), PERSON),
    Writing("an interview's transcript", of_person(_transcript), NAMES, lines=True),
    Writing("a mail's headers", of_person(_headers), PERSON, lines=True),
    Writing("a text message about an appointment", of_person(_text_message), PERSON),
    Writing("an operation's note with initials", of_person(_operation), PERSON),
    Writing("an inquest in the newspaper", of_person(_inquest), PERSON),
    Writing("a complaint in a survey", of_person(_complaint), PERSON),
    Writing("a safeguarding note", _family, NAMES),
    Writing("an ambulance's report form", of_person(_ambulance), PERSON),
    Writing("a cancer meeting's list", _meeting, NAMES | RECORDS, lines=True),
    Writing("the only such patient, without a name", _unnamed, PERSON | RECORDS | STATISTICS),
    Writing("a footnote that says who was suppressed", _footnote, STATISTICS | RECORDS),
    Writing("a radiology report", of_person(_radiology), PERSON),
    Writing("a birth's note with the mother", _born, NAMES),
    Writing("an interview's captions", of_person(_captions), NAMES, lines=True),
    Writing("an aside about an outlier", of_person(_aside), NAMES),
    Writing("a letter in Welsh", of_person(_welsh), PERSON),
    Writing("a form in French", of_person(_french), PERSON),
    Writing("a form's fields, one a line", of_person(_form), PERSON, lines=True),
)
