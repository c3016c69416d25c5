"""Made-up cells whose identifiers are known: twelve mixed columns, and free text, for judge and peer alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np

FORENAMES = ("Margaret", "Peter", "Aisha", "Callum", "Dorothy", "Imran", "Siobhan", "Gareth", "Priya", "Hannah")
SURNAMES = ("Thornton", "Wilson", "Hussain", "Murray", "Hughes", "Patel", "Kelly", "Evans", "Barnes", "Clarke")
_NOTES = (
    "Seen in clinic {n}, blood pressure {m}/80, to return in {k} weeks", "Ward round {k}: comfortable, plan unchanged",
    "Discharged on day {k} with {m} mg, letter {n} sent", "Bloods {n}: sodium {m}, potassium {k}.2, no action needed",
)  # fmt: skip


def nhs_number(random: Random) -> str:
    """Return ten digits with a valid check digit."""
    while True:
        nine = f"{random.randrange(10**8, 10**9)}"
        check = -sum(int(digit) * weight for digit, weight in zip(nine, range(10, 1, -1), strict=True)) % 11
        if check < 10:
            return f"{nine}{check}"


def _nino(random: Random) -> str:
    letters = random.choice("ABCEHJLMOPRSWXY") + random.choice("ABCEHJLMPRSTWXYZ")
    return f"{letters}{random.randrange(10**6):06d}{random.choice('ABCD')}"


def _licence(random: Random) -> str:
    born = f"{random.randrange(10)}{random.randint(1, 12):02d}{random.randint(1, 28):02d}{random.randrange(10)}"
    return f"{random.choice(SURNAMES).upper():9<5.5}{born}{random.choice('ABCDEFGH')}99{random.choice('ABC')}A"[:16]


def _postcode(random: Random) -> str:
    return f"{random.choice(('M', 'LS', 'SW', 'CF', 'EH'))}{random.randint(1, 19)} {random.randint(1, 9)}" + "".join(
        random.choice("ABDEFGHJLNPQRSTUWXYZ") for _ in range(2)
    )


PLANTED: dict[str, tuple[str, Callable[[Random], str]]] = {
    "UK_NHS": ("NHS number {}", lambda r: nhs_number(r) if r.random() < 0.5 else "{} {} {}".format(*_parts(r))),
    "UK_NINO": ("national insurance {}", _nino),
    "UK_DRIVING_LICENCE": ("driving licence {}", _licence),
    "UK_PASSPORT": ("passport {}", lambda r: f"{r.choice('ABCD')}{r.choice('XYZ')}{r.randrange(10**7):07d}"),
    "UK_POSTCODE": ("lives at postcode {}", _postcode),
    "UK_VEHICLE_REGISTRATION": ("his car, registration {}", lambda r: f"AB{r.randint(51, 69)} {r.choice('XYV')}TR"),
    "EMAIL_ADDRESS": ("email {}", lambda r: f"{r.choice(FORENAMES).lower()}{r.randrange(1000)}@example.co.uk"),
    "PHONE_NUMBER": ("phone {}", lambda r: f"0{r.choice(('7700 900', '20 79460', '161 4960'))}{r.randrange(1000):03d}"),
}


def _parts(random: Random) -> tuple[str, str, str]:
    number = nhs_number(random)
    return number[:3], number[3:6], number[6:]


def _note(random: Random) -> str:
    return random.choice(_NOTES).format(n=random.randrange(10**6), m=random.randint(90, 180), k=random.randint(1, 9))


def labelled(cells: int, seed: int) -> dict[str, tuple[list[str], list[str]]]:
    """Return columns by name: their cells, and for each the entity that it holds (nothing for none).

    Every identifier comes in a column of its own and planted in notes; the other columns hold none, and meet the forms
    of some by chance: ten digits, nine digits, timestamps, codes, decimals.
    """
    random, made = Random(seed), {}
    for entity, (_, make) in PLANTED.items():
        name = entity.lower().removeprefix("uk_")
        made[name] = ([make(random) for _ in range(cells)], [entity] * cells)
    notes, labels = [], []
    for _ in range(4 * cells):
        entity = random.choice(sorted(PLANTED)) if random.random() < 0.1 else ""
        told = f", {PLANTED[entity][0].format(PLANTED[entity][1](random))}" if entity else ""
        notes.append(_note(random) + told)
        labels.append(entity)
    made["note"] = (notes, labels)
    nothing = [""] * cells
    made["reading"] = ([str(random.randrange(10**9, 10**10)) for _ in nothing], nothing)
    made["sample"] = ([str(random.randrange(10**8, 10**9)) for _ in nothing], nothing)
    made["lsoa"] = ([f"E01{random.randrange(10**6):06d}" for _ in nothing], nothing)
    made["taken_at"] = (
        [f"2023-{n % 12 + 1:02d}-{n % 28 + 1:02d} 0{n % 10}:{n % 60:02d}:00" for n in range(cells)],
        nothing,
    )
    made["score"] = ([f"{random.random():.10f}" for _ in nothing], nothing)
    made["icd10"] = ([f"{random.choice('EIJKMN')}{random.randint(10, 99)}.{n % 10}" for n in range(cells)], nothing)
    return made


HEADS = ("row_id", "reading", "age", "sex", "lsoa", "icd10", "admitted", "taken_at", "los", "score", "cost", "note")


def write_table(path: Path, rows: int, seed: int) -> None:
    """Write a CSV file of twelve mixed columns, in which one note in a hundred holds an identifier."""
    made, random = np.random.default_rng(seed), Random(seed)
    days = np.datetime64("2020-01-01") + np.arange(1500)
    with path.open("w", encoding="utf-8") as out:
        out.write(",".join(HEADS) + "\n")
        for start in range(0, rows, 50_000):
            count = min(50_000, rows - start)
            notes = [_note(random) for _ in range(count)]
            for at in range(0, count, 100):
                words, make = PLANTED[random.choice(sorted(PLANTED))]
                notes[at] = f"{notes[at]}; {words.format(make(random))}"
            columns = [
                np.arange(start, start + count).astype(str), made.integers(10**9, 10**10, count).astype(str),
                made.integers(18, 96, count).astype(str), made.choice(["F", "M"], count),
                np.char.add("E01", made.integers(10**5, 10**6, count).astype(str)),
                np.char.add(made.choice(list("EIJKMN"), count), made.integers(10, 100, count).astype(str)),
                made.choice(days, count).astype(str),
                (made.choice(days, count) + made.integers(0, 86400, count).astype("m8[s]")).astype(str),
                made.integers(0, 60, count).astype(str), made.random(count).astype(str),
                np.char.mod("%.2f", made.gamma(2, 900, count)), [f'"{note}"' for note in notes],
            ]  # fmt: skip
            out.writelines(",".join(row) + "\n" for row in zip(*columns, strict=True))
