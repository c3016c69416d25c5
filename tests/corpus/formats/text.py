"""Plain text and what is written by hand in it: notes, logs, source code, queries, Markdown."""

from __future__ import annotations

from random import Random

import pandas as pd

from tests.corpus.hosts import counts, paragraph
from tests.corpus.model import Carrier, TableCarrier


def _note(text: str, random: Random) -> bytes:
    return f"{paragraph(random)}\n\n{text}\n\n{paragraph(random)}\n".encode()


def _wide_note(text: str, random: Random) -> bytes:
    return f"{paragraph(random)}\r\n{text}\r\n".encode("utf-16")


def _log(text: str, random: Random) -> bytes:
    stamps = [
        f"2026-05-{random.randrange(1, 29):02d} 09:{minute:02d}:17,{random.randrange(1000):03d}" for minute in range(9)
    ]
    said = [
        "Started",
        "Read 41233 rows",
        "Joined",
        "Fitted model in 3.2 s",
        text,
        "Wrote table1.csv",
        "Wrote figure2.png",
    ]
    return "".join(f"{stamp} INFO analysis.run: {line}\n" for stamp, line in zip(stamps, said, strict=False)).encode()


def _markdown(text: str, random: Random) -> bytes:
    table = counts(random).to_markdown(index=False)
    return f"# Results\n\n{paragraph(random)}\n\n{table}\n\n{text}\n\n- {paragraph(random)}\n".encode()


def _markdown_comment(text: str, random: Random) -> bytes:
    return (
        f"# Results\n\n{paragraph(random)}\n\n<!-- {text} -->\n\n{counts(random).to_markdown(index=False)}\n".encode()
    )


def _markdown_link(text: str, random: Random) -> bytes:
    return f'# Results\n\n{paragraph(random)} See [the method](https://example.org/method "{text}").\n'.encode()


_PYTHON = '''"""Fits the model of table 2."""

import pandas as pd

MINIMUM = 10


def rates(frame: pd.DataFrame) -> pd.DataFrame:
    """Return rates per 1,000 by group."""
    grouped = frame.groupby(["age_band", "sex"], as_index=False).agg(people=("person", "nunique"), events=("n", "sum"))
    return grouped[grouped["people"] >= MINIMUM]
'''


def _python_comment(text: str, random: Random) -> bytes:
    lines = "\n".join(f"    # {line}" for line in text.split("\n"))
    return _PYTHON.replace("    grouped =", f"{lines}\n    grouped =").encode()


def _python_string(text: str, random: Random) -> bytes:
    return f"{_PYTHON}\n\nEXAMPLE = {text!r}\n".encode()


def _python_docstring(text: str, random: Random) -> bytes:
    return _PYTHON.replace("by group.", f"by group.\n\n    Checked by hand on: {text}\n    ").encode()


def _r_comment(text: str, random: Random) -> bytes:
    lines = "\n".join(f"# {line}" for line in text.split("\n"))
    code = (
        "library(dplyr)\nrates <- cohort |>\n  group_by(age_band, sex) |>\n  summarise(people = n_distinct(person))\n"
    )
    model = "model <- glm(events ~ age_band + offset(log(people)), family = poisson, data = rates)\n"
    return f"{code}{lines}\n{model}".encode()


def _sql_comment(text: str, random: Random) -> bytes:
    return f"-- {text}\nSELECT age_band, sex, COUNT(DISTINCT person) AS people\nFROM cohort\nGROUP BY 1, 2;\n".encode()


def _sql_where(text: str, random: Random) -> bytes:
    quoted = text.replace("'", "''")
    condition = f"note = '{quoted}'\n  AND begins >= DATE '2024-04-01'"
    return f"SELECT COUNT(*) AS events\nFROM admissions\nWHERE {condition};\n".encode()


def _yaml(text: str, random: Random) -> bytes:
    folded = text.replace("\n", "\n    ")
    return f"title: Emergency admissions\nyears: [2023, 2024]\nnotes: |\n    {folded}\nthreshold: 10\n".encode()


def _yaml_comment(text: str, random: Random) -> bytes:
    return f"title: Emergency admissions\nthreshold: 10  # {text}\nyears: [2023, 2024]\n".encode()


def _tex(text: str, random: Random) -> bytes:
    return f"\\section{{Results}}\n{paragraph(random)}\n\n{text}\n".replace("%", "\\%").encode()


CARRIERS = (
    Carrier("txt", "a line", _note, open=True, lines=True),
    Carrier("txt", "a line in UTF-16", _wide_note, open=True, lines=True),
    Carrier("log", "a message", _log, open=True, lines=True),
    Carrier("md", "a paragraph", _markdown, open=True, lines=True),
    Carrier("md", "a comment", _markdown_comment, lines=True),
    Carrier("md", "a link's title", _markdown_link, limit=400),
    Carrier("py", "a comment", _python_comment, open=True, lines=True),
    Carrier("py", "a string", _python_string, open=True),
    Carrier("py", "a docstring", _python_docstring, open=True),
    Carrier("R", "a comment", _r_comment, open=True, lines=True),
    Carrier("sql", "a comment", _sql_comment, open=True),
    Carrier("sql", "a condition", _sql_where, open=True),
    Carrier("yaml", "a text", _yaml, open=True, lines=True),
    Carrier("yaml", "a comment", _yaml_comment),
    Carrier("tex", "a paragraph", _tex, open=True, lines=True),
)


def _markdown_table(table: pd.DataFrame, random: Random) -> bytes:
    return f"# Results\n\n{paragraph(random)}\n\n{table.to_markdown(index=False)}\n".encode()


def _printed(table: pd.DataFrame, random: Random) -> bytes:
    return f"{paragraph(random)}\n\n{table.to_string(index=False)}\n".encode()


def _inserts(table: pd.DataFrame, random: Random) -> bytes:
    columns = ", ".join(f'"{name}"' for name in table.columns)
    rows = (", ".join("'" + str(value).replace("'", "''") + "'" for value in row) for row in table.to_numpy().tolist())
    return "".join(f"INSERT INTO results ({columns}) VALUES ({row});\n" for row in rows).encode()


TABLES = (
    TableCarrier("md", "a table", _markdown_table, limit=30),
    TableCarrier("txt", "a printed table", _printed, limit=12),
    TableCarrier("sql", "INSERT statements", _inserts, limit=40),
)
