"""Pictures of pixels: PNG, JPEG, TIFF and GIF."""

from __future__ import annotations

import io
import struct
import zlib
from random import Random

import numpy as np
from PIL import ExifTags, Image, ImageDraw, ImageFont, PngImagePlugin

from tests.corpus.model import Carrier, Fair

_FONT = ImageFont.load_default(size=18)
SIZE = (640, 420)


def bars(random: Random) -> Image.Image:
    """Return a bar chart of five groups with its axes, as any plotting library would draw it."""
    picture = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(picture)
    pen.line([(50, 20), (50, 370), (620, 370)], fill="black", width=2)
    for place, band in enumerate(("0-17", "18-39", "40-64", "65-79", "80+")):
        height = random.randrange(60, 320)
        pen.rectangle([80 + 105 * place, 370 - height, 150 + 105 * place, 369], fill=(0, 94, 184))
        pen.text((90 + 105 * place, 380), band, fill="black", font=_FONT)
    return picture


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    """Return a picture in one of Pillow's formats."""
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def png(random: Random, comment: str = "") -> bytes:
    """Return a chart as PNG, with a comment in its metadata where one is given."""
    notes = PngImagePlugin.PngInfo()
    if comment:
        notes.add_itxt("Comment", comment)
    return encoded(bars(random), "PNG", pnginfo=notes)


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return one chunk of a PNG file (PNG specification, section 5.3)."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def before_end(data: bytes, more: bytes) -> bytes:
    """Return a PNG file with a chunk more before its last one."""
    return data[:-12] + more + data[-12:]


def _plain_text(text: str, random: Random) -> bytes:
    return before_end(png(random), chunk(b"tEXt", b"Description\0" + text.encode("latin-1")))


def _squeezed_text(text: str, random: Random) -> bytes:
    return before_end(png(random), chunk(b"zTXt", b"Description\0\0" + zlib.compress(text.encode("latin-1"))))


def _keyword(text: str, random: Random) -> bytes:
    return before_end(png(random), chunk(b"tEXt", text[:79].encode("latin-1") + b"\0yes"))


def _xmp(text: str, random: Random) -> bytes:
    notes = PngImagePlugin.PngInfo()
    about = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><d:description xmlns:d="http://purl.org/dc/elements/1.1/">{text}</d:description></x:xmpmeta>'
    notes.add_itxt("XML:com.adobe.xmp", about)
    return encoded(bars(random), "PNG", pnginfo=notes)


def _exif(text: str) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = text
    return exif


def _png_exif(text: str, random: Random) -> bytes:
    return encoded(bars(random), "PNG", exif=_exif(text))


def _private_chunk(text: str, random: Random) -> bytes:
    return before_end(png(random), chunk(b"noTe", text.encode()))


def _appended(kind: str) -> Carrier:
    def write(text: str, random: Random) -> bytes:
        return encoded(bars(random), kind) + text.encode()

    return Carrier(_SUFFIX[kind], "bytes after the end", write, fair=None)


_SUFFIX = {"PNG": "png", "JPEG": "jpg", "GIF": "gif", "TIFF": "tif"}


def _jpeg_comment(text: str, random: Random) -> bytes:
    return encoded(bars(random), "JPEG", comment=text.encode())


def _jpeg_exif(text: str, random: Random) -> bytes:
    return encoded(bars(random), "JPEG", exif=_exif(text))


def _user_comment(text: str, random: Random) -> bytes:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = b"ASCII\0\0\0" + text.encode("ascii")
    return encoded(bars(random), "JPEG", exif=exif)


def _jpeg_segment(text: str, random: Random) -> bytes:
    data = encoded(bars(random), "JPEG")
    inside = b"Notes\0" + text.encode()
    return data[:2] + b"\xff\xec" + struct.pack(">H", len(inside) + 2) + inside + data[2:]


def _gif_comment(text: str, random: Random) -> bytes:
    return encoded(bars(random).convert("P"), "GIF", comment=text.encode())


def _gif_extension(text: str, random: Random) -> bytes:
    data = encoded(bars(random).convert("P"), "GIF")
    held = text.encode()[:250]
    block = b"\x21\xff\x0bNOTES   1.0" + bytes([len(held)]) + held + b"\0"
    return data[:-1] + block + b";"


def _tiff_description(text: str, random: Random) -> bytes:
    return encoded(bars(random), "TIFF", description=text)


def _tiff_private(text: str, random: Random) -> bytes:
    return encoded(bars(random), "TIFF", tiffinfo={65000: text})


def written(random: Random, text: str, colour: object = "black", size: int = 18) -> Image.Image:
    """Return a chart with a text drawn over its upper part."""
    picture = bars(random)
    width = max(16, int(560 / (0.6 * size)))
    lines = [text[place : place + width] for place in range(0, len(text), width)]
    ImageDraw.Draw(picture).multiline_text(
        (60, 4), "\n".join(lines), fill=colour, font=ImageFont.load_default(size=size)
    )
    return picture


def _pixels(kind: str, place: str, colour: object = "black", size: int = 18, fair: Fair | None = "review") -> Carrier:
    def write(text: str, random: Random) -> bytes:
        return encoded(written(random, text, colour, size), kind)

    return Carrier(_SUFFIX[kind], place, write, fair=fair, limit=110, ascii=True)


def _turned(text: str, random: Random) -> bytes:
    return encoded(written(random, text).rotate(90, expand=True), "PNG")


def _transparent(text: str, random: Random) -> bytes:
    clear = Image.new("RGBA", SIZE, (255, 255, 255, 0))
    ImageDraw.Draw(clear).text((60, 60), text, fill=(0, 0, 0, 0), font=_FONT)
    clear.paste(bars(random).crop((0, 200, 640, 420)), (0, 200))
    return encoded(clear, "PNG")


def _second_page(kind: str, place: str) -> Carrier:
    def write(text: str, random: Random) -> bytes:
        return encoded(bars(random), kind, save_all=True, append_images=[written(random, text)])

    return Carrier(_SUFFIX[kind], place, write, fair=None, limit=110, ascii=True)


def _low_bits(text: str, random: Random) -> bytes:
    pixels = np.asarray(bars(random)).copy()
    bits = np.unpackbits(np.frombuffer(text.encode(), dtype=np.uint8))
    flat = pixels.reshape(-1)
    flat[: bits.size] = (flat[: bits.size] & 0xFE) | bits
    return encoded(Image.fromarray(pixels), "PNG")


def _palette(text: str, random: Random) -> bytes:
    picture = bars(random).quantize(32)
    palette = (picture.getpalette() or [])[: 3 * 32]
    held = text.encode()[: 3 * 200]
    picture.putpalette(palette + list(held) + [0] * (768 - len(palette) - len(held)))
    return encoded(picture, "PNG")


CARRIERS = (
    Carrier("png", "a text chunk", _plain_text, fair="review", ascii=True),
    Carrier("png", "a compressed text chunk", _squeezed_text, fair="review", ascii=True),
    Carrier("png", "an international text chunk", lambda text, random: png(random, text), fair="review"),
    Carrier("png", "a text chunk's keyword", _keyword, fair="review", limit=79, ascii=True),
    Carrier("png", "XMP", _xmp, fair="review"),
    Carrier("png", "EXIF", _png_exif, fair="review", ascii=True),
    Carrier("png", "a private chunk", _private_chunk, fair=None),
    *(_appended(kind) for kind in _SUFFIX),
    Carrier("jpg", "a comment", _jpeg_comment, fair="review"),
    Carrier("jpg", "EXIF", _jpeg_exif, fair="review", ascii=True),
    Carrier("jpg", "EXIF's user comment", _user_comment, fair="review", ascii=True),
    Carrier("jpg", "an application's segment", _jpeg_segment, fair=None),
    Carrier("gif", "a comment", _gif_comment, fair="review"),
    Carrier("gif", "an application's extension", _gif_extension, fair=None, limit=250),
    Carrier("tif", "the description", _tiff_description, fair="review", ascii=True),
    Carrier("tif", "a private tag", _tiff_private, fair=None, ascii=True),
    _pixels("PNG", "text in pixels"),
    _pixels("JPEG", "text in pixels"),
    _pixels("GIF", "text in pixels"),
    _pixels("TIFF", "text in pixels"),
    _pixels("PNG", "small text in pixels", size=11),
    _pixels("PNG", "faint text in pixels", colour=(248, 248, 248), fair=None),
    Carrier("png", "turned text in pixels", _turned, fair="review", limit=110, ascii=True),
    Carrier("png", "text in transparent pixels", _transparent, fair=None, limit=50, ascii=True),
    _second_page("TIFF", "a second page's pixels"),
    _second_page("GIF", "a second frame's pixels"),
    Carrier("png", "the pixels' lowest bits", _low_bits, fair=None),
    Carrier("png", "unused colours of the palette", _palette, fair=None, limit=600),
)
