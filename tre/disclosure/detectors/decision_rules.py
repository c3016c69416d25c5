"""Rules in words (if these conditions, then that) which fewer people meet than may be told: the rule describes them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.model import Hit

# What stands in every text that a rule is found in: far cheaper to look for in a long one (RE2)
TOLD = r"(?i:\bthen\b[^\n(]*\()|\} => \{|\) => |, lift [0-9]"
_MEMBERS = r"support|n|count|cover(?:s|ed|age)?|samples|instances|people|persons|patients|cases|size"
_THEN = re.compile(
    rf"\bthen\b[^\n(]{{1,120}}\((?:[^()\n]{{0,60}}\b)?"
    rf"(?:(?:{_MEMBERS})[ :=]{{1,3}}(\d[\d,]{{0,12}})(?!\d|\.\d|\s?%)|(\d[\d,]{{0,12}}) (?:{_MEMBERS})\b)",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"\b(?:if|when)\b[^\n]+[=<>≤≥]", re.IGNORECASE)
_BEFORE = 400  # characters of the conditions that are looked for before what follows from them
_PRINTED = (  # a rule in each line, as programs print them
    # R's arules, inspect: support, confidence, coverage, lift and at last the count
    re.compile(
        r"\{[^{}\n]{1,300}\} => \{[^{}\n]{1,200}\}(?: +\d*\.?\d+(?:e-?\d+)?){3,5} +(\d{1,9})(?= *(?:$|[\"'|<]))",
        re.MULTILINE,
    ),
    re.compile(r"^.{0,10}\([^\n]{3,400}\) => [^\s=]{1,60}=\S{1,60} \((\d{1,9})(?:\.0)?/", re.MULTILINE),  # RIPPER
    re.compile(r"\bRule \d{1,9}(?:/\d{1,9})?: \((\d{1,9})(?:/\d+)?, lift [\d.]+\)"),  # C5.0
)


def find_rules(where: str, text: str, threshold: int) -> Iterator[Hit]:
    """Yield a hit for the rules that fewer people than the threshold meet, by the number that stands with each."""
    plain = pa.array([text.encode("utf-8", "replace")]).cast(pa.string())
    if not pc.match_substring_regex(plain, TOLD)[0].as_py():
        return
    met = [found[1] or found[2] for found in _THEN.finditer(text) if _is_conditional(text, found.start())]
    met += [found[1] for pattern in _PRINTED for found in pattern.finditer(text)]
    small = sum(0 < int(each.replace(",", "")) < threshold for each in met)
    if small:
        yield Hit("small-leaf", "rule", where, "", small, "", 0.9)


def _is_conditional(text: str, end: int) -> bool:
    """Tell whether conditions stand before a place in the same line, and are no program's own."""
    line = text[max(end - _BEFORE, 0) : end].rpartition("\n")[2]
    return bool(_CONDITION.search(line))
