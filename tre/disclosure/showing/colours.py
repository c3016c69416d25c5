"""Lines of code with the sort of each token, by Pygments: letters that a page may colour, never markup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import Comment, Keyword, Name, Number, String, _TokenType
from pygments.util import ClassNotFound

from tre.disclosure.showing.shown import MOST_LETTERS, Token

_SORTS: tuple[tuple[_TokenType, str], ...] = (
    (Comment, "c"), (Keyword, "k"), (String, "s"), (Number, "n"), (Name.Function, "f"), (Name.Class, "f"),
)  # fmt: skip
_MOST = 400_000  # letters: a lexer is a row of regular expressions, and what is longer is shown plain


def lexer_for(name: str) -> Lexer | None:
    """Return the lexer of a language or of a file's name, or None."""
    options = {"stripnl": False, "ensurenl": False}
    for find in (get_lexer_by_name, get_lexer_for_filename):
        try:
            found: Lexer = find(name, **options)
        except (ClassNotFound, ValueError):
            continue
        return found
    return None


def coloured(text: str, lexer: Lexer | None) -> list[list[Token]]:
    """Return each line as tokens; plain where there is no lexer, or too much text for one."""
    if lexer is None or len(text) > _MOST:
        return [[Token("", line)] for line in text.splitlines()]
    lines: list[list[Token]] = [[]]
    for sort, value in lexer.get_tokens(text):
        letter = next((letter for kind, letter in _SORTS if sort in kind), "")
        for number, piece in enumerate(value.split("\n")):
            if number:
                lines.append([])
            if piece:
                lines[-1].append(Token(letter, piece.rstrip("\r")))
    return lines if lines[-1] else lines[:-1]


def pieces(lines: Iterable[list[Token]], first: int = 0) -> Iterator[tuple[int, tuple[Token, ...]]]:
    """Yield lines as a page has them, with their numbers: a long line goes on below, under the number 0.

    Parameters
    ----------
    first : int
        How many lines stand before them.
    """
    for number, line in enumerate(lines, start=first + 1):
        if sum(len(token.text) for token in line) <= MOST_LETTERS:
            yield number, tuple(line)
            continue
        for place, piece in enumerate(_broken(line)):
            yield 0 if place else number, piece


def _broken(line: list[Token]) -> Iterator[tuple[Token, ...]]:
    held: list[Token] = []
    left = MOST_LETTERS
    for token in line:
        text = token.text
        while len(text) > left:
            yield (*held, Token(token.sort, text[:left]))
            text, held, left = text[left:], [], MOST_LETTERS
        if text:
            held.append(Token(token.sort, text))
            left -= len(text)
    if held:
        yield tuple(held)
