"""Harmless messages: templates, headers, meetings, leaflets, and figures in an exchange format."""

from __future__ import annotations

import json
from random import Random

from tests.corpus.model import Writing, by_second
from tests.corpus.world import World


def _hl7(world: World, random: Random) -> str:
    return "Headers MSH|^~\\&|PAS|RJE|TRE|RJE|20260601101500||ADT^A01|88123|P|2.4 were counted; PID was left unread"


def _fhir(world: World, random: Random) -> str:
    people = random.randrange(9_000, 40_000)
    group = {"population": [{"code": "denominator", "count": people}, {"code": "numerator", "count": people // 3}]}
    period = {"start": "2024-04-01", "end": "2025-03-31"}
    return json.dumps({"resourceType": "MeasureReport", "type": "summary", "period": period, "group": [group]})


def _template(world: World, random: Random) -> str:
    return (
        "Dear {{ title }} {{ surname }},\n\nRe: NHS number {{ nhs_number }}, born {{ date_of_birth }}\n\n"
        f"You are invited to a review within {random.randrange(2, 9)} weeks. Letters were sent in batches of 500."
    )


def _meeting(world: World, random: Random) -> str:
    return (
        f"BEGIN:VEVENT\nDTSTART:202606{random.randrange(10, 29)}T093000\nSUMMARY:Analysis plan review\n"
        "LOCATION:Seminar room 2\nEND:VEVENT"
    )


def _office(world: World, random: Random) -> str:
    return "BEGIN:VCARD\nVERSION:3.0\nORG:Integrated Care Board;Analytics\nURL:https://example.org/analytics\nEND:VCARD"


def _thread(world: World, random: Random) -> str:
    return (
        f"On Tue, {random.randrange(2, 9)} Jun 2026 at 09:14, the analytics team wrote:\n"
        "> > Is figure 3 per 1,000 or per head?\n"
        "> Per 1,000 registered patients.\nThanks, we'll say so in the caption."
    )


def _label(world: World, random: Random) -> str:
    return (
        f"Metformin 500 mg tablets, pack of {random.choice((28, 56, 84))}, BNF 0601022B0AAABAB: 41,233 items in March"
    )


def _page_code(world: World, random: Random) -> str:
    return f"QR code on the poster: https://example.org/leaflet?v={random.randrange(2, 30)}&lang=cy"


def _handover(world: World, random: Random) -> str:
    rows = [
        f"{ward}: {random.randrange(22, 30)} of 30 beds, mean stay {random.uniform(4, 9):.1f} days"
        for ward in ("W12", "W21", "W225")
    ]
    return "\n".join(["Beds in use, mean of 2024/25", *rows])


def _edifact(world: World, random: Random) -> str:
    return (
        "Segments read from the reports: UNH, BGM, S02, PNA (kept: none), DTM+119, INV, RSL; 1,204,331 messages in all"
    )


def _passport(world: World, random: Random) -> str:
    return f"{'=' * 20}<< Table {random.randrange(2, 9)} >>{'=' * 20}\n{'-' * 60}"


def _chat(world: World, random: Random) -> str:
    return "[10:02] does the last row add up?\n[10:03] yes, it was rounded to 5\n[10:03] fine then :)"


def _notice(world: World, random: Random) -> str:
    before, after = random.randrange(20, 24), random.randrange(25, 30)
    return f"Deaths at home rose from {before} % to {after} % between 2019 and 2024 among people aged 85 and over."


def _dictated(world: World, random: Random) -> str:
    return "An NHS number has ten digits, printed three, three and four; the last is a check digit by modulus 11."


MESSAGES = by_second(
    Writing("HL7 version 2, a header in a method", _hl7),
    Writing("FHIR, a measure's report", _fhir),
    Writing("a letter's template", _template, lines=True),
    Writing("a calendar's meeting", _meeting, lines=True),
    Writing("an office's vCard", _office, lines=True, fair="review"),
    Writing("a thread of mails about a figure", _thread, lines=True),
    Writing("a medicine's pack", _label),
    Writing("a web address in a QR code", _page_code),
    Writing("beds in use by ward", _handover, lines=True),
    Writing("EDIFACT segments in a method", _edifact),
    Writing("rules of dashes and chevrons", _passport, lines=True),
    Writing("a chat about rounding", _chat, lines=True),
    Writing("deaths in a sentence", _notice),
    Writing("how an NHS number is made", _dictated),
)
