"""Pictures drawn anew as PNG: frames, the pages of a PDF, drawings, scans. What is not pixels stays behind."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from tre.disclosure.policy import Policy

_SIDE = 1600  # pixels of a picture's longer side on a page
_BYTES = 5 * 1024 * 1024  # of one picture, so that it passes in an answer
_POINTS = 110 / 72  # pixels for a point of a PDF: letters of nine points can be read


@dataclass(frozen=True)
class Drawing:
    """A picture's PNG, its width and height, and its pixels for one of the file's."""

    png: bytes
    width: int
    height: int
    scale: float


@dataclass(frozen=True)
class Album:
    """How many pictures a file shows, and how to draw one of them, counted from 0."""

    size: int
    draw: Callable[[int], Drawing]


def album_of(data: bytes, kind: str, policy: Policy) -> Album | None:
    """Return the pictures of a file, or None for a kind that shows none.

    Raises
    ------
    Exception
        Whatever a library makes of a damaged file; its reader has told of it before.
    """
    makers = {"pdf": _pdf, "svg": _svg, "dicom": _dicom, **dict.fromkeys(("png", "jpeg", "gif", "tiff"), _frames)}
    return makers[kind](data, policy) if kind in makers else None


def redrawn(picture: Image.Image) -> Drawing:
    """Return a picture no larger than a page shows, of its pixels alone."""
    shown = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    side = _SIDE
    while True:
        small = shown.copy()
        small.thumbnail((side, side))
        held = io.BytesIO()
        # a picture made of the pixels has no text, no palette and no profile of the file's
        Image.frombytes(small.mode, small.size, small.tobytes()).save(held, "PNG")
        if held.tell() <= _BYTES or side < 200:
            return Drawing(held.getvalue(), small.width, small.height, small.width / picture.width)
        side //= 2


def _frames(data: bytes, policy: Policy) -> Album:
    Image.MAX_IMAGE_PIXELS = policy.limits["pixels"]
    picture = Image.open(io.BytesIO(data))

    def draw(number: int) -> Drawing:
        picture.seek(number)
        return redrawn(picture)

    return Album(min(getattr(picture, "n_frames", 1), policy.limits["frames"]), draw)


def _pdf(data: bytes, policy: Policy) -> Album:
    import pypdfium2

    document = pypdfium2.PdfDocument(data)  # forms and scripts are not begun: what they would add is not shown

    def draw(number: int) -> Drawing:
        page = document[number]
        longest = max(*page.get_size(), 1.0)
        bitmap = page.render(scale=min(_POINTS, _SIDE / longest), may_draw_forms=False)
        return redrawn(bitmap.to_pil())

    return Album(min(len(document), policy.limits["pages"]), draw)


def _svg(data: bytes, policy: Policy) -> Album:
    import vl_convert

    del policy

    def draw(number: int) -> Drawing:
        del number
        png = vl_convert.svg_to_png(data.decode("utf-8", "replace"), scale=1)  # resvg: no scripts, nothing fetched
        return redrawn(Image.open(io.BytesIO(png)))

    return Album(1, draw)


def _dicom(data: bytes, policy: Policy) -> Album | None:
    import numpy as np
    import pydicom

    found = pydicom.dcmread(io.BytesIO(data))
    if "PixelData" not in found or found.get("SamplesPerPixel", 1) != 1:
        return None
    if int(found.Rows) * int(found.Columns) * int(found.get("NumberOfFrames", 1) or 1) > policy.limits["pixels"]:
        return None
    pixels = found.pixel_array
    frames = pixels.reshape(-1, *pixels.shape[-2:])

    def draw(number: int) -> Drawing:
        frame = frames[number].astype(float)
        low, high = float(np.min(frame)), float(np.max(frame))
        grey = (frame - low) * (255 / (high - low) if high > low else 0)
        return redrawn(Image.fromarray(grey.astype(np.uint8)))

    return Album(min(len(frames), policy.limits["frames"]), draw)
