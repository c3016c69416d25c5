"""Pixels that hold a message are found, and figures as people draw them are left alone."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image, ImageDraw

from tests.disclosing import WHO, judged, rules

SAID = f"{WHO}. ".encode() * 4
RANDOM = np.random.default_rng(1)


def drawn(draw: Callable[[Figure], object], form: str = "png", **how: object) -> bytes:
    figure, packed = Figure(figsize=(6, 4)), io.BytesIO()
    draw(figure)
    figure.savefig(packed, format=form, **how)
    return packed.getvalue()


def steps(figure: Figure) -> None:
    axes = figure.subplots()
    axes.step(range(50), np.sort(RANDOM.random(50))[::-1])
    axes.fill_between(range(50), 0.1, 0.5, alpha=0.2)
    axes.grid(alpha=0.3)
    axes.set_title("Survival by quarter")


def surface(figure: Figure) -> None:
    x = np.linspace(-3, 3, 200)
    axes = figure.subplots()
    figure.colorbar(axes.contourf(x, x, np.exp(-(x[:, None] ** 2) - x**2), 50))


CLEAN: dict[str, Callable[[], bytes]] = {
    "steps": lambda: drawn(steps),
    "on transparent ground": lambda: drawn(steps, transparent=True),
    "for print": lambda: drawn(steps, dpi=200),
    "JPEG": lambda: drawn(steps, "jpg"),
    "a cloud": lambda: drawn(lambda each: each.subplots().scatter(*RANDOM.normal(size=(2, 3000)), alpha=0.3)),
    "a heat map": lambda: drawn(lambda each: each.subplots().imshow(RANDOM.random((20, 20)))),
    "a smoothed heat map": lambda: drawn(
        lambda each: each.subplots().imshow(RANDOM.random((90, 90)), interpolation="bilinear")
    ),
    "hexagons": lambda: drawn(lambda each: each.subplots().hexbin(*RANDOM.normal(size=(2, 5000)))),
    "a surface": lambda: drawn(surface),
    "256 colours": lambda: saved(opened(drawn(steps)).convert("P", palette=Image.Palette.ADAPTIVE)),
    "made smaller": lambda: saved(opened(drawn(steps)).convert("RGB").resize((371, 247), Image.Resampling.LANCZOS)),
}  # fmt: skip


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def saved(picture: Image.Image | np.ndarray) -> bytes:
    packed = io.BytesIO()
    (Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture).save(packed, "PNG")
    return packed.getvalue()


@cache
def base(mode: str = "RGB") -> np.ndarray:
    return np.array(opened(drawn(steps)).convert(mode))


def lowest(pixels: np.ndarray, data: bytes, samples: slice | int = slice(0, 3), width: int = 1) -> bytes:
    """Return a picture with data in the lowest bits of some samples."""
    pixels = pixels.copy()
    held = pixels[:, :, samples]
    flat = held.reshape(-1).copy()
    bits = np.unpackbits(np.frombuffer(data, np.uint8)).reshape(-1, width)
    values = bits @ (1 << np.arange(width)[::-1]).astype(np.uint8)
    flat[: len(values)] = flat[: len(values)] & ~np.uint8(2**width - 1) | values
    pixels[:, :, samples] = flat.reshape(held.shape)
    return saved(pixels)


def one_in_a_hundred() -> bytes:
    pixels = base().copy()
    marked = RANDOM.random(pixels.shape[:2]) < 0.01
    moved = pixels[marked].astype(int) + RANDOM.choice([-1, 1], size=(marked.sum(), 3))
    pixels[marked] = np.clip(moved, 0, 255)
    return saved(pixels)


def faint() -> bytes:
    picture = Image.fromarray(base())
    ImageDraw.Draw(picture).text((20, 20), WHO, fill=(253, 254, 253))
    return saved(picture)


def under() -> bytes:
    pixels = base("RGBA").copy()
    pixels[:100, :200, :3] = RANDOM.integers(0, 256, (100, 200, 3))
    pixels[:100, :200, 3] = 0
    return saved(pixels)


def palette() -> bytes:
    picture = Image.new("P", (100, 100))
    picture.putpalette((SAID + bytes(768))[:768])
    return saved(picture)


MESSAGES: dict[str, Callable[[], bytes]] = {
    "all samples": lambda: lowest(base(), SAID),
    "with alpha": lambda: lowest(base("RGBA"), SAID, slice(0, 4)),
    "red alone": lambda: lowest(base(), SAID, 0),
    "two bits": lambda: lowest(base(), SAID, width=2),
    "down the columns": lambda: saved(np.array(opened(lowest(base().swapaxes(0, 1), SAID))).swapaxes(0, 1).copy()),
    "the values": lambda: saved(np.frombuffer((SAID * 40)[:6400], np.uint8).reshape(80, 80).copy()),
    "the palette": palette,
}
HIDDEN: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "encrypted": (lambda: lowest(base(), RANDOM.bytes(8000)), "hidden-in-pixels", "lowest-bits"),
    "encrypted, alpha": (lambda: lowest(base("RGBA"), RANDOM.bytes(8000), 3), "hidden-in-pixels", "lowest-bits"),
    "under transparency": (under, "hidden-in-pixels", "under-transparency"),
    "a step either way": (one_in_a_hundred, "possible-hidden-in-pixels", "lone-pixels"),
    "faint words": (faint, "possible-hidden-in-pixels", "faint"),
    "noise": (
        lambda: saved(RANDOM.integers(0, 256, (300, 300, 3), dtype=np.uint8)), "possible-hidden-in-pixels", "noise",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CLEAN)
def test_a_figure_is_left_to_the_checker_alone(tmp_path: Path, name: str) -> None:
    assert rules(judged(tmp_path, CLEAN[name]())) == {"picture"}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_in_pixels_is_read(tmp_path: Path, name: str) -> None:
    found = judged(tmp_path, MESSAGES[name]())
    assert {"hidden-in-pixels", "identifier", "person-name"} <= rules(found)
    assert found.verdict == "block"


@pytest.mark.parametrize("name", HIDDEN)
def test_what_cannot_be_read_is_told_with_its_place(tmp_path: Path, name: str) -> None:
    make, rule, kind = HIDDEN[name]
    (told,) = [each for each in judged(tmp_path, make()).findings if each.kind == kind]
    assert told.rule == rule
    assert told.box is not None
    left, top, right, bottom = told.box
    assert 0 <= left < right
    assert 0 <= top < bottom


def test_the_box_is_around_what_was_drawn(tmp_path: Path) -> None:
    (told,) = [each for each in judged(tmp_path, faint()).findings if each.kind == "faint"]
    assert told.box is not None
    assert 18 <= told.box[0] <= 24
    assert 18 <= told.box[1] <= 26
    assert told.box[3] < 40


def test_colours_doubled_in_a_palette_are_told(tmp_path: Path) -> None:
    picture = Image.new("P", (64, 64))
    shades = [shade for n in range(0, 128, 4) for shade in (n, n, n, n + 1, n + 1, n + 1)]
    picture.putpalette(shades + [0] * (768 - len(shades)))
    picture.putdata([n % 64 for n in range(64 * 64)])
    assert "palette-twins" in {each.kind for each in judged(tmp_path, saved(picture)).findings}


@pytest.mark.parametrize("mode", ["1", "L", "LA", "I;16", "CMYK"])
def test_pictures_of_every_sort_are_looked_at(tmp_path: Path, mode: str) -> None:
    packed = io.BytesIO()
    if mode == "CMYK":
        Image.new("CMYK", (40, 40), (0, 90, 0, 0)).save(packed, "JPEG")
    else:
        Image.new(mode, (40, 40)).save(packed, "PNG")
    assert rules(judged(tmp_path, packed.getvalue())) == {"picture"}


def test_shades_that_happen_to_be_signs_are_no_message(tmp_path: Path) -> None:
    pixels = np.full((60, 60, 3), 200, dtype=np.uint8)
    sky = (
        b"p?|t:tv:ny7fx6`x5Yy4Tz2Ow2Jv1Fs0Cn0>k.=h0<f19g17g23k20o3-w6)"  # of a photograph: each third is near the last
    )
    pixels[0, : len(sky) // 3] = np.frombuffer(sky[: len(sky) // 3 * 3], dtype=np.uint8).reshape(-1, 3)
    assert "message" not in {each.kind for each in judged(tmp_path, saved(pixels)).findings}
