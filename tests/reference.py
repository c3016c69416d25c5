"""What validation must say, written a second time in plain Python with nothing of Spark, for tests to compare with."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime
from random import Random

from tre.contracts import NHS_NUMBER_ROLES, Contract, Field

Row = dict[str, str | None]
AS_OF = date(2026, 7, 1)
_SAMPLES = {
    "date": ("2020-01-31", "2021-06-01", "2019-12-31", "2020-02-30", "1899-12-31", "2031-01-01", "31/12/2020"),
    "timestamp": ("2020-01-31 10:00:00", "2021-06-01 23:59:59", "2020-01-31 25:00:00", "2031-01-01 00:00:00", "noon"),
    "int": ("1", "7", "30", "500", "-3", "99", "12a", "99999999999999"),
    "double": ("0.5", "12.25", "-1", "1000000", "abc"),
    "string": ("A", "x\n", "J459", "E01000001", "E01000002", "M80012", "38341003", "38341004", "13645005", "9434765919",
               "943 476 5919", "\uff19434765919", "100", "W371", " R69X ", "W371 ", "É"),
}  # fmt: skip


def judge(row: Row, contract: Contract) -> str | None:
    """Return the first rule that the row breaks, in the order of the columns, or None."""
    clean = {field.name: cleaned(row.get(field.name), field) for field in contract.fields}
    for field in contract.fields:
        for broken, told in _rules(field, clean, contract):
            if broken:
                return f"{field.name}: {told}"
    return None


def cleaned(text: str | None, field: Field) -> str | None:
    stripped = (text or "").strip(" ")
    if field.identifier in NHS_NUMBER_ROLES:
        plain = "".join(str(unicodedata.digit(each, each)) for each in stripped)
        digits = re.sub(r"[ \t\r\n\u00a0\u2010-\u2013-]", "", plain)
        stripped = digits if re.fullmatch("[0-9]{10}", digits) else stripped
    return stripped or None


def _rules(field: Field, clean: Row, contract: Contract) -> Iterable[tuple[bool, str]]:
    text = clean[field.name]
    if text is None:
        return [(field.required, "missing")]
    value = typed(text, field.type)
    day = _day(value)
    other = clean.get(field.not_before) if field.not_before else None
    earlier = _day(typed(other, contract.by_name[field.not_before].type)) if other else None
    number = value if isinstance(value, int | float) else None
    return [
        (value is None, f"not a {field.type}"),
        (day is not None and not date(1900, 1, 1) <= day <= AS_OF, "impossible date"),
        (bool(field.values) and text not in field.values, "unknown code"),
        (bool(field.pattern) and not re.fullmatch(field.pattern, text), "wrong form"),
        (field.check == "snomed_ct" and not snomed_ct(text), "wrong form"),
        (number is not None and field.minimum is not None and number < field.minimum, "out of range"),
        (number is not None and field.maximum is not None and number > field.maximum, "out of range"),
        (day is not None and earlier is not None and day < earlier, f"before {field.not_before}"),
    ]


def typed(text: str, kind: str) -> object:
    try:
        if kind == "date":
            return date.fromisoformat(text)
        if kind == "timestamp":
            return datetime.fromisoformat(text)
        if kind == "int":
            return int(text) if abs(int(text)) < 2**31 else None
        return float(text) if kind == "double" else text
    except ValueError:
        return None


def _day(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else None


def snomed_ct(text: str) -> bool:
    return bool(re.fullmatch("[1-9][0-9]{5,17}", text)) and text[-3:-1] in ("00", "10") and verhoeff(text)


def verhoeff(digits: str) -> bool:
    """Check by the group's own definition: D5 as reflections and rotations of a pentagon."""
    step = {1: 5, 5: 8, 8: 9, 9: 4, 4: 2, 2: 7, 7: 0, 0: 1, 3: 6, 6: 3}
    check = 0
    for place, digit in enumerate(reversed(digits)):
        moved = int(digit)
        for _ in range(place):
            moved = step[moved]
        check = _product(check, moved)
    return check == 0


def _product(a: int, b: int) -> int:
    if a < 5:
        return (a + b) % 5 if b < 5 else 5 + (a + b) % 5
    return 5 + (a - b) % 5 if b < 5 else (a - b) % 5


def split(rows: list[tuple[int, Row]], contract: Contract) -> tuple[set[int], dict[int, str]]:
    """Return the places of the good rows and the reason of each bad one; each row comes with its landing's number."""
    bad = {place: why for place, (_, row) in enumerate(rows) if (why := judge(row, contract))}
    groups: dict[tuple[str | None, ...], list[int]] = {}
    for place, (_, row) in enumerate(rows):
        if place not in bad:
            key = tuple(cleaned(row[name], contract.by_name[name]) for name in contract.primary_key)
            groups.setdefault(key, []).append(place)
    good = set()
    for places in groups.values():
        seen: set[int] = set()
        order = sorted(places, key=lambda place: (-rows[place][0], place))
        for place in order:
            if rows[place][0] in seen:
                bad[place] = f"{', '.join(contract.primary_key)}: repeated"
            seen.add(rows[place][0])
        good.add(order[0])
    return good, bad


def sample(random: Random, contract: Contract, right: float = 0.9) -> Row:
    """Return a random row, most of whose values keep their own field's rules."""
    return {field.name: _value(random, field, right) for field in contract.fields}


def _value(random: Random, field: Field, right: float) -> str | None:
    pool = [*field.values, *_SAMPLES[field.type]]
    if random.random() < (0.01 if field.required else 0.2):
        return random.choice((None, "", "  "))
    if random.random() < right:
        alone = Contract("", "1.0.0", "", "", "", "", False, "", "", (_alone(field),))
        pool = [text for text in pool if judge({field.name: text}, alone) is None] or pool
    return random.choice(pool)


def _alone(field: Field) -> Field:
    from dataclasses import replace

    return replace(field, not_before="")
