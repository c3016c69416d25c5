"""Files of statistical packages: R (RDS), Stata, SAS transport and SPSS."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random

import pandas as pd
import pyreadstat
import rdata

from tests.corpus.hosts import counts
from tests.corpus.model import Carrier, TableCarrier


def _written(suffix: str, write: Callable[[str], object]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"t.{suffix}"
        write(str(path))
        return path.read_bytes()


def _named(frame: pd.DataFrame, length: int) -> pd.DataFrame:
    """Return a frame with names that these packages take: letters first, digits and underscores, cut."""
    names: list[str] = []
    for place, column in enumerate(frame.columns):
        name = re.sub(r"\W", "_", str(column))[:length] or "v"
        name = name if name[0].isalpha() else f"v{name}"[:length]
        names.append(name if name.lower() not in {each.lower() for each in names} else f"v{place}")
    return frame.set_axis(names, axis=1)


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose columns every package can hold: whole numbers of 32 bits, the larger ones as doubles."""
    frame = frame.infer_objects()
    large = [name for name in frame.select_dtypes("integer") if frame[name].abs().max() >= 2**31]
    return frame.astype(dict.fromkeys(large, "float64"))


def stata(frame: pd.DataFrame, **options: object) -> bytes:
    """Return a frame as a Stata file."""
    return _written("dta", lambda path: pyreadstat.write_dta(_named(_plain(frame), 32), path, **options))


def spss(frame: pd.DataFrame, **options: object) -> bytes:
    """Return a frame as an SPSS file."""
    return _written("sav", lambda path: pyreadstat.write_sav(_named(_plain(frame), 60), path, **options))


def sas(frame: pd.DataFrame, **options: object) -> bytes:
    """Return a frame as a SAS transport file of version 8."""
    return _written(
        "xpt", lambda path: pyreadstat.write_xport(_named(_plain(frame), 8), path, file_format_version=8, **options)
    )


def r_data(value: object) -> bytes:
    """Return a value as R's saveRDS() writes it."""
    return _written("rds", lambda path: rdata.write_rds(path, value))


def _noted(text: str, random: Random) -> pd.DataFrame:
    frame = counts(random)
    return frame.assign(note=["-", text, *["-"] * (len(frame) - 2)])


def _r_list(text: str, random: Random) -> bytes:
    return r_data({"coefficients": [0.12, 0.31, -0.2], "call": text, "n": random.randrange(4_000, 9_000)})


CARRIERS = (
    Carrier("rds", "a cell", lambda text, random: r_data(_noted(text, random)), open=True),
    Carrier("rds", "an element of a list", _r_list),
    Carrier("dta", "a cell", lambda text, random: stata(_noted(text, random)), open=True, limit=1900),
    Carrier(
        "dta",
        "the file's label",
        lambda text, random: stata(counts(random), file_label=text[:80]),
        limit=80,
        ascii=True,
    ),
    Carrier(
        "dta",
        "a variable's label",
        lambda text, random: stata(counts(random), column_labels={"events": text}),
        limit=80,
        ascii=True,
    ),
    Carrier("sav", "a cell", lambda text, random: spss(_noted(text, random)), open=True, limit=1900),
    Carrier("sav", "a note", lambda text, random: spss(counts(random), note=text), limit=80, ascii=True),
    Carrier(
        "sav",
        "a variable's label",
        lambda text, random: spss(counts(random), column_labels={"events": text}),
        limit=200,
    ),
    Carrier(
        "sav",
        "a value's label",
        lambda text, random: spss(counts(random), variable_value_labels={"events": {1.0: text}}),
        limit=100,
        ascii=True,
    ),
    Carrier("xpt", "a cell", lambda text, random: sas(_noted(text, random)), open=True, limit=190, ascii=True),
    Carrier(
        "xpt",
        "a variable's label",
        lambda text, random: sas(counts(random), column_labels={"events": text}),
        limit=40,
        ascii=True,
    ),
)
TABLES = (
    TableCarrier("rds", "a data frame", lambda frame, random: r_data(_plain(frame))),
    TableCarrier("dta", "a table", lambda frame, random: stata(frame)),
    TableCarrier("sav", "a table", lambda frame, random: spss(frame)),
    TableCarrier("xpt", "a table", lambda frame, random: sas(frame)),
)
