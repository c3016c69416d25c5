"""What no pattern can say of the United Kingdom's identifiers: check digits, numbers in use, what is no surname."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.exact_match import nhs_number_is_valid
from tre.disclosure.folding import string_bytes
from tre.disclosure.packs import Check

_WEIGHTS = np.arange(10, 0, -1)
_REGIONS = ("GB", "GG", "IM", "JE")  # they share the country code 44
_KINDS = (
    "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "voip", "personal_number", "pager", "uan",
    "voicemail",
)  # fmt: skip
# Mobile numbers of any range, and Ofcom's numbers for drama, which are in no range in use: people write both for real.
_MORE = (
    r"7[1-9]\d{8}", r"1632960\d{3}", r"1(?:1[3-8]|[2-6]1)4960\d{3}", r"2079460\d{3}", r"2896496\d{3}", r"2920180\d{3}",
    r"1914980\d{3}", r"8081570\d{3}", r"9098790\d{3}", r"3069990\d{3}",
)  # fmt: skip
_DECIMAL = re.compile(r"(?<!\d)0\.\d|\d\.\d.* | .*\d\.\d")  # decimals, one or a row of them
_NO_TRUSTS = re.compile("RA[MNW]|RE[CFGLPQSV]|RFC|RGB|RN[AD]|ROW|RUN")
_LOCAL = re.compile(r'[^\x00- "(),:;<>@\[\]\x7f]*$')  # the part of an address before its sign
_GLUED = re.compile(r"(?!x|ext)[0-9a-z]", re.IGNORECASE)  # an extension may follow a number, another letter may not
_DATED = re.compile(r"(?:[0-3]?\d/[01]?\d|[01]?\d/[0-3]?\d)/(?:[12]\d)?\d{2}")  # as phonenumbers leaves out


def _falses(values: pa.Array) -> pa.Array:
    return pa.array(np.zeros(len(values), dtype=bool))


@dataclass(frozen=True)
class Scalar:
    """A check that is asked value by value: its form is rare, so that few come to it."""

    holds: Callable[[str], bool]

    def end(self, text: str, start: int, end: int) -> int:
        """Return `end` when what stands there holds."""
        return end if self.holds(text[start:end]) else 0

    def whole(self, values: pa.Array) -> tuple[pa.Array, pa.Array]:
        """Leave all to :meth:`end`."""
        none = _falses(values)
        return none, pc.invert(none)


class NhsNumber:
    """Modulus 11 with weights 10 to 2 (NHS Data Dictionary, NHS NUMBER), and no digits of a decimal."""

    def end(self, text: str, start: int, end: int) -> int:
        """Return `end` when the ten digits hold their check digit."""
        if start > 1 and text[start - 1] == "." and text[start - 2].isdecimal():
            return 0
        return end if nhs_number_is_valid(re.sub(r"\D", "", text[start:end])) else 0

    def whole(self, values: pa.Array) -> tuple[pa.Array, pa.Array]:
        """Judge all at once: the digits of all numbers are one matrix of shape (k, 10)."""
        digits = string_bytes(pc.replace_substring_regex(values, r"[^0-9]+", ""))
        matrix = digits.reshape(len(values), 10).astype(np.int64) - ord("0")
        return pa.array(matrix @ _WEIGHTS % 11 == 0), _falses(values)


_ADDED = re.compile(r"\+ +\d")
_LISTED = re.compile(r"44\d{1,3}( +\d{3,5})+ *$")
_BESIDE = re.compile(r"(?:(?:^|[^\d+]) *\d{3,5}|\b(?:int|num)) +$")  # or the type of a column, as R's str() prints it
_BEFORE = 16  # characters before a number in which another stands


class Phone:
    """A number that is in use by its form: of the United Kingdom, or of a country whose code stands before it."""

    def end(self, text: str, start: int, end: int) -> int:
        """Return where the last group of digits ends that, with those before it, makes a number."""
        token = text[start:end]
        if _DECIMAL.search(token) or _DATED.search(token) or _is_summed_or_listed(text, start, token):
            return 0
        ends = [group.end() for group in re.finditer(r"\d+", token)]
        for at in reversed(ends):
            if not _GLUED.match(text, start + at) and self._in_use(token[:at]):
                return start + at
        return 0

    def _in_use(self, token: str) -> bool:
        digits = re.sub(r"\D", "", token)
        abroad, national = _numbers()
        if "+" in token:
            return bool(abroad.fullmatch(digits))
        return bool(national.fullmatch(digits)) or (digits[:2] == "00" and bool(abroad.fullmatch(digits[2:])))

    def whole(self, values: pa.Array) -> tuple[pa.Array, pa.Array]:
        """Judge those of digits alone at once; what has parts is asked about part by part."""
        digits = pc.match_substring_regex(values, r"^[0-9]+$")
        abroad, national = (pattern.pattern for pattern in _numbers())
        held = pc.match_substring_regex(values, f"^(?:{national}|00(?:{abroad}))$")
        return pc.and_(digits, held), pc.invert(digits)


def _is_summed_or_listed(text: str, start: int, token: str) -> bool:
    """Tell whether a plus adds a number to the one before it, or 44 begins a number among others of three to five."""
    before = text[max(0, start - _BEFORE) : start]
    if _ADDED.match(token):
        return bool(re.search(r"\d\)? *$", before)) and not token.lstrip("+ ").startswith("44")
    return bool(_LISTED.match(token)) and bool(_BESIDE.search(before))


@cache
def _numbers() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of the digits of a number from abroad (after the plus) and of a national one."""
    import phonenumbers

    found = set(_MORE)
    for region in _REGIONS:
        known = phonenumbers.PhoneMetadata.metadata_for_region(region)
        kinds = [getattr(known, kind) for kind in _KINDS]
        found |= {kind.national_number_pattern for kind in kinds if kind and kind.national_number_pattern}
    ours = "(?:" + "|".join(sorted(found)).replace(r"\d", "[0-9]") + ")"
    codes = "|".join(sorted(map(str, set(phonenumbers.COUNTRY_CODE_TO_REGION_CODE) - {44})))
    abroad = f"440?{ours}|(?:{codes})[0-9]{{4,12}}"
    return re.compile(abroad), re.compile(f"0{ours}|(?:00)?440?{ours}")


@cache
def suffixes() -> frozenset[str]:
    """Return the last labels of the public suffix list that tldextract ships, as they are spelled and in punycode.

    The library itself would ask the network for a newer list, and be loaded for this alone.
    """
    spec = find_spec("tldextract")
    if spec is None or spec.origin is None:
        raise ImportError("tldextract is not installed")
    text = (Path(spec.origin).parent / ".tld_set_snapshot").read_text(encoding="utf-8")
    rules = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("//")]
    found = {rule.rsplit(".", 1)[-1] for rule in rules}
    return frozenset(found | {label.encode("idna").decode() for label in found if not label.isascii()})


@cache
def _roles() -> tuple[str, re.Pattern[str], frozenset[str]]:
    """Return a pattern (RE2) of addresses that have words of roles, one of words that are nothing else, and names."""
    from tre.disclosure.packs import load_pack, words_in

    words = "|".join(sorted(words_in(Path(__file__).with_name("roles.txt"))))
    names = load_pack("uk").names
    some = rf"(?i)(?:^|[._+-])(?:{words})+[0-9]*(?:[._+-]|@)"
    return some, re.compile(rf"(?:{words})+"), (names.forenames | names.surnames) - names.ordinary


def _is_role(local: str) -> tuple[bool, bool]:
    """Tell whether all words of an address's local part are those of roles, and whether any is; a name is no role.

    What stands behind a plus is what its owner files by (RFC 5233): a role there makes no role of the owner.
    """
    _, role, names = _roles()
    owner, _, filed = local.lower().partition("+")
    words, labels = re.findall(r"[a-z]+", owner), re.findall(r"[a-z]+", filed)
    if not names.isdisjoint([*words, *labels]):
        return False, False
    told = [role.fullmatch(word) is not None for word in words]
    return bool(told) and all(told) and all(role.fullmatch(label) for label in labels), any(told)


@dataclass(frozen=True)
class Email:
    """An address whose last label is a public suffix: a person's, or one that a role has a part in."""

    of_role: bool = False

    def end(self, text: str, start: int, end: int) -> int:
        """Return where the last label ends that is a public suffix."""
        host = text.index("@", start, end) + 1
        whole, part = _is_role(_LOCAL.findall(text, max(0, start - 64), host - 1)[0])
        if whole or part != self.of_role:
            return 0
        labels = text[host:end].split(".")
        for count in range(len(labels), 1, -1):
            for label in (labels[count - 1], labels[count - 1].partition("-")[0]):  # a dash may go on after the address
                if label.lower() in suffixes():
                    return host + len(".".join([*labels[: count - 1], label]))
        return 0

    def whole(self, values: pa.Array) -> tuple[pa.Array, pa.Array]:
        """Look all last labels up at once; of those with words of roles :meth:`end` must be asked."""
        some = pc.match_substring_regex(values, _roles()[0])
        if self.of_role:
            return _falses(values), some
        last = pc.utf8_lower(pc.replace_substring_regex(values, r"^.*\.", ""))
        held = pc.and_(pc.is_in(last, pa.array(sorted(suffixes()))), pc.invert(some))
        return held, pc.invert(held)


def _is_nino(value: str) -> bool:
    return value[:2].upper() not in {"BG", "GB", "NK", "KN", "NT", "TN", "ZZ"}


def _is_driving_licence(value: str) -> bool:
    return re.fullmatch(r"[A-Z]+9*", re.sub("[ -]", "", value)[:5].upper()) is not None


def _is_trust_number(value: str) -> bool:
    """Tell whether a number does not begin with a word's beginning (reference, record, run and the like)."""
    return _NO_TRUSTS.match(value) is None


def _is_registration(value: str) -> bool:
    """Tell whether a number plate of the present form has a year of age in use (02 to 29, 51 to 79)."""
    bare = re.sub("[ -]", "", value)
    if len(bare) != 7 or not (bare[:2].isalpha() and bare[2:4].isdigit()):
        return True
    return 2 <= int(bare[2:4]) <= 29 or 51 <= int(bare[2:4]) <= 79


_ICAO = (7, 3, 1)  # ICAO Doc 9303-3, section 4.9: check digits in the machine-readable zone


def _icao(signs: str) -> str:
    """Return the check digit of some signs: letters count from 10 on, and the filler nothing."""
    total = sum((0 if sign == "<" else int(sign, 36)) * _ICAO[at % 3] for at, sign in enumerate(signs))
    return str(total % 10)


def _is_passport_line(line: str) -> bool:
    """Tell whether a lower line of 44 signs has the check digits of its number and its day of birth.

    The others are left alone: what a person mistyped in them is a passport's line all the same.
    """
    return _icao(line[:9]) == line[9] and _icao(line[13:19]) == line[19]


CHECKS: dict[str, Check] = {
    "nhs_number": NhsNumber(),
    "phone": Phone(),
    "email": Email(),
    "mailbox": Email(of_role=True),
    "nino": Scalar(_is_nino),
    "driving_licence": Scalar(_is_driving_licence),
    "trust_number": Scalar(_is_trust_number),
    "passport_lines": Scalar(_is_passport_line),
    "vehicle_registration": Scalar(_is_registration),
}
