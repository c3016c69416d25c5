"""Any proof of any log verifies, and any change of a byte, an index, a size or a length is refused."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tre.audit.checking import ProofWrong, check_consistency, check_inclusion
from tre.audit.domain import leaf_hash, root_of
from tre.audit.proving import consistency_path, inclusion_path

SIZES = st.integers(1, 300)
LEAVES = [leaf_hash(number.to_bytes(2)) for number in range(300)]


def node(level: int, index: int) -> bytes:
    return root_of(LEAVES[index << level : (index + 1) << level])


@st.composite
def inclusion(draw):
    size = draw(SIZES)
    leaf = draw(st.integers(0, size - 1))
    return leaf, size, inclusion_path(leaf, size, node), root_of(LEAVES[:size])


@st.composite
def consistency(draw):
    second = draw(SIZES)
    first = draw(st.integers(1, second))
    path = consistency_path(first, second, node)
    return first, root_of(LEAVES[:first]), second, root_of(LEAVES[:second]), path


def flipped(told: bytes, bit: int) -> bytes:
    changed = bytearray(told)
    changed[bit // 8 % len(told)] ^= 1 << bit % 8
    return bytes(changed)


def one_changed(path: list[bytes], draw) -> list[bytes]:
    """Return another path: a bit turned, one hash more or fewer, or two in the other's place."""
    how = draw(st.sampled_from(["bit", "more", "fewer", "swapped"]))
    where = draw(st.integers(0, max(len(path) - 1, 0)))
    if how == "more" or not path:
        return [*path[:where], LEAVES[draw(st.integers(0, 299))], *path[where:]]
    if how == "bit":
        return [*path[:where], flipped(path[where], draw(st.integers(0, 255))), *path[where + 1 :]]
    if how == "fewer":
        return path[:where] + path[where + 1 :]
    other = draw(st.integers(0, len(path) - 1))
    changed = list(path)
    changed[where], changed[other] = changed[other], changed[where]
    return changed


@given(inclusion(), st.data())
def test_inclusion(proof, data):
    leaf, size, path, root = proof
    check_inclusion(LEAVES[leaf], leaf, size, path, root)
    changed = one_changed(path, data.draw)
    assume(changed != path)
    bit = data.draw(st.integers(0, 255))
    for wrong in (
        (LEAVES[leaf], leaf, size, changed, root),
        (flipped(LEAVES[leaf], bit), leaf, size, path, root),
        (LEAVES[leaf], leaf, size, path, flipped(root, bit)),
    ):
        with pytest.raises(ProofWrong):
            check_inclusion(*wrong)


@given(inclusion(), st.integers(0, 300))
def test_an_entry_is_proved_at_no_other_place(proof, other):
    leaf, size, path, root = proof
    assume(other != leaf)
    with pytest.raises(ProofWrong):
        check_inclusion(LEAVES[leaf], other, size, path, root)


@given(consistency(), st.data())
def test_consistency(proof, data):
    first, first_root, second, second_root, path = proof
    check_consistency(*proof)
    changed = one_changed(path, data.draw)
    assume(changed != path)
    bit = data.draw(st.integers(0, 255))
    for wrong in (
        (first, first_root, second, second_root, changed),
        (first, flipped(first_root, bit), second, second_root, path),
        (first, first_root, second, flipped(second_root, bit), path),
    ):
        with pytest.raises(ProofWrong):
            check_consistency(*wrong)


@given(consistency(), st.integers(1, 300), st.booleans())
def test_a_root_is_proved_of_its_own_size_alone(proof, other, earlier):
    """The earlier size: what the later one is beyond that, the signature over size and root together holds."""
    first, first_root, second, second_root, path = proof
    size = other if earlier else first
    assume(size != first)
    with pytest.raises(ProofWrong):
        check_consistency(size, first_root, second, second_root, path)
