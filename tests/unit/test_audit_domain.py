"""The log's mathematics, against the definition it is taken from."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tre.audit.domain import EMPTY_ROOT, MerkleTree, canonical, leaf_hash, node_hash, root_of

# Certificate Transparency's reference tests: the root over the first n of these inputs.
INPUTS = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    bytes(range(0x50, 0x58)),
    bytes(range(0x60, 0x70)),
]
ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def defined_root(leaves: list[bytes]) -> bytes:
    """The recursive definition of RFC 9162, section 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(defined_root(leaves[:split]), defined_root(leaves[split:]))


def test_the_reference_roots():
    for size, root in ROOTS.items():
        assert root_of(leaf_hash(each) for each in INPUTS[:size]).hex() == root
    assert root_of([]) == EMPTY_ROOT


ENTRY: dict[str, Any] = {
    "number": 7,
    "at": datetime(2026, 7, 1, 9, 30, 0, 5, tzinfo=UTC),
    "event": "airlock.submitted",
    "actor": "zoë",
    "subject": "request:7",
    "data": {"b": [1, 2], "a": None},
    "previous": "00ff",
}


def test_an_entry_is_hashed_as_these_very_bytes():
    """They must never change: every log that was ever written is verified by them."""
    told = (
        '{"actor":"zoë","at":"2026-07-01T09:30:00.000005+00:00","data":{"a":null,"b":[1,2]},'
        '"event":"airlock.submitted","number":7,"previous":"00ff","subject":"request:7"}'
    )
    assert canonical(**ENTRY) == told.encode()
    summer = timezone(timedelta(hours=1))
    assert canonical(**{**ENTRY, "at": ENTRY["at"].astimezone(summer)}) == canonical(**ENTRY)


_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)


@given(_TEXT, _TEXT, _TEXT, st.dictionaries(_TEXT, _JSON, max_size=4), st.integers(1), st.datetimes())
def test_an_entry_is_hashed_as_its_json_with_sorted_names(event, actor, subject, data, number, at):
    told = {"event": event, "actor": actor, "subject": subject, "data": data, "number": number, "previous": "00ff"}
    moment = at.replace(tzinfo=UTC)
    plain = {**told, "at": moment.isoformat(timespec="microseconds")}
    wanted = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert canonical(at=moment, **told) == wanted
    assert canonical(at=plain["at"], **told) == wanted


@pytest.mark.parametrize(
    ("part", "other"),
    [
        ("number", 8), ("at", datetime(2026, 7, 1, 9, 30, 0, 6, tzinfo=UTC)), ("event", "airlock.submit"),
        ("actor", "zoe"), ("subject", "request:8"), ("data", {"b": [2, 1], "a": None}), ("previous", "00fe"),
    ],
)  # fmt: skip
def test_no_part_of_an_entry_changes_unseen(part, other):
    assert canonical(**{**ENTRY, part: other}) != canonical(**ENTRY)


@given(st.lists(st.binary(max_size=8), max_size=70))
def test_growing_gives_the_defined_root_at_every_size(entries):
    tree, leaves = MerkleTree(), []
    for entry in entries:
        leaves.append(leaf_hash(entry))
        tree.append(leaves[-1])
        assert tree.root() == defined_root(leaves)
        assert tree.size == len(leaves)
        assert len(tree.subtrees) == bin(tree.size).count("1")


@given(st.lists(st.binary(max_size=4), max_size=40), st.lists(st.binary(max_size=4), max_size=40))
def test_a_kept_tree_grows_on_as_if_never_put_away(first, second):
    tree = MerkleTree()
    for entry in first:
        tree.append(leaf_hash(entry))
    tree = MerkleTree.from_text(tree.size, tree.to_text())
    for entry in second:
        tree.append(leaf_hash(entry))
    assert tree.root() == defined_root([leaf_hash(entry) for entry in first + second])
