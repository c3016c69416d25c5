"""Files of every kind, made by the kind's own library where there is one, with an identity planted in any one corner.

A maker takes what is planted, by corner, and returns the file; with nothing planted it makes the clean twin. Its
corners stand in :data:`CORNERS`, and the rules that a clean file of its kind calls for in :data:`CALLED_FOR`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.planted import archives, arrays, columnar, databases, documents, models, office, pages, pdfs, pictures, texts
from tre.disclosure.detectors.watch import Sight
from tre.disclosure.engine import examine
from tre.disclosure.model import Hit
from tre.disclosure.packs import load_pack
from tre.disclosure.policy import load_policy
from tre.disclosure.source import Source

Maker = Callable[[Mapping[str, str]], bytes]
_MODULES = (arrays, archives, columnar, databases, documents, models, office, pages, pdfs, pictures, texts)


def examined(body: bytes) -> tuple[str, list[Hit]]:
    """Return the type of a file and what is met in it."""
    return examine(Source.of(body), Sight(load_policy(), "acro", load_pack()))


MAKERS: dict[str, Maker] = {name: maker for module in _MODULES for name, (maker, _, _) in module.KINDS.items()}
CORNERS: dict[str, tuple[str, ...]] = {name: each[1] for module in _MODULES for name, each in module.KINDS.items()}
CALLED_FOR: dict[str, set[str]] = {name: set(each[2]) for module in _MODULES for name, each in module.KINDS.items()}
