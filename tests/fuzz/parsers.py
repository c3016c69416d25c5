"""Coverage-guided fuzzing of the parsers and decoders that are written here: `make fuzz SECONDS=600`.

Each input is given to one parser without the net that catches whatever a reader raises: a parser refuses what it cannot
read with :class:`Unreadable`, and everything else that it raises is a mistake in it. The first byte chooses the parser.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris
import numpy as np
import pyarrow as pa

with atheris.instrument_imports(include=["tre.disclosure.readers", "tre.disclosure.detectors"]):
    from tre.disclosure.contents import Cells, Contents, Unreadable
    from tre.disclosure.detectors import (
        deciphered,
        digests,
        encodings,
        hiding,
        packed,
        reckoned,
        sentences,
        word_addresses,
    )
    from tre.disclosure.packs import load_pack
    from tre.disclosure.policy import load_policy
    from tre.disclosure.readers import (
        archives,
        boosted,
        columnar,
        compound,
        compressed,
        gif,
        images,
        numpy_arrays,
        ocr,
        pickles,
        polyglot,
        rdata,
        sqlite_pages,
        tar,
        tiff,
        torch_zip,
        ubjson,
    )
    from tre.disclosure.readers.sniff import sniff

POLICY = load_policy()
Parser = Callable[[bytes], object]


def _reader(function: Callable[..., None]) -> Parser:
    return lambda data: function(data, "", Contents(), POLICY)


def _pages(data: bytes) -> None:
    size = sqlite_pages.page_size(data)
    list(sqlite_pages.free_pages(data, size))
    list(sqlite_pages.unused_bytes(data, size))


def _torch(data: bytes) -> None:
    """Read what is told by its content to be a torch file: it holds the member that the reader begins at."""
    if data and sniff(data) == "torch":
        torch_zip.read_torch(data, "", Contents(), POLICY)


def _text(data: bytes) -> None:
    """Undo what is encoded in a text, or spelled between its letters, and read what it prints or says of a few."""
    text = data.decode("utf-8", "replace")
    cells = Cells.of("", "", pa.array(text.splitlines(), pa.string()), in_table=False)
    encodings.decode(cells, 1_000_000)
    list(hiding.find_messages(text))
    list(sentences.find_in_text("", text, POLICY, "acro"))


def _ciphers(data: bytes) -> None:
    """Undo what a text may be enciphered with by hand, and work out its numbers."""
    text = data.decode("utf-8", "replace")
    cells = Cells.of("", "", pa.array(text.splitlines(), pa.string()), in_table=False)
    list(deciphered.deciphered(cells, load_pack().names))
    list(reckoned.reckoned(text))
    list(word_addresses.find_word_addresses(cells, load_pack()))
    list(digests.find_lines_of_digests("", text, POLICY.shape))


def _numbers(data: bytes) -> None:
    """Read the text that numbers of any width spell, whichever bytes they are of."""
    for kind in ("u1", "i2", "f4", "f8"):
        list(packed.texts_in(np.frombuffer(data[: len(data) // 8 * 8], kind)))


# The kind of file that a parser starts from, and the parser.
PARSERS: tuple[tuple[str, Parser], ...] = (
    ("png", _reader(images.read_png)),
    ("jpeg", _reader(images.read_jpeg)),
    ("gif", _reader(gif.read_gif)),
    ("tiff", _reader(tiff.read_tiff)),
    ("zip", _reader(archives.read_zip)),
    ("gzip", _reader(compressed.read_compressed)),
    ("tar", _reader(tar.read_tar)),
    ("npy", _reader(numpy_arrays.read_npy)),
    ("pickle", _reader(pickles.read_pickle)),
    ("joblib", _reader(pickles.read_pickle)),
    ("xgboost ubjson", lambda data: ubjson.decode_ubjson(data, 10_000)),
    ("safetensors", _reader(columnar.read_safetensors)),
    ("torch", _torch),
    ("lightgbm", _reader(boosted.read_lightgbm)),
    ("rds", _reader(rdata.read_rdata)),
    ("sqlite", _pages),
    ("xls", compound.check_sectors),
    ("zip", lambda data: list(polyglot.find_polyglot(data, "text", ""))),
    ("csv", lambda data: sniff(data) if data else None),
    ("log", _text),
    ("log", _ciphers),
    ("npy", _numbers),
)


def one_input(data: bytes) -> None:
    """Give one input to the parser that its first byte chooses."""
    if not data:
        return
    _, parse = PARSERS[data[0] % len(PARSERS)]
    try:
        parse(data[1:])
    except Unreadable:
        return


def seeds(folder: Path) -> None:
    """Write one whole file for each parser to start from."""
    from tests.planted import MAKERS

    for number, (kind, _) in enumerate(PARSERS):
        (folder / f"{number:02d}").write_bytes(bytes([number]) + MAKERS[kind]({}))


def main() -> None:
    """Fuzz for as long as libFuzzer's own arguments say."""
    ocr.tesseract = lambda: None  # a program of its own, fuzzed by its makers
    with tempfile.TemporaryDirectory() as folder:
        seeds(Path(folder))
        atheris.Setup([*sys.argv, "-max_len=20000", "-timeout=20", "-rss_limit_mb=4096", folder], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
