"""The check of the README is itself checked: what is not there is told."""

from __future__ import annotations

import pytest

from tests import readme
from tre.workspace import client


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("`make study PEOPLE=500` and `tre audit verify`, `tre inspect FILE...`, [here](README.md)", 0),
        ("`make coffee`", 1),
        ("`tre audit forge`", 1),
        ("`tre fly`", 1),
        ("[a picture](docs/none.png)", 1),
        ("| `nothing/` | a folder |", 1),
        # all verbs but one are left out, and one there is not
        ("`import tre` gives the few verbs there are: `tables`, `exfiltrate`.", len(client.__all__)),
    ],
)
def test_what_is_not_there_is_told(tmp_path, monkeypatch, text, told):
    page = tmp_path / "README.md"
    page.write_text(text)
    assert len(list(readme.untrue(page))) == told
