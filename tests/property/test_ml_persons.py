"""Whatever a person's rows are, they move each sum that noise is added to by no more than the noise is made for."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ml import cuts, data
from ml.clipping import clipped_gradients
from ml.losses import losses_by_person
from ml.networks import features, network
from ml.preparing import second_moments
from ml.spec import Category, Numeric, TrainingSpec

VALUES = st.one_of(st.floats(-1e6, 1e6), st.sampled_from((math.nan, math.inf, -math.inf, 0.0)))
ROW = st.tuples(st.sampled_from("abcd"), VALUES, VALUES, st.sampled_from(("f", "m", "x", None)), st.integers(0, 1))
TABLES = st.lists(ROW, min_size=1, max_size=25)
NUMERIC = (Numeric("age", 0, 100), Numeric("score", -1, 1, cuts=(-0.5, 0.0, 0.5), quantiles=4))
COMMON = {"epsilon": 1.0, "delta": 1e-6, "clip": 0.3, "seed": 3}
SPECS = {
    "logistic": {"rows": 4, "weights": (1.0, 9.0)},
    "linear": {"rows": 4, "bounds": (0.0, 1.0)},
    "mlp": {"rows": 4, "hidden": (5,)},
    "transformer": {"rows": 3},
    "survival": {"time": "followed", "periods": (1.0, 2.0, 5.0)},
}


def spec(model: str) -> TrainingSpec:
    return TrainingSpec(
        "person", "died", NUMERIC, (Category("sex", ("f", "m")),), model=model, **COMMON, **SPECS[model]
    )


def table(rows: list[tuple]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["person", "age", "score", "sex", "died"])
    return frame.assign(followed=np.arange(len(frame)) % 7)


def summed(wanted: TrainingSpec, frame: pd.DataFrame, weights: dict) -> torch.Tensor:
    model = network(wanted)
    model.load_state_dict(weights)
    if frame.empty:
        return torch.cat([torch.zeros_like(each).reshape(-1) for each in model.parameters()])
    rows = data.by_person(frame, wanted)
    tensors = [torch.from_numpy(each) for each in (features(frame, wanted), data.targets(frame, wanted), rows)]
    losses = losses_by_person(wanted, model, *tensors)
    clipped_gradients(model, lambda: losses(torch.arange(len(rows))), wanted.clip)
    return torch.cat([each.grad.reshape(-1) for each in model.parameters()])


@pytest.mark.parametrize("model", SPECS)
@settings(max_examples=15, deadline=None)
@given(rows=TABLES, seed=st.integers(0, 50))
def test_a_person_moves_a_sum_of_gradients_by_no_more_than_the_bound(model, rows, seed):
    wanted, frame = spec(model), table(rows)
    if wanted.rows == 1:
        frame = frame.drop_duplicates("person")
    torch.manual_seed(seed)
    weights = {name: torch.randn_like(values) for name, values in network(wanted).state_dict().items()}
    without = frame[frame["person"] != frame["person"].iloc[0]]
    moved = (summed(wanted, frame, weights) - summed(wanted, without, weights)).norm()
    assert moved <= wanted.clip * (1 + 2**-10)


@settings(max_examples=60, deadline=None)
@given(rows=TABLES)
def test_a_person_moves_the_shares_of_inputs_by_no_more_than_the_root_of_the_number_of_features(rows):
    wanted, frame = spec("logistic"), table(rows)
    told = second_moments(data.inputs(frame, wanted), data.by_person(frame, wanted))
    assert (np.linalg.norm(told, axis=1) <= math.sqrt(len(wanted.features())) * (1 + 1e-6)).all()


@settings(max_examples=60, deadline=None)
@given(rows=TABLES)
def test_a_person_moves_the_cells_of_a_feature_by_no_more_than_one(rows):
    wanted, frame = spec("logistic"), table(rows)
    without = frame[frame["person"] != frame["person"].iloc[0]]
    for number in NUMERIC:
        whole = cuts._cells(frame, number, wanted)
        less = cuts._cells(without, number, wanted) if len(without) else np.zeros_like(whole)
        assert np.linalg.norm(whole - less) <= 1 + 1e-9
        assert whole.sum() == pytest.approx(frame["person"].nunique())


@settings(max_examples=60, deadline=None)
@given(rows=TABLES)
def test_which_rows_of_a_person_count_is_nobody_elses_doing(rows):
    wanted, frame = spec("logistic"), table(rows)
    gone = frame["person"].iloc[0]
    without = frame[frame["person"] != gone]

    def kept(of: pd.DataFrame) -> dict[str, list[int]]:
        told = {}
        for each in data.by_person(of, wanted):
            index = list(of.index[each[each >= 0]])
            told[of["person"].loc[index[0]]] = index
        return told

    whole = kept(frame)
    assert all(len(each) == min(4, (frame["person"] == person).sum()) for person, each in whole.items())
    if len(without):
        assert kept(without) == {person: each for person, each in whole.items() if person != gone}
