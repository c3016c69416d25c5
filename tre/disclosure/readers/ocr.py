"""Text in pictures, by Tesseract where it is installed; without it a picture's text is left to the checker."""

from __future__ import annotations

import io
import shutil
import subprocess
import time
from functools import cache

from PIL import Image

from tre.disclosure.budget import budget_of
from tre.disclosure.policy import Policy

_SMALL = 1600  # pixels of width under which a picture is doubled: Tesseract wants letters of 20 pixels or more
_SPARSE = "11"  # page segmentation: text wherever it stands, as on a chart


@cache
def tesseract() -> str | None:
    """Return the program, or None where there is none."""
    return shutil.which("tesseract")


def text_in(picture: Image.Image, policy: Policy) -> str | None:
    """Return the text that a picture shows, or None when it was not looked for: no program, or no seconds left."""
    program, budget = tesseract(), budget_of(policy)
    if program is None or budget.ocr_seconds < 1:
        return None
    began = time.monotonic()
    try:
        done = subprocess.run(
            [program, "stdin", "stdout", "--psm", _SPARSE], input=_prepared(picture, policy.limits["ocr_pixels"]),
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=budget.ocr_seconds, check=False,
            env={"OMP_THREAD_LIMIT": "1"},
        )  # fmt: skip
    except (subprocess.TimeoutExpired, OSError):
        return None
    finally:
        budget.ocr_seconds -= time.monotonic() - began
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def _prepared(picture: Image.Image, most: int) -> bytes:
    """Return the picture in grey on white, as large as is read well and no larger than is allowed."""
    solid = Image.new("RGBA", picture.size, "white")
    solid.alpha_composite(picture.convert("RGBA"))
    width, height = solid.size
    scale = min(2.0 if width < _SMALL else 1.0, (most / (width * height)) ** 0.5)
    grey = solid.convert("L")
    if scale != 1:
        grey = grey.resize((max(1, int(width * scale)), max(1, int(height * scale))), Image.Resampling.BICUBIC)
    packed = io.BytesIO()
    grey.save(packed, format="PPM")
    return packed.getvalue()
