"""Whatever a release holds, its crate keeps the profile, parses to what was told, and holds no text of a review."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from tests.crates import at, release
from tre.airlock.crate import broken, to_bytes, to_json
from tre.airlock.crate.model import Agent, Project, ReleasedFile, Review
from tre.airlock.crate.reading import Graph, references
from tre.airlock.naming import check_names
from tre.errors import Refused

PARTS = some.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,20}", fullmatch=True).filter(lambda part: ".." not in part)
NAMES = some.lists(some.lists(PARTS, min_size=1, max_size=4).map("/".join), min_size=1, max_size=8, unique_by=str.lower)
FINDINGS = some.lists(
    some.tuples(some.sampled_from(["small-count", "name", "dominance"]), some.integers(1, 10**9)), max_size=3
)
TITLES = some.text(min_size=1, max_size=60)


@settings(deadline=None)
@given(NAMES, FINDINGS, TITLES, some.integers(2, 3))
def test_every_release_keeps_the_profile(names, findings, title, reviews):
    files = tuple(ReleasedFile(name, f"{n:064x}", n, "text/csv", tuple(findings)) for n, name in enumerate(names))
    say = tuple(Review(Agent(f"checker-{n}", f"Output checker {n}"), "approve", at(4)) for n in range(reviews))
    project = Project("frailty", title, "Keele University", approved=at(1))
    made = to_json(release(files=files, reviews=say, project=project))
    assert broken(made, "SHOULD") == ()
    graph = Graph(json.loads(to_bytes(made)))
    told = {(each["name"], each["sha256"], each["contentSize"]) for each in graph.of_type("File")}
    assert told == {(each.name, each.sha256, str(each.size)) for each in files}
    assert len(references(graph.of_type("CreateAction")[0], "result")) == len(files)


@example(["ro-crate-metadata.json"])
@example(["RO-Crate-metadata.json/x"])
@given(NAMES)
def test_no_name_that_may_be_submitted_takes_the_place_of_the_crates_own(names):
    own = set(Graph(to_json(release(files=()))).by_id)
    taken = own & {quote(name) for name in names}
    if taken:
        with pytest.raises(Refused):
            check_names(names)
