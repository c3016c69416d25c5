"""Notes about synthetic people whose names are known, and how many of the names are still there afterwards."""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

from pyspark.sql import DataFrame, SparkSession

from spark_jobs import synthetic_names as words
from spark_jobs.synthetic_people import BLOCK, Person, block_of_people, view

_TAILS = (
    "",
    " DOB {born:%d/%m/%Y}.",
    " Lives at {postcode}, tel {phone}.",
    " NHS number {number}.",
    " Born {born:%d %B %Y}; {postcode}.",
)


@dataclass(frozen=True)
class Note:
    """A text, whom it is about, and what in it names somebody."""

    person: str
    text: str
    planted: tuple[str, ...]


def note(random: Random, person: Person) -> Note:
    """Return a note of the synthetic wards' kind, with more identifiers than they write."""
    phone, digits = f"01782 {random.randrange(100_000, 999_999)}", person.nhs_number
    told = {
        "title": "Mrs" if person.sex == "2" else "Mr", "forename": person.forename, "surname": person.surname,
        "other": person.housemate, "born": person.birth, "postcode": person.postcode, "phone": phone,
        "number": random.choice((digits, f"{digits[:3]} {digits[3:6]} {digits[6:]}")),
    }  # fmt: skip
    text = (random.choice(words.NOTES) + random.choice(_TAILS)).format(**told)
    spelled = (f"{person.birth:%d/%m/%Y}", f"{person.birth:%d %B %Y}", person.postcode, phone, told["number"])
    named = {person.forename, person.surname, *person.housemate.split()}
    found = [each for each in (*named, *spelled) if re.search(rf"(?<!\w){re.escape(each)}(?!\w)", text)]
    return Note(f"P{person.number}", text, tuple(found))


def held(spark: SparkSession, people: int, seed: int) -> tuple[DataFrame, DataFrame, list[Note]]:
    """Return the records of people at a practice and a trust, their spine, and a note about each."""
    records, spine, notes = [], [], []
    for block in range(-(-people // BLOCK)):
        for person in block_of_people(block, people, seed):
            random = Random(f"{seed}/notes/{person.number}")
            for provider in ("gp-system", "acute-trust"):
                row = view(random, person, provider).row()
                records.append((provider, *(each or None for each in row)))
                spine.append((provider, row[0], f"P{person.number}"))
            notes.append(note(random, person))
    names = ("provider", "local_id", "nhs_number", "forename", "surname", "sex", "birth_date", "postcode")
    frame = spark.createDataFrame(records, ", ".join(f"{name} string" for name in names))
    frame = frame.withColumn("birth_date", frame.birth_date.try_cast("date"))
    return frame, spark.createDataFrame(spine, "provider string, local_id string, person string"), notes


def recall(notes: list[Note], cleaned: dict[tuple[str, str], str]) -> float:
    """Return the share of what was planted that is gone."""
    planted = gone = 0
    for each in notes:
        left = cleaned[each.person, each.text]
        for value in each.planted:
            planted += 1
            gone += not re.search(rf"(?<!\w){re.escape(value)}(?!\w)", left)
    return gone / planted
