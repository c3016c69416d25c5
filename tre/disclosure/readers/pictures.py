"""What all kinds of pictures have in common: their pixels are decoded within bounds and searched for text."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import ExifTags, Image, ImageSequence

from tre.disclosure.contents import Contents, Part, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.readers.ocr import text_in

_DAMAGED = (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, struct.error, zlib.error,
            OverflowError, MemoryError)  # fmt: skip


def check_size(width: int, height: int, policy: Policy) -> None:
    """Refuse dimensions that no result needs, before anything is made of them."""
    if width * height > policy.limits["pixels"]:
        raise Unreadable("the picture is larger than inspection reads", rule="too-big")


def read_pixels(data: bytes, form: str, where: str, contents: Contents, policy: Policy) -> None:
    """Decode every frame of a picture, keep the text in it, and leave the rest to a checker.

    Parameters
    ----------
    form : str
        Pillow's name of the format; no other decoder is tried.

    Raises
    ------
    Unreadable
        The pixels are damaged, cut short, or more than the policy's ``pixels``.
    """
    texts: list[str | None] = []
    try:
        with Image.open(io.BytesIO(data), formats=[form]) as picture:
            check_size(*picture.size, policy)
            for number, frame in enumerate(ImageSequence.Iterator(picture)):
                if number >= policy.limits["frames"]:
                    raise Unreadable("it has more pictures than inspection reads", rule="too-big")
                check_size(*frame.size, policy)
                frame.load()
                texts.append(text_in(frame, policy))
    except Image.DecompressionBombError as error:
        raise Unreadable("the picture is larger than inspection reads", rule="too-big") from error
    except _DAMAGED as error:
        raise Unreadable("the pixels are damaged or cut short") from error
    text = "\n".join(each for each in texts if each)
    if text.strip():
        contents.texts.append((f"{where} text in the picture".strip(), text))
    place = "its text was not read" if None in texts else ""
    contents.hits.append(Hit("picture", form.lower(), where, place))


def keep_trailing(rest: bytes, where: str, contents: Contents) -> None:
    """Tell of bytes after the end of a picture, and keep them as a file of their own."""
    if rest.strip(b"\0"):
        contents.hits.append(Hit("appended-bytes", "appended", where, f"{len(rest)} bytes after the end", 1))
        contents.parts.append(Part(f"{where} appended bytes".strip(), rest))


def keep_thumbnail(body: bytes, where: str, contents: Contents) -> None:
    """Keep the small picture in Exif data: it may show what the large one no longer does."""
    at = body.find(b"\xff\xd8\xff")
    if at >= 0:
        contents.parts.append(Part(f"{where} thumbnail".strip(), body[at : body.rfind(b"\xff\xd9") + 2]))


def keep_position(body: bytes, where: str, contents: Contents) -> None:
    """Tell of Exif data that say where a photograph was taken (CIPA DC-008, the attributes of GPS)."""
    exif = Image.Exif()
    try:
        exif.load(body)
        told = exif.get_ifd(ExifTags.IFD.GPSInfo)
    except _DAMAGED:
        return  # other data, or damaged ones, whose strings are read in any case
    if ExifTags.GPS.GPSLatitude in told and ExifTags.GPS.GPSLongitude in told:
        contents.hits.append(Hit("possible-identifier", "address", where, "where it was taken", 1, "", 0.6))
