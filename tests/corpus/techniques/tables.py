"""Tables that leak: identifiers in columns, records in many shapes, cells that are too small."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random

import pandas as pd

from spark_jobs.synthetic_names import CONDITIONS
from spark_jobs.synthetic_people import AS_OF, Person
from tests.corpus.families import IDENTIFIERS, NAMES, PERSON, PSEUDONYMS, RECORDS, STATISTICS
from tests.corpus.hosts import counts, wide
from tests.corpus.identity import spaced
from tests.corpus.model import TableWriting
from tests.corpus.world import World, hospital_number

Column = Callable[[World, Person], object]
_ANY = PERSON | RECORDS
_ICD = tuple(code for _, code, *_ in CONDITIONS.values())


def _age(who: Person) -> int:
    return int(who.age(AS_OF))


def _with(columns: dict[str, Column], rows: int = 40) -> Callable[[World, Random], pd.DataFrame]:
    """Return a writer of records: these columns beside a few of what happened to each person."""

    def write(world: World, random: Random) -> pd.DataFrame:
        people = world.persons(random, rows)
        told = {name: [column(world, who) for who in people] for name, column in columns.items()}
        happened = {
            "age": [_age(who) for who in people],
            "diagnosis": [random.choice(_ICD) for _ in people],
            "length_of_stay": [random.randrange(0, 30) for _ in people],
        }
        return pd.DataFrame({**told, **happened})

    return write


def _cell(column: str, value: Column) -> Callable[[World, Random], pd.DataFrame]:
    """Return a writer of a table of counts in which a single cell is a person's."""

    def write(world: World, random: Random) -> pd.DataFrame:
        table = counts(random).astype({column: object})
        table.loc[random.randrange(len(table)), column] = value(world, world.person(random))  # type: ignore[call-overload]
        return table

    return write


def _number(world: World, who: Person) -> object:
    return who.nhs_number


def _events(rows: int, *, shuffled: bool = False, dated: bool = True) -> Callable[[World, Random], pd.DataFrame]:
    def write(world: World, random: Random) -> pd.DataFrame:
        people = world.persons(random, min(rows, 1500))
        frame = pd.DataFrame(
            {
                "age": [_age(who) for who in people],
                "sex": [who.sex for who in people],
                "ethnicity": [who.ethnicity for who in people],
                "diagnosis": [random.choice(_ICD) for _ in people],
                "bmi": [round(random.gauss(27.5, 5), 1) for _ in people],
                "systolic": [round(random.gauss(132, 16)) for _ in people],
            }
        )
        if dated:
            frame["admitted"] = [(AS_OF - timedelta(days=random.randrange(900))).isoformat() for _ in people]
        return frame.sample(frac=1, random_state=random.randrange(2**31)) if shuffled else frame.sort_values("age")

    return write


def _numeric(world: World, random: Random) -> pd.DataFrame:
    return pd.DataFrame({f"x{place}": [round(random.gauss(0, 1), 4) for _ in range(250)] for place in range(6)})


def _study_numbers(world: World, random: Random) -> pd.DataFrame:
    frame = _events(180)(world, random)
    frame.insert(0, "study_id", range(1, len(frame) + 1))
    return frame


def _ones(world: World, random: Random) -> pd.DataFrame:
    return _events(150)(world, random).assign(n=1)


def _tens(world: World, random: Random) -> pd.DataFrame:
    return _events(150)(world, random).assign(count=10)


def _made_up_counts(world: World, random: Random) -> pd.DataFrame:
    frame = _events(150)(world, random)
    return frame.assign(n=[random.randrange(11, 400) for _ in range(len(frame))])


def _transposed(world: World, random: Random) -> pd.DataFrame:
    frame = _events(60)(world, random).T.reset_index()
    frame.columns = ["field", *[f"p{place}" for place in range(len(frame.columns) - 1)]]
    return frame.astype(str)


def _one_column(world: World, random: Random) -> pd.DataFrame:
    return pd.DataFrame({"hba1c": [round(random.gauss(48, 9), 1) for _ in range(400)]})


def _joined(world: World, random: Random) -> pd.DataFrame:
    people = world.persons(random, 120)
    return pd.DataFrame(
        {"row": [f"{_age(who)}|{who.sex}|{random.choice(_ICD)}|{random.randrange(30)}" for who in people]}
    )


def _few_rare(world: World, random: Random) -> pd.DataFrame:
    people = world.persons(random, 12)
    return pd.DataFrame(
        {
            "age": [_age(who) for who in people],
            "sex": ["Female" if who.sex == "2" else "Male" for who in people],
            "area": [who.postcode.split()[0] for who in people],
            "condition": [random.choice(list(CONDITIONS)) for _ in people],
            "died": [str(AS_OF - timedelta(days=random.randrange(700))) for _ in people],
        }
    )


def _trajectories(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (patient, day, round(random.gauss(37, 0.6), 1), random.randrange(55, 120))
        for patient in range(1, 21)
        for day in range(1, 11)
    ]
    return pd.DataFrame(rows, columns=["patient", "day", "temperature", "pulse"])


def _headers(world: World, random: Random) -> pd.DataFrame:
    people = world.persons(random, 8)
    return pd.DataFrame({who.nhs_number: [random.randrange(50, 200) for _ in range(6)] for who in people})


def _small(least: int, most: int, name: str = "events") -> Callable[[World, Random], pd.DataFrame]:
    def write(world: World, random: Random) -> pd.DataFrame:
        table = counts(random)
        place = random.randrange(len(table))
        table.loc[place, "events"] = random.randrange(least, most)
        table["rate_per_1000"] = (1000 * table["events"] / table["people"]).round(1)
        return table.rename(columns={"events": name})

    return write


def _small_people(world: World, random: Random) -> pd.DataFrame:
    table = counts(random).drop(columns=["events", "rate_per_1000"])
    table.loc[random.randrange(len(table)), "people"] = random.randrange(1, 10)
    return table


def _small_wide(world: World, random: Random) -> pd.DataFrame:
    table = wide(random)
    table.iloc[random.randrange(len(table)), random.randrange(1, 4)] = random.randrange(1, 10)
    return table


def _small_text(world: World, random: Random) -> pd.DataFrame:
    table = _small(1, 10)(world, random)
    return table.assign(
        events=[f"{value} ({rate}%)" for value, rate in zip(table["events"], table["rate_per_1000"], strict=True)]
    )


def _recoverable(world: World, random: Random) -> pd.DataFrame:
    """Return a table with one suppressed cell that its row's and its column's totals give away."""
    bands = ["0-17", "18-64", "65 and over"]
    held = {sex: [random.randrange(60, 400) for _ in bands] for sex in ("Female", "Male")}
    held["Female"][0] = random.randrange(1, 10)
    total = [sum(values) for values in zip(*held.values(), strict=True)]
    frame = pd.DataFrame({"age_band": bands, "Female": held["Female"], "Male": held["Male"], "Total": total}).astype(
        object
    )
    frame.loc[0, "Female"] = "[c]"
    sums = ["Total", sum(held["Female"]), sum(held["Male"]), sum(total)]
    return pd.concat([frame, pd.DataFrame([sums], columns=frame.columns)], ignore_index=True)


def _dominated(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (f"Provider group {letter}", random.randrange(10, 14), random.randrange(90_000, 120_000)) for letter in "ABCDE"
    ]
    frame = pd.DataFrame(rows, columns=["group", "n", "total_cost"])
    return frame.assign(
        largest=(frame["total_cost"] * 0.8).round().astype(int),
        second_largest=(frame["total_cost"] * 0.15).round().astype(int),
    )


def _percentages(world: World, random: Random) -> pd.DataFrame:
    """Return percentages of a told base, from which counts under ten follow."""
    bases = [random.randrange(60, 90) for _ in range(5)]
    shares = [random.randrange(1, 5) for _ in bases]
    percent = [round(100 * few / base, 1) for few, base in zip(shares, bases, strict=True)]
    return pd.DataFrame({"ward": ["A", "B", "C", "D", "E"], "n": bases, "percent_readmitted": percent})


def _identified(name: str, column: Column, families: frozenset[str], technique: str, rows: int = 40) -> TableWriting:
    return TableWriting(technique, _with({name: column}, rows), families)


def _extremes(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (
            name,
            random.randrange(2_000, 9_000),
            round(random.uniform(20, 70), 1),
            random.randrange(1, 9),
            random.randrange(97, 112),
        )
        for name in ("age", "weight_kg", "length_of_stay")
    ]
    return pd.DataFrame(rows, columns=["variable", "n", "mean", "min", "max"])


def _few_at_risk(world: World, random: Random) -> pd.DataFrame:
    """Return a survival table that goes on until hardly anybody is at risk."""
    at_risk, alive, rows = random.randrange(200, 300), 1.0, []
    for month in range(0, 40, 2):
        events = max(1, at_risk // 8)
        alive *= 1 - events / at_risk
        rows.append((month, at_risk, events, round(alive, 3)))
        at_risk -= 2 * events
        if at_risk < 3:
            break
    return pd.DataFrame(rows, columns=["month", "at_risk", "events", "survival"])


LEAKING = (
    _identified("nhs_number", _number, _ANY, "a column of NHS numbers"),
    _identified("nhs_number", lambda world, who: int(who.nhs_number), _ANY, "a column of NHS numbers as integers"),
    _identified("ref", lambda world, who: spaced(who.nhs_number), _ANY, "a column of NHS numbers under another name"),
    _identified("nhs_number", _number, _ANY, "three rows with NHS numbers", rows=3),
    TableWriting("an NHS number in a table of counts", _cell("age_band", _number), IDENTIFIERS),
    TableWriting(
        "an NHS number among the counts", _cell("events", lambda world, who: int(who.nhs_number)), IDENTIFIERS
    ),
    TableWriting(
        "a name in a table of counts", _cell("age_band", lambda world, who: f"{who.forename} {who.surname}"), NAMES
    ),
    TableWriting("NHS numbers as columns' names", _headers, IDENTIFIERS),
    _identified("name", lambda world, who: f"{who.forename} {who.surname}", _ANY, "a column of names"),
    TableWriting(
        "forename and surname in two columns",
        _with({"a": lambda world, who: who.forename, "b": lambda world, who: who.surname}),
        _ANY,
    ),
    _identified("surname", lambda world, who: who.surname, _ANY, "a column of surnames"),
    _identified("date_of_birth", lambda world, who: who.birth.isoformat(), _ANY, "a column of dates of birth"),
    _identified("d", lambda world, who: f"{who.birth:%d/%m/%Y}", _ANY, "dates of birth under another name"),
    TableWriting(
        "a date of birth over three columns",
        _with(
            {
                "yob": lambda w, who: who.birth.year,
                "mob": lambda w, who: who.birth.month,
                "dob": lambda w, who: who.birth.day,
            }
        ),
        _ANY,
    ),
    TableWriting(
        "an NHS number over three columns",
        _with(
            {
                "p1": lambda w, who: who.nhs_number[:3],
                "p2": lambda w, who: who.nhs_number[3:6],
                "p3": lambda w, who: who.nhs_number[6:],
            }
        ),
        _ANY,
    ),
    _identified("postcode", lambda world, who: who.postcode, _ANY, "a column of postcodes"),
    _identified("mrn", lambda world, who: hospital_number(who), _ANY, "a column of hospital numbers"),
    _identified(
        "person",
        lambda world, who: world.pseudonym(who, "project/a"),
        PSEUDONYMS | RECORDS,
        "a column of the project's pseudonyms",
    ),
    _identified(
        "key",
        lambda world, who: world.pseudonym(who, "warehouse"),
        PSEUDONYMS | RECORDS,
        "a column of the warehouse's pseudonyms",
    ),
    _identified(
        "id",
        lambda world, who: world.pseudonym(who, "project/a")[:10],
        PSEUDONYMS | RECORDS,
        "a column of cut pseudonyms",
    ),
    TableWriting("records without an identifier", _events(300), RECORDS),
    TableWriting("records in random order", _events(200, shuffled=True), RECORDS),
    TableWriting("records without dates", _events(200, dated=False), RECORDS),
    TableWriting("forty records", _events(40), RECORDS),
    TableWriting("twelve people with something rare", _few_rare, RECORDS | IDENTIFIERS),
    TableWriting("records with study numbers", _study_numbers, RECORDS | IDENTIFIERS),
    TableWriting("records, each with a count of one", _ones, RECORDS | STATISTICS),
    TableWriting("records, each with a count of ten", _tens, RECORDS),
    TableWriting("records with made-up counts", _made_up_counts, RECORDS),
    TableWriting("records with people as columns", _transposed, RECORDS),
    TableWriting("records of numbers alone", _numeric, RECORDS),
    TableWriting("one column of measurements", _one_column, RECORDS),
    TableWriting("records joined into one column", _joined, RECORDS),
    TableWriting("measurements of patients by day", _trajectories, RECORDS | IDENTIFIERS),
    TableWriting("a count under ten", _small(1, 10), STATISTICS),
    TableWriting("a count under ten named otherwise", _small(1, 10, "freq"), STATISTICS),
    TableWriting("a count of zero", _small(0, 1), STATISTICS),
    TableWriting("few people in a group", _small_people, STATISTICS),
    TableWriting("a count under ten in a cross-table", _small_wide, STATISTICS),
    TableWriting("a count under ten written with its rate", _small_text, STATISTICS),
    TableWriting("a suppressed cell that totals give away", _recoverable, STATISTICS),
    TableWriting("a total that two make up", _dominated, STATISTICS),
    TableWriting("percentages of a small base", _percentages, STATISTICS),
    TableWriting("least and greatest values", _extremes, STATISTICS),
    TableWriting("a survival table down to a few people", _few_at_risk, STATISTICS),
)
