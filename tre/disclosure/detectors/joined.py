"""Strings that a program puts together from pieces: by a sign between them, by their codes, by the names they have.

The program is not run. Pieces that stand beside each other are one string, a name stands for the pieces it was given,
and a list of pieces is one string where the program joins lists anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"(?:\b[bfruBFRU]{1,2}(?=[\"']))?(?P<string>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`[^`\n]*`)"
    r"|\b(?i:chr|char|unichr|nchar|intToUtf8|String\.fromCharCode)\(\s*(?P<code>0x[0-9a-fA-F]{1,5}|\d{1,6})\s*\)"
    r"|(?P<call>[A-Za-z_][\w.]*[ \t]*\()|(?P<name>[A-Za-z_]\w*)|(?P<number>\d+)|(?P<given><-|:=|=(?!=))"
    r"|(?P<sign>\+|\|\||&|<>|\.{1,2})|(?P<comma>,)|(?P<open>[(\[])|(?P<close>[)\]])|(?P<line>\n)|(?P<blank>[ \t\r]+)"
    r"|(?P<other>.)",
)
_JOINS = re.compile(
    r"(?i)['\"]{2}\.join\b|\.join\(\s*['\"]{2}|\bpaste0\b|collapse\s*=\s*['\"]{2}|\bconcat\w*\s*\(|\bstr_c\b|\breduce\b"
)
# What any text has in which something is put together: a sign beside a quote, codes, holes; or a name that is given a
# piece, and a sign between names
_GATE = re.compile(
    r"(?i)[\"'`]\s*(?:[+|&.\\]|<>|\n\s*[\"'])|(?:[+|&.]|<>)\s*[\"'`]|\bchr\(|\bn?char\(|CharCode|\bf[\"']"
)
_GIVEN = re.compile(r"(?:=|<-)[ \t]*(?:[\"'`(\[]|\d)")
_BETWEEN = re.compile(r"[\w)\]][ \t]*(?:\+|\|\||&|<>|\.\.)[ \t]*\w")
_HOLE = re.compile(r"\$?\{([A-Za-z_]\w*)\}")
_AS_TEXT = {"str", "repr", "String", "as.character", "paste0", "concat", "CONCAT", "str_c"}  # make text of numbers
_LONGEST = 400  # characters of a string that is put together
_MOST = 500  # strings of one text


def joined(text: str) -> Iterator[str]:
    """Yield the strings that a program in a text puts together, each once."""
    joins = bool(_JOINS.search(text))
    if not (joins or _GATE.search(text) or (_GIVEN.search(text) and _BETWEEN.search(text))):
        return
    met: set[str] = set()
    for made in _Reader(joins).read(text):
        if made not in met and len(made) <= _LONGEST:
            met.add(made)
            yield made
            if len(met) >= _MOST:
                return


@dataclass
class _Reader:
    """Goes through a program token by token.

    Parameters
    ----------
    joins : bool
        Whether a comma between pieces may make one string of them.
    """

    joins: bool
    known: dict[str, list[str]] = field(default_factory=dict)
    run: list[str] = field(default_factory=list)
    given: list[str] = field(default_factory=list)  # what the name on the left of the line was given so far
    target: str = ""
    calls: list[str] = field(default_factory=list)  # what is called with what stands here; empty for a bracket alone
    counts: set[str] = field(default_factory=set)  # names that were given a number

    def read(self, text: str) -> Iterator[str]:
        """Yield each string of more than one piece."""
        name, before = "", "line"
        for token in _TOKEN.finditer(text):
            kind = token.lastgroup or "other"
            if kind in ("string", "code", "number", "name"):
                pieces = self._pieces(kind, token)
                if pieces is None:
                    yield from self._end()
                    name = token["name"] or ""
                else:
                    self.run += pieces
            elif kind == "given":
                yield from self._end()
                self.target, self.given, self.calls = name, [], []
            elif kind in ("open", "call"):
                self.calls.append((token["call"] or "").rstrip("( \t"))
            elif kind == "close":
                self.calls = self.calls[:-1]
            elif kind == "line" and before not in ("sign", "comma") and not self.calls:
                yield from self._end()
                self._give()
            elif kind == "other" or (kind == "comma" and not self.joins):
                yield from self._end()
            before = before if kind == "blank" else kind
        yield from self._end()

    def _pieces(self, kind: str, token: re.Match[str]) -> list[str] | None:
        """Return what a token stands for; None when that is not known."""
        if kind == "string":
            return self._filled(token["string"][1:-1])
        if kind == "code":
            code = int(token["code"], 16 if token["code"].startswith("0x") else 10)
            return [chr(code)] if code < 0x110000 else None
        if kind == "number":  # a name may be given a number, whose digits it then stands for
            fits = bool(self.target) and not self.run and not self.given
            self.counts |= {self.target} if fits else set()
            return [token["number"]] if fits else None
        if token["name"] in self.counts and not _AS_TEXT.intersection(self.calls):
            return None  # numbers are added up
        return self.known.get(token["name"])

    def _filled(self, string: str) -> list[str]:
        """Return a string in pieces: what stands between its holes, and what the names in them stand for."""
        parts = _HOLE.split(string)
        return [
            part if n % 2 == 0 else "".join(self.known.get(part, ["{" + part + "}"])) for n, part in enumerate(parts)
        ]

    def _end(self) -> Iterator[str]:
        """End what was put together so far."""
        if len(self.run) > 1:
            yield "".join(self.run)
        if self.target:
            self.given += self.run
        self.run = []

    def _give(self) -> None:
        """End a line: the name on its left stands for what it was given."""
        if self.target and sum(map(len, self.given)) <= _LONGEST:
            self.known[self.target] = self.given
        self.target, self.given = "", []
