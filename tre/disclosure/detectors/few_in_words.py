"""What a sentence says of a few people: how many they are, how many in a hundred, who was hidden, who was the only one.

A count of people stands where one begins to be told (a sentence, a clause, "only"), so that a limit ("fewer than five
patients") or a label ("stage 2 patients") is none. A percentage tells a count when the people it is of stand beside it
and are so few that no other count rounds to it. Source: SDC Handbook (Welpton 2019), threshold rule and maxima.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.detectors.number_words import digits_of_words
from tre.disclosure.model import Hit
from tre.disclosure.profile import Profile

_ONE = (
    r"patient|person|participant|respondent|man|woman|child|baby|girl|boy|infant|resident|recipient|donor|survivor|"
    r"mother|father|attender"
)
_MANY = (
    r"patients|people|persons|participants|respondents|men|women|children|babies|girls|boys|infants|residents|"
    r"recipients|donors|survivors|adults|mothers|fathers|pupils|students|prisoners|veterans|individuals|twins|triplets"
)
_EVENTS = r"cases?|deaths?|births?|suicides?|diagnoses|stillbirths?|murders?|terminations?"
_PEOPLE = rf"(?:{_ONE}|{_MANY})"
_COUNTED = rf"(?:{_ONE}|{_MANY}|{_EVENTS})"
# What stands in every line that something is found in here: far cheaper to look for in a long text (RE2)
_SAID = rf"(?i)\b(?:{_ONE}|{_MANY}|{_EVENTS}|controls|years?[ -]old)\b"

_FEW_WORDS = r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_FEW = rf"({_FEW_WORDS}|\d{{1,2}})"
_BASE = r"(\d{1,3}(?:,\d{3})+|\d{1,9})"
_LIKE = r"(?:[A-Za-z-]{2,20} ){0,3}?"  # what people are called besides
_THE = r"(?:the |these |those |all |our |its )?"
_DID = (
    r"(?:was|were|had|died|developed|received|survived|underwent|withdrew|tested|gave|lost|suffered|required|needed|"
    r"became|took|left|attended|reported|declined|refused|identified)"
)
# Where a count begins to be told; a number's word with a capital letter begins a sentence wherever it stands
_BEGINS = r"(?:^\W{0,8}|[.!?:;,]\s{1,2}|[(>'\"]\s?|\b(?:and|only|just)\s)"
_COUNTS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<![\w.,-]){_FEW}(?: {_LIKE}{_PEOPLE})? (?:out )?of {_THE}(?:[0-9][0-9,]{{0,9}}) {_LIKE}{_PEOPLE}\b",
        rf"\b(?:of|among) {_THE}(?:[0-9][0-9,]{{0,9}}) {_LIKE}{_PEOPLE},? (?:only |just |but )?{_FEW} "
        rf"(?:\([\d.]+ ?%\) )?(?:{_PEOPLE} )?{_DID}\b",
        rf"{_BEGINS}{_FEW} {_LIKE}{_PEOPLE}(?:,[^,.\n]{{1,40}},)? {_DID}\b",
        rf"{_BEGINS}{_FEW} {_LIKE}{_COUNTED} (?:of|with|from|by|due to) [A-Za-z]",
        rf"\bonly {_FEW} {_LIKE}(?:{_MANY})\b",
    )
)
_CAPITAL = re.compile(
    rf"\b({'|'.join(map(str.capitalize, _FEW_WORDS.split('|')))}) {_LIKE}{_PEOPLE}(?:,[^,.\n]{{1,40}},)? {_DID}\b"
)
_LABELLED = re.compile(rf"\b(?:{_EVENTS}|controls|{_MANY})(?: ?[:=] ?| ){_BASE}(?=[,;.)]|\s*$)", re.IGNORECASE)
_BESIDE = 40  # characters from one labelled count to the next of the same table
_PERCENT = re.compile(
    r"(?<![\d.,-])(\d{1,2}(?:\.(\d{1,4}))?) ?(?:%|per ?cent)(?! ?(?:CI|confidence|power|credib|interval|level))"
)
_OF_BASE = re.compile(rf"\b(?:of|among|in) {_THE}{_BASE} {_LIKE}{_PEOPLE}\b", re.IGNORECASE)
_TIMES = re.compile(r"[.!?]\s")

_MOST = (
    r"(?:oldest|youngest|longest|shortest|tallest|heaviest|lightest|smallest|largest|dearest|costliest|sickest|"
    r"earliest|latest|(?:most|least) (?:expensive|costly|frequent|severe|deprived))"
)
_EXTREME = re.compile(rf"\b{_MOST}(?:[ -][a-z-]{{2,20}})? (?:{_ONE}|stay)\b[^.\n]{{0,80}}?\d", re.IGNORECASE)
_ALONE = re.compile(
    rf"\bthe (?:only|sole)(?: such| known| other)? (?:[a-z-]{{2,20}} ){{0,2}}?(?:{_ONE}|case)\b[^.;\n]{{0,80}}?"
    r"(?:\b\d{1,3}[ -]years?[ -]old|\baged \d|\b(?:from|in|at|of) [A-Z]|\b(?:with|who) )"
    r"|\ban? \d{1,3}[ -]years?[ -]old [^.;,\n]{0,40}\b(?:from|of|living in) [A-Z][a-z]"
)
_HIDDEN = r"(?:suppressed|redacted|withheld|masked|hidden|blanked|starred|omitted|removed)"
_CELL = r"(?:cells?|counts?|values?|rows?|figures?|numbers?|entry|entries)"
_WHO_WAS_HIDDEN = re.compile(
    rf"\b{_HIDDEN}\b[^.\n]{{0,40}}[:;,(-] ?(?:both|all|each|they|it|this|these|which|one|two|three)\b[^.\n]{{0,20}}?"
    rf"\b(?:is|are|was|were)\b[^.\n]{{0,40}}?\b{_PEOPLE}\b"
    rf"|\b{_HIDDEN} {_CELL}\b[^.\n]{{0,20}}?\b(?:is|are|was|were|holds?|contains?|stands? for|refers? to)\b"
    rf"[^.\n]{{0,30}}?\b{_PEOPLE}\b",
    re.IGNORECASE,
)
_FIGURE = rf"(?i)\b(?:{_FEW_WORDS}|\d{{1,2}}|only|sole|{_HIDDEN}|{_MOST})\b"
SHORTEST = 16  # characters that such a line has at least: most cells are shorter, which is soon told
_WRAPPED = re.compile(r"(?<=[\w,;])[ \t]*\n[ \t]*(?=[a-z])")
_MOST_LINES = 20_000
_LONGEST = 4000  # characters of a line that are looked at


def find_few_in_words(where: str, text: str, profile: Profile) -> Iterator[Hit]:
    """Yield hits for the sentences of a text that tell of a few people, or of one."""
    if len(text) >= SHORTEST:
        lines = _WRAPPED.sub(" ", text).encode("utf-8", "replace").decode().split("\n")
        yield from find_few_in_lines(where, pa.array(lines, pa.string()), profile, _MOST_LINES)


def find_few_in_lines(where: str, lines: pa.Array, profile: Profile, most: int) -> Iterator[Hit]:
    """Yield hits for the lines, or the cells of a column, that tell of a few people, or of one.

    Parameters
    ----------
    lines : pa.Array
        Strings, shape (n,).
    most : int
        How many that may tell such a thing are looked at.
    """
    lines = lines.filter(pc.greater_equal(pc.binary_length(lines), SHORTEST))[:_MOST_LINES]
    for said in (_SAID, _FIGURE) if len(lines) else ():
        lines = lines.filter(pc.match_substring_regex(lines, said))
    lines = lines[:most]
    told = {"count": 0, "percentage": 0, "extreme": 0, "alone": 0, "hidden": 0}
    for line in lines.to_pylist():
        line = line[:_LONGEST]
        told["count"] += _few(line, profile) + _labelled(line, profile)
        told["percentage"] += _shares(line, profile)
        told["extreme"] += len(_EXTREME.findall(line))
        told["alone"] += len(_ALONE.findall(line))
        told["hidden"] += len(_WHO_WAS_HIDDEN.findall(line))
    for kind, rule in (
        ("count", "possible-small-count"),
        ("percentage", "possible-small-count"),
        ("extreme", "extreme-value"),
        ("alone", "possible-small-count"),
        ("hidden", "possible-recoverable-cell"),
    ):
        if told[kind]:
            yield Hit(rule, f"{kind}-said", where, "", told[kind], "", 0.5)


def _is_few(number: float, profile: Profile) -> bool:
    return number > 0 and bool(profile.is_small(np.array(number)))


def _few(line: str, profile: Profile) -> int:
    """Return how many counts of a few people a line tells."""
    found = {each.start(1): each[1] for pattern in (*_COUNTS, _CAPITAL) for each in pattern.finditer(line)}
    numbers = [each if each.isdecimal() else digits_of_words(each) for each in found.values()]
    return sum(_is_few(float(each), profile) for each in numbers)


def _labelled(line: str, profile: Profile) -> int:
    """Return how many of the counts that stand behind what they count, two or more beside each other, are small."""
    found = list(_LABELLED.finditer(line))
    near = [
        each
        for n, each in enumerate(found)
        if any(abs(other.start() - each.start()) < _BESIDE for other in found[max(n - 1, 0) : n + 2] if other != each)
    ]
    return sum(_is_few(float(each[1].replace(",", "")), profile) for each in near)


def _shares(line: str, profile: Profile) -> int:
    """Return how many percentages of people, whose number the same sentence tells, are a few or all but a few."""
    found = 0
    for sentence in _TIMES.split(line):
        base = _OF_BASE.search(sentence)
        people = float(base[1].replace(",", "")) if base is not None else 0.0
        for share in _PERCENT.finditer(sentence) if people else ():
            step = people / 100 * 10.0 ** -len(share[2] or "")
            told = people * float(share[1]) / 100
            whole = round(told)
            exact = step < 1 and abs(told - whole) <= step / 2 + 1e-9
            found += exact and 0 < whole < people and (_is_few(whole, profile) or _is_few(people - whole, profile))
    return found
