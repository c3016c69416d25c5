"""Proofs of the log's mathematics: the published ones, and every one of every small tree."""

from __future__ import annotations

import ast

import pytest

from tests.unit.test_audit_domain import INPUTS
from tre.audit import checking, proving
from tre.audit.checking import ProofWrong, check_consistency, check_inclusion
from tre.audit.domain import leaf_hash, node_hash, root_of
from tre.audit.proving import consistency_path, inclusion_path

LEAVES = [leaf_hash(each) for each in INPUTS]
# Of transparency-dev/merkle, testonly/reference_test.go, over the same inputs.
H = {
    "2b": "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "1": "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "12": "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "34": "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "5": "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "56": "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "78": "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "1234": "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "5678": "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
}
INCLUSION = [
    (0, 1, ""), (0, 2, "2b"), (1, 2, "1"), (2, 3, "12"), (1, 5, "1 34 5"), (0, 8, "2b 34 5678"), (5, 8, "5 78 1234"),
]  # fmt: skip
CONSISTENCY = [(1, 1, ""), (1, 8, "2b 34 5678"), (2, 5, "34 5"), (6, 8, "56 78 1234")]
MOST = 40


def node(leaves):
    def found(level: int, index: int) -> bytes:
        return root_of(leaves[index << level : (index + 1) << level])

    return found


def hashes(names: str) -> list[str]:
    return [H[name] for name in names.split()]


@pytest.mark.parametrize(("leaf", "size", "told"), INCLUSION)
def test_the_published_inclusion_proofs(leaf, size, told):
    path = inclusion_path(leaf, size, node(LEAVES[:size]))
    assert [each.hex() for each in path] == hashes(told)
    check_inclusion(LEAVES[leaf], leaf, size, path, root_of(LEAVES[:size]))


@pytest.mark.parametrize(("first", "second", "told"), CONSISTENCY)
def test_the_published_consistency_proofs(first, second, told):
    path = consistency_path(first, second, node(LEAVES[:second]))
    assert [each.hex() for each in path] == hashes(told)
    check_consistency(first, root_of(LEAVES[:first]), second, root_of(LEAVES[:second]), path)


def test_every_entry_of_every_small_tree_is_proved_and_at_its_own_place_alone():
    leaves = [leaf_hash(bytes([number])) for number in range(MOST)]
    for size in range(1, MOST + 1):
        root = root_of(leaves[:size])
        for leaf in range(size):
            path = inclusion_path(leaf, size, node(leaves[:size]))
            check_inclusion(leaves[leaf], leaf, size, path, root)
            for other in {leaf - 1, leaf + 1, leaf ^ 1} - {leaf}:
                with pytest.raises(ProofWrong):
                    check_inclusion(leaves[leaf], other, size, path, root)


def test_every_small_tree_is_proved_to_continue_every_smaller_one():
    leaves = [leaf_hash(bytes([number])) for number in range(MOST)]
    for second in range(1, MOST + 1):
        for first in range(1, second + 1):
            path = consistency_path(first, second, node(leaves))
            check_consistency(first, root_of(leaves[:first]), second, root_of(leaves[:second]), path)


@pytest.mark.parametrize(("leaf", "size"), [(3, 3), (-1, 3), (0, 0)])
def test_of_no_leaf_there_is_no_proof(leaf, size):
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_path(leaf, size, node(LEAVES))
    with pytest.raises(ProofWrong, match="no entry"):
        check_inclusion(LEAVES[0], leaf, size, [], LEAVES[0])


@pytest.mark.parametrize(("first", "second"), [(0, 3), (4, 3)])
def test_a_shorter_tree_continues_nothing(first, second):
    with pytest.raises(ValueError, match="does not continue"):
        consistency_path(first, second, node(LEAVES))
    with pytest.raises(ProofWrong, match="shorter than the earlier"):
        check_consistency(first, LEAVES[0], second, LEAVES[0], [])


def test_two_logs_of_one_size_are_one():
    with pytest.raises(ProofWrong, match="not the same"):
        check_consistency(3, LEAVES[0], 3, LEAVES[1], [])
    with pytest.raises(ProofWrong, match="shorter"):
        check_consistency(3, LEAVES[0], 7, LEAVES[1], [])


def test_what_is_no_hash_is_refused():
    with pytest.raises(ProofWrong, match="32 bytes"):
        check_inclusion(LEAVES[0], 0, 2, [LEAVES[1][:31]], node_hash(LEAVES[0], LEAVES[1]))


def imported(module) -> set[str]:
    with open(module.__file__) as source:
        tree = ast.parse(source.read())
    return {each.module for each in ast.walk(tree) if isinstance(each, ast.ImportFrom)} | {
        name.name for each in ast.walk(tree) if isinstance(each, ast.Import) for name in each.names
    }


def test_what_checks_shares_nothing_with_what_makes():
    ours = {name for name in imported(checking) if name.startswith("tre")}
    assert ours == {"tre.errors"}
    assert "tre.audit.checking" not in imported(proving)
