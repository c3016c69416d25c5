"""A spaCy model that marks persons in text: optional, for a model cannot be fetched from inside.

It is named in the context of an inspection, and loaded from where it is installed, as a package or as a folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_LABELS = ("PERSON", "PER")  # OntoNotes' and WikiNER's label of a person's name
_BATCH = 256


def is_installed(model: str) -> bool:
    """Tell whether a model of that name is a package here, or that path a model's folder."""
    if not model:
        return False
    folder = Path(model)
    return (folder / "config.cfg").is_file() or (model.isidentifier() and find_spec(model) is not None)


@cache
def _loaded(model: str) -> Any:
    import spacy

    return spacy.load(model)


class Model:
    """A spaCy pipeline as a function from texts to the first person's name in each."""

    def __init__(self, model: str) -> None:
        self._model = model

    def __call__(self, texts: list[str]) -> Iterator[str]:
        """Yield for each text the first name of a person that the model marks, or nothing."""
        for document in _loaded(self._model).pipe(texts, batch_size=_BATCH) if texts else ():
            yield next((each.text for each in document.ents if each.label_ in _LABELS), "")
