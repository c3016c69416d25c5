"""Whatever happens to a valid submission on its way, it lands as the same rows or is refused with one sentence."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as some

from spark_jobs.errors import JobRefused
from spark_jobs.landing import plain
from tests.landing import held, landed, outbox, sent
from tests.unit.test_landing_forms import packed, text

SEEN: Counter[str] = Counter()
WHOLE = {"csv": text().encode(), "parquet": packed()}


@some.composite
def mutations(draw: some.DrawFn, content: bytes) -> bytes:
    """Return the file with bytes changed, cut off, taken out, doubled or put in."""
    at = draw(some.integers(0, len(content)))
    to = draw(some.integers(at, min(len(content), at + 40)))
    put = draw(some.one_of(some.just(content[at:to]), some.just(b""), some.binary(max_size=8)))
    how = draw(some.sampled_from(["replace", "cut", "insert"]))
    return {
        "replace": content[:at] + put + content[to:],
        "cut": content[:at],
        "insert": content[:at] + put + content[at:],
    }[how]


def outcome(content: bytes, form: str, claimed: bytes, rows: int = 2) -> list[dict] | str:
    """Land a file under the manifest of another, and return its rows or the sentence."""
    with tempfile.TemporaryDirectory() as name:
        folder, landing = Path(name, "ons-1"), Path(name, "landing")
        file = sent(folder, "deaths.dat", "deaths", claimed, rows, format=form)
        (folder / "deaths.dat").write_bytes(content)
        try:
            return held(landing, landed(outbox(folder, file), landing))
        except JobRefused as refused:
            assert not [path for path in landing.rglob("*") if path.is_file()]
            return refused.sentence()


@settings(max_examples=60, deadline=None)
@given(some.data(), some.sampled_from(["csv", "parquet"]))
def test_bytes_that_change_on_the_way_are_never_taken(data, form):
    changed = data.draw(mutations(WHOLE[form]))
    told = outcome(changed, form, WHOLE[form])
    SEEN["same" if changed == WHOLE[form] else "other"] += 1
    if changed == WHOLE[form]:
        assert isinstance(told, list)
    else:
        assert isinstance(told, str)
        assert told.count("\n") == 0


@settings(max_examples=150, deadline=None)
@given(some.data(), some.sampled_from(["csv", "parquet"]))
def test_what_a_provider_sends_broken_and_vouches_for_lands_as_rows_or_is_refused(data, form):
    changed = data.draw(mutations(WHOLE[form]))
    told = outcome(changed, form, changed)
    if isinstance(told, str):
        SEEN["refused"] += 1
        assert told.count("\n") == 0
        assert "deaths.dat" in told or "manifest.json" in told
    else:
        SEEN["landed"] += 1
        assert len(told) == 2


# Cells that two readers of CSV may well take differently, beside plain ones.
ODD = ["", "Ann", '"Ann"', '"A, n"', '"A ""n"""', '"', '""', '"A\nn"', 'A"n', '"A"n', "\r", "\ufeff", "\u00e9"]
CELLS = some.one_of(some.sampled_from(ODD), some.text(some.sampled_from('a\u00e9",\r\n\0 '), max_size=5))
ENDS = some.sampled_from(["\n", "\r\n", ""])


@settings(max_examples=300, deadline=None)
@given(
    some.lists(some.tuples(ENDS, some.lists(CELLS, min_size=2, max_size=2)), max_size=8),
    some.sampled_from(["", "\ufeff"]),
    some.integers(192, 640),
)
def test_what_arrow_reads_of_a_file_is_what_the_strict_reader_reads_of_it(rows, mark, piece):
    lines = text().splitlines(keepends=True)
    written = [",".join([f"M{place}", "D1", "", *cells, *[""] * 6]) + end for place, (end, cells) in enumerate(rows)]
    content = (mark + lines[0] + "".join([*written, *lines[1:]])).encode()
    found = []
    for blocks in (plain.blocks, lambda *told: iter(())):
        with patch.object(plain, "PIECE", piece), patch.object(plain, "blocks", blocks):
            found.append(outcome(content, "csv", content, rows=len(rows) + 2))
    assert found[0] == found[1]
    SEEN["read alike" if isinstance(found[0], list) else "refused alike"] += 1


def test_both_outcomes_came_up():
    assert SEEN["read alike"] > 20
    assert SEEN["refused alike"] > 20
    assert SEEN["other"] > 10
    assert SEEN["refused"] > 10
    assert SEEN["landed"] > 3
