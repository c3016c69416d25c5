"""What a whole text carries in an encoding that no line of it holds alone."""

from __future__ import annotations

from collections.abc import Iterator

from tre.disclosure.contents import LINE
from tre.disclosure.detectors.escapes import ESCAPED, ESCAPES
from tre.disclosure.detectors.strung import find_strung
from tre.disclosure.detectors.uuencoded import find_uuencoded

_HOW = "backslash escapes"


def find_carried(text: str) -> Iterator[tuple[str, bytes]]:
    """Yield how something is carried by a text, and its bytes, which are a text or a file of their own.

    A line that is cut before it is searched (strings within strings grow sixfold each time) is unescaped here, whole.
    """
    yield from find_uuencoded(text)
    for how, said in find_strung(text):
        yield how, said.encode("utf-8", "replace")
    _, escape, plain = ESCAPES[_HOW]
    for line in text.splitlines() if len(text) > LINE and "\\" in text else ():
        if len(line) > LINE and len(escape.findall(line)) >= ESCAPED:
            yield _HOW, plain(line).encode("utf-8", "replace")
