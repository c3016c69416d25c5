"""Text in pictures, by Tesseract where it is installed; without it a picture's text is left to the checker.

What a picture shows is read first. What it holds and hardly shows (:mod:`tre.disclosure.readers.views`) and letters
that stand slanted or upside down are read where there are any, as long as the seconds for a file's pictures last.
"""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import groupby

from PIL import Image

from tre.disclosure.budget import budget_of
from tre.disclosure.model import Box
from tre.disclosure.policy import Policy
from tre.disclosure.readers.views import slants, views, without

_SMALL = 1600  # pixels of width under which a picture is doubled: Tesseract wants letters of 20 pixels or more
_SPARSE = "11"  # page segmentation: text wherever it stands, as on a chart
_SURE = 60  # of 100, Tesseract's confidence from which a word of two signs was read as it stands
_WORD = "5"  # the level of a word in Tesseract's table


@dataclass(frozen=True)
class Word:
    """One word as it was read: its line, how sure it is (0 to 100), and where it stands in the picture."""

    text: str
    line: tuple[str, ...]
    confidence: float
    box: Box


@cache
def tesseract() -> str | None:
    """Return the program, or None where there is none."""
    return shutil.which("tesseract")


def text_in(picture: Image.Image, policy: Policy) -> str | None:
    """Return the text that a picture holds, or None when it was not looked for: no program, or no seconds left."""
    texts: list[str] = []
    for view in views(picture):
        words = _words(view, policy)
        if words is None:
            break
        texts.append(_joined(words))
        left = without(view, [each.box for each in words if each.confidence >= _SURE and len(each.text) > 1])
        for angle in slants(left):
            turned = left.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
            texts.append(_joined(_words(turned, policy) or ()))
    return "\n".join(texts) if texts else None


def _joined(words: Iterable[Word]) -> str:
    return "\n".join(" ".join(each.text for each in line) for _, line in groupby(words, key=lambda each: each.line))


def _words(grey: Image.Image, policy: Policy) -> list[Word] | None:
    """Return the words of a picture in grey, or None when they were not looked for."""
    program, budget = tesseract(), budget_of(policy)
    if program is None or budget.ocr_seconds < 1:
        return None
    scaled, scale = _scaled(grey, policy.limits["ocr_pixels"])
    began = time.monotonic()
    try:
        done = subprocess.run(
            [program, "stdin", "stdout", "--psm", _SPARSE, "tsv"], input=scaled,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=budget.ocr_seconds, check=False,
            env={"OMP_THREAD_LIMIT": "1"},
        )  # fmt: skip
    except (subprocess.TimeoutExpired, OSError):
        return None
    finally:
        budget.ocr_seconds -= time.monotonic() - began
    return _parsed(done.stdout.decode("utf-8", "replace"), scale) if done.returncode == 0 else None


def _parsed(told: str, scale: float) -> list[Word]:
    """Return the words of Tesseract's table, in pixels of the picture before it was scaled."""
    made = []
    for row in csv.DictReader(io.StringIO(told), delimiter="\t", quoting=csv.QUOTE_NONE):
        if row["level"] == _WORD and (row["text"] or "").strip():
            left, top, width, height = (int(row[each]) / scale for each in ("left", "top", "width", "height"))
            box = int(left), int(top), int(left + width) + 1, int(top + height) + 1
            line = tuple(row[each] for each in ("page_num", "block_num", "par_num", "line_num"))
            made.append(Word(row["text"].strip(), line, float(row["conf"]), box))
    return made


def _scaled(grey: Image.Image, most: int) -> tuple[bytes, float]:
    """Return the picture as PGM, as large as is read well and no larger than is allowed, and how much it was scaled."""
    width, height = grey.size
    scale = min(2.0 if width < _SMALL else 1.0, (most / (width * height)) ** 0.5)
    if scale != 1:
        grey = grey.resize((max(1, int(width * scale)), max(1, int(height * scale))), Image.Resampling.BICUBIC)
    packed = io.BytesIO()
    grey.save(packed, format="PPM")
    return packed.getvalue(), scale
