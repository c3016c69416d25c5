"""The check of the README and the documents is itself checked: what is not there is told."""

from __future__ import annotations

import pytest

from tests import readme
from tre.workspace import client

RUNBOOKS = readme.REPOSITORY / "docs" / "runbooks"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("`make study PEOPLE=500` and `tre audit verify`, `tre inspect FILE...`, [here](README.md)", 0),
        ("`make coffee`", 1),
        ("`tre audit forge`", 1),
        ("`tre fly`", 1),
        ("```\ntre audit prove NUMBER --out FILE  # of one entry\nmake up\n```", 0),
        ("```\ntre audit forge\nmake coffee\n```", 2),
        ("1. Type\n\n   ```\n   TRE_PEOPLE=200 make coffee\n   ```", 1),
        ("[a page](docs/none.md)", 1),
        ("![a picture](docs/none.png)", 1),
        (
            "# How it ends\n\n[below](#how-it-ends), [there](README.md#how-it-ends), [elsewhere](https://example.org/#a)",
            0,
        ),
        ("[below](#how-it-ends) and [there](README.md#how-it-ends)", 2),
        ("| `nothing/` | a folder |", 1),
        # all verbs but one are left out, and one there is not
        ("`import tre` gives the few verbs there are: `tables`, `exfiltrate`.", len(client.__all__)),
    ],
)
def test_what_is_not_there_is_told(tmp_path, text, told):
    page = tmp_path / "README.md"
    page.write_text(text)
    assert len(list(readme.untrue(page))) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Open `/airlock/` or `/projects/CODE/privacy/`, **Hand in your\nreview**; `/project/data` is none.", 0),
        ("Press **Let everything out**.", 1),
        ("Open `/nowhere/`.", 1),
        ("Set `TRE_PORTAL_URL` and, to verify a model, `TRE_MODEL_PUBLIC_KEY`.", 0),
        ("Set `TRE_PORTAL_COLOUR`.", 1),
        ("`tre.submit([FILE])`, then `tre.exfiltrate()`", 1),
    ],
)
@pytest.mark.parametrize("folder", readme.MANUALS)
def test_what_a_manual_calls_by_a_wrong_name_is_told(tmp_path, folder, text, told):
    page = tmp_path / "docs" / folder / "one.md"
    page.parent.mkdir(parents=True)
    page.write_text(text)
    assert len(list(readme.untrue(page))) == told


def test_every_manual_is_looked_at():
    looked_at = {page.parent.name for page in readme.pages()}
    assert looked_at >= set(readme.MANUALS)


@pytest.mark.parametrize("name", sorted(path.name for path in RUNBOOKS.glob("*.md") if path.name != "README.md"))
def test_a_runbook_says_how_it_begins_and_ends_and_is_listed(name):
    text = (RUNBOOKS / name).read_text()
    assert "## Signs\n" in text
    assert "## It is over when\n" in text
    assert f"]({name})" in (RUNBOOKS / "README.md").read_text()
