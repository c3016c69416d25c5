"""Names that a tokeniser or a model of words learnt: those of its vocabulary that are names and no words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tre.disclosure.model import Hit
from tre.disclosure.packs import Names

# What a vocabulary is kept under, and the tokens that one line each has for the rest of a sentence
_KEPT = re.compile(
    r"[\"'](?:vocab|vocabulary_?|word_?index|word2idx|token_to_id|stoi|itos|added_tokens|feature_names(?:_in_|_out)?)[\"']"
    r"\s*:\s*[\[{]|^(?:\[UNK\]|\[CLS\]|<unk>|<s>)(?:\s|$)",
    re.MULTILINE,
)
_PIECE = re.compile(r"(?<![^\W_#])[A-Za-z]{4,16}(?![^\W_])")
_FEWEST, _SHARE = 10, 0.02  # names, and their share of the pieces: of English prose some hundredth are names
_MOST = 4_194_304  # characters of a text that are looked at


def find_vocabulary(where: str, text: str, names: Names) -> Iterator[Hit]:
    """Yield a hit for a vocabulary in which names stand."""
    found = _KEPT.search(text, 0, _MOST)
    if found is None:
        return
    pieces = {piece.lower() for piece in _PIECE.findall(text, found.end(), _MOST)}
    named = sum(_is_name(piece, names) for piece in pieces)
    if named >= max(_FEWEST, _SHARE * len(pieces)):
        yield Hit("possible-name", "vocabulary", where, "", named, "", 0.6)


def _is_name(piece: str, names: Names) -> bool:
    """Tell whether a piece, in lower case, is a forename or a surname and nothing else."""
    known = piece in names.surnames or piece in names.forenames
    return known and not names.is_word(piece) and piece not in names.lexicon
