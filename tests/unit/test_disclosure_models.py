"""Models that keep people: in tensors, in numbers that are text, in leaves, in rows they were trained on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from tests.disclosing import WHO, judged, kinds, rules
from tre.disclosure.detectors import models

RANDOM = np.random.default_rng(3)
SAID = (WHO + ". ").encode()
WEIGHTS = RANDOM.normal(size=(64, 20)).astype("f4")


def numbers(many: int) -> list[str]:
    """Return NHS numbers: nine digits at random and their check digit."""
    found = []
    while len(found) < many:
        digits = RANDOM.integers(1, 10, 9)
        check = -sum(int(each) * weight for each, weight in zip(digits, range(10, 1, -1), strict=True)) % 11
        if check < 10:
            found.append("".join(map(str, digits)) + str(check))
    return found


PEOPLE = numbers(40)
DAYS = RANDOM.integers(1930, 2010, 500) * 10000 + RANDOM.integers(1, 13, 500) * 100 + RANDOM.integers(1, 29, 500)
STORED: dict[str, tuple[dict[str, np.ndarray], str]] = {
    "bytes of text as floats": ({"x": np.frombuffer((SAID * 4)[:168], "<f4")}, "hidden-message"),
    "bytes of text as doubles": ({"x": np.frombuffer((SAID * 4)[:168], "<f8")}, "hidden-message"),
    "bytes of text, turned": ({"x": np.frombuffer((SAID * 4)[:168], ">f4").astype("<f4")}, "hidden-message"),
    "codes": ({"x": np.frombuffer(SAID, np.uint8).astype("f4")}, "hidden-message"),
    "codes over 255": ({"x": np.frombuffer(SAID, np.uint8).astype("f4") / 255}, "hidden-message"),
    "six characters in one": (
        {"x": np.array([int.from_bytes(SAID[n : n + 6], "big") for n in range(0, 42, 6)], dtype="f8")},
        "hidden-message",
    ),
    "NHS numbers": ({"x": np.array(PEOPLE, dtype="f8")}, "identifier"),
    "support vectors": ({"svm.support_vectors_": RANDOM.normal(size=(100, 5)).astype("f4")}, "training-rows"),
    "neighbours": ({"knn._fit_X": RANDOM.normal(size=(100, 5)).astype("f4")}, "training-rows"),
    "training data": ({"train_data": RANDOM.normal(size=(100, 5)).astype("f4")}, "training-rows"),
    "dates": ({"d": DAYS.astype("f8")}, "tensor-rows"),
    "a row for each of many": ({"e": RANDOM.normal(size=(20_000, 8)).astype("f4")}, "outsized-model"),
}


@pytest.mark.parametrize("name", STORED)
def test_a_tensor_that_holds_people_is_found(tmp_path: Path, name: str) -> None:
    tensors, rule = STORED[name]
    found = judged(tmp_path, save({"a.weight": WEIGHTS, **tensors}))
    assert rule in rules(found)
    if rule == "hidden-message":
        assert {"name", "nhs_number"} <= kinds(found)
    assert not any(number in json.dumps(found.to_json()) for number in PEOPLE)


@pytest.mark.parametrize("kind", ["f2", "f4", "f8", "i4", "u1"])
def test_learned_weights_hold_nobody(tmp_path: Path, kind: str) -> None:
    tensors = {
        "embedding": RANDOM.normal(size=(300, 16)).astype("f4"),
        "bias": np.zeros(128, "f4"),
        "scale": RANDOM.normal(1, 0.1, 64).astype("f4"),
        "quantised": RANDOM.normal(0, 40, size=(64, 20)).astype(kind)
        if kind.startswith("f")
        else np.arange(30, dtype=kind),
    }
    assert rules(judged(tmp_path, save(tensors))) == {"model-weights"}


def test_identifiers_in_decimals_and_over_columns_are_found(tmp_path: Path) -> None:
    tables = {
        "decimals": "x,n\n" + "\n".join(f"0.{each},{n + 20}" for n, each in enumerate(PEOPLE)),
        "thirds": "a,b,c,n\n"
        + "\n".join(f"{each[:3]},{each[3:6]},{each[6:]},{n + 20}" for n, each in enumerate(PEOPLE)),
        "digits": ",".join("abcdefghij")
        + ",n\n"
        + "\n".join(f"{','.join(each)},{n + 20}" for n, each in enumerate(PEOPLE)),
        "codes": "code,n\n" + "\n".join(f"{code},{n + 20}" for n, code in enumerate(SAID)),
    }
    for name, table in tables.items():
        assert "nhs_number" in kinds(judged(tmp_path, table + "\n")), name
    assert "nhs_number" in kinds(judged(tmp_path, json.dumps({"w": list(SAID)})))
    chance = "x,n\n" + "\n".join(f"0.{RANDOM.integers(10**9, 10**10)},{n + 20}" for n in range(200))
    assert "nhs_number" not in kinds(judged(tmp_path, chance))


def booster(*covers: float) -> str:
    return json.dumps([{"nodeid": n, "leaf": 0.1, "cover": cover} for n, cover in enumerate(covers)])


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Tree=0\nleaf_value=0.1 0.2 0.3\nleaf_count=500 1 300\ninternal_count=801 501\n", "small-leaf"),
        ("Tree=0\nleaf_value=0.1 0.2 0.3\nleaf_count=500 100 300\ninternal_count=900 501\n", ""),
        (booster(100.5, 0.9, 99.6), "possible-small-leaf"),
        (booster(100.5, 20.9, 79.6), ""),
        ('{"sum_hessian": [1.5E2, 3.0E-1, 1.4E2]}', "possible-small-leaf"),
        ('<PMML><Node recordCount="40"/><Node recordCount="37"/><Node recordCount="3"/></PMML>', "small-leaf"),
        (
            "1) root 200 80 no\n  2) age< 40 120 10 no *\n  3) age>=40 80 9 yes *\n  6) sbp< 120 4 1 no *\n",
            "small-leaf",
        ),
    ],
)
def test_leaves_of_few_people_are_found(tmp_path: Path, text: str, rule: str) -> None:
    told = {each for each in rules(judged(tmp_path, text)) if "leaf" in each}
    assert told == ({rule} if rule else set())


@pytest.mark.parametrize("least", [1, 20])
def test_scikit_learns_own_words_for_a_tree_are_understood(tmp_path: Path, least: int) -> None:
    from sklearn.tree import DecisionTreeClassifier, export_graphviz, export_text

    x = RANDOM.normal(size=(200, 4))
    tree = DecisionTreeClassifier(min_samples_leaf=least, random_state=1).fit(x, x[:, 0] + RANDOM.normal(size=200) > 0)
    for text in (export_text(tree, show_weights=True), export_graphviz(tree)):
        assert ("small-leaf" in rules(judged(tmp_path, text))) is (least < 10)


def test_models_that_keep_their_rows_are_known_by_their_kind(tmp_path: Path) -> None:
    for text in (
        '{"__class__": "KNeighborsClassifier", "__module__": "sklearn.neighbors._classification"}',
        "<PMML><NearestNeighborModel/></PMML>", "svm_type c_svc\nkernel_type rbf\nSV\n",
    ):  # fmt: skip
        assert "training-rows" in rules(judged(tmp_path, text)), text
    assert "training-rows" not in rules(judged(tmp_path, '{"__class__": "LogisticRegression"}'))
    assert list(models.find_kinds("", ["sklearn.linear_model._logistic.LogisticRegression"], ["SVC"])) == []
    (hit,) = models.find_kinds("", ["pandas.core.frame.DataFrame", "builtins.list"], ["DataFrame"])
    assert (hit.rule, hit.place) == ("training-rows", "DataFrame")


def test_a_pickle_of_a_model_or_a_frame_that_keeps_rows_says_so(tmp_path: Path) -> None:
    import pickle

    import pandas as pd
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier

    kept = {True: (KNeighborsClassifier(), pd.DataFrame({"a": [1, 2]})), False: (LogisticRegression(),)}
    for keeps, objects in kept.items():
        for each in objects:
            assert ("training-rows" in rules(judged(tmp_path, pickle.dumps(each)))) is keeps
