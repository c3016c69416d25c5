"""What a specification of version 2 may ask for: each model learns, persons are protected, a cut training goes on."""

from __future__ import annotations

import dataclasses
import json
import stat
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone

from ml import data, dp, package, price, train
from ml.clipping import clipped_gradients
from ml.cuts import learned_cuts
from ml.descent import Mechanism, Pace, State, place, result, step
from ml.errors import LearningRefused
from ml.estimator import PrivateEstimator
from ml.evaluate import evaluate, membership_advantage
from ml.losses import losses_by_person
from ml.networks import network
from ml.noise import Noise
from ml.preparing import prepare
from ml.spec import Category, Numeric, TrainingSpec
from tests.same_noise import draw_as_in_every_run
from tests.unit.test_ml_models import people

AGE, SEX = Numeric("age", 0, 100), Category("sex", ("f", "m"))
BINNED = Numeric("age", 0, 100, cuts=(20, 40, 60, 80))
BINNED_TWICE = Numeric("score", -1, 1, cuts=(0,))
FIRST = {  # a specification as version 1 wrote it
    "unit": "pseudonym", "target": "died", "numeric": [{"name": "age", "low": 0, "high": 100}],
    "categories": [{"name": "sex", "values": ["f", "m"]}], "epsilon": 4.0, "delta": 1e-6, "hidden": [], "steps": 60,
    "batch": 128, "rate": 0.5, "clip": 1.0, "version": 1,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _the_noise_of_every_run(monkeypatch: pytest.MonkeyPatch) -> None:
    draw_as_in_every_run(monkeypatch)


def spec(**changes: object) -> TrainingSpec:
    told = {"epsilon": 8.0, "delta": 1e-6, "steps": 40, "batch": 10_000, "rate": 2.0, **changes}
    return TrainingSpec("pseudonym", told.pop("target", "died"), told.pop("numeric", (AGE,)), (SEX,), **told)


def auroc(wanted: np.ndarray, told: np.ndarray) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(wanted, told))


@pytest.mark.parametrize(
    ("hidden", "model", "names"),
    [([], "logistic", "0 bias, 0 weight"), ([3], "mlp", "0 bias, 0 weight, 2 bias, 2 weight")],
)
def test_a_specification_of_version_1_keeps_loading_and_its_network_keeps_its_names(hidden, model, names):
    told = TrainingSpec.from_json({**FIRST, "hidden": hidden})
    assert (told.model, told.version, told.rows, told.scaled) == (model, 1, 1, False)
    assert TrainingSpec.from_json(told.to_json()) == told
    assert ", ".join(sorted(network(told).state_dict())).replace(".", " ") == names


def test_a_package_of_version_1_keeps_loading_and_its_price_is_what_it_was(tmp_path):
    from safetensors.numpy import save_file

    from ml.accounting import epsilon

    spent = round(epsilon(1.4, 0.1, 60, 1e-6), 4)
    save_file({"0.weight": np.ones((1, 3), "f4"), "0.bias": np.zeros(1, "f4")}, tmp_path / "weights.safetensors")
    told = {"spec": FIRST, "epsilon": spent, "delta": 1e-6, "noise_multiplier": 1.4, "sampling_rate": 0.1, "steps": 60}
    (tmp_path / "model.json").write_text(json.dumps(told))
    (tmp_path / "card.json").write_text(json.dumps({"epsilon": spent}))
    (tmp_path / "card.md").write_text("# Model card")
    assert package.load(tmp_path).spec == TrainingSpec.from_json(FIRST)
    assert price.run({"folder": str(tmp_path)}, {}, lambda text: None)["epsilon"] == pytest.approx(spent, abs=1e-4)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"model": "forest"}, "the model must be one of"),
        ({"hidden": (4,)}, "only mlp and survival"),
        ({"model": "mlp"}, "needs hidden"),
        ({"model": "survival"}, "survival alone"),
        ({"time": "followed", "periods": (1.0,)}, "survival alone"),
        ({"model": "survival", "time": "died", "periods": (1.0,)}, "different columns"),
        ({"model": "survival", "time": "followed", "periods": (2.0, 1.0)}, "periods must rise"),
        ({"model": "survival", "time": "followed", "periods": (1.0,), "rows": 2}, "one row a person"),
        ({"model": "boosting"}, "boosting needs cuts or quantiles"),
        ({"model": "transformer", "scaled": True}, "not scaled"),
        ({"model": "linear", "bounds": (1.0, 1.0)}, "lower bound of the target"),
        ({"rows": 0}, "rows must"),
        ({"optimiser": "sign"}, "sgd or adam"),
        ({"momentum": 1.0}, "momentum"),
        ({"averaged": 1.5}, "averaged"),
        ({"weights": (1.0, 0.0)}, "class weights"),
    ],
)  # fmt: skip
def test_a_specification_that_cannot_be_meant_is_refused(changes, told):
    with pytest.raises(LearningRefused, match=told):
        spec(**changes)


def test_cuts_that_do_not_rise_are_refused():
    with pytest.raises(LearningRefused, match="must rise"):
        Numeric("age", 0, 100, cuts=(40, 40))


def test_bins_and_codes_are_of_public_cuts_and_values():
    frame = pd.DataFrame({"age": [-5, 20, 59.9, np.nan, 500], "sex": ["m", "f", "x", None, "f"]})
    wanted = spec(numeric=(BINNED,))
    assert data.tokens(frame, wanted).tolist() == [[0, 2], [1, 1], [2, 0], [2, 0], [4, 1]]
    assert data.inputs(frame, wanted).argmax(1).tolist() == [0, 1, 2, 2, 4]
    assert data.inputs(frame, wanted)[:, 5:].tolist() == [[0, 1], [1, 0], [0, 0], [0, 0], [1, 0]]


def test_a_person_is_at_risk_until_their_time_ends():
    frame = pd.DataFrame({"died": [1, 1, 0, 0, 1], "followed": [0.5, 1.0, 1.5, 9.0, 9.0]})
    wanted = spec(model="survival", time="followed", periods=(1.0, 2.0, 3.0))
    n = data.NOT_AT_RISK
    assert data.targets(frame, wanted).tolist() == [[1, n, n], [0, 1, n], [0, n, n], [0, 0, 0], [0, 0, 0]]
    with pytest.raises(LearningRefused, match="The time must be"):
        data.targets(frame.assign(followed=-1), wanted)


def test_a_linear_target_is_cut_to_its_public_bounds():
    wanted = spec(model="linear", target="score", numeric=(AGE,), bounds=(0.0, 10.0))
    assert data.targets(pd.DataFrame({"score": [-4, 0, 5, 99]}), wanted).tolist() == [-1, -1, 0, 1]
    with pytest.raises(LearningRefused, match="must be a number"):
        data.targets(pd.DataFrame({"score": [np.nan]}), wanted)


def test_of_a_person_so_many_rows_count_as_the_specification_says():
    frame = pd.DataFrame({"pseudonym": list("abacab")})
    assert data.by_person(frame, spec(rows=2)).tolist() == [[0, 2], [1, 5], [3, -1]]
    assert data.by_person(frame, spec(rows=9)).tolist() == [[0, 2, 4], [1, 5, -1], [3, -1, -1]]
    with pytest.raises(LearningRefused, match="more than one row"):
        data.by_person(frame, spec())


@pytest.mark.parametrize(
    "changes",
    [
        {"scaled": True, "numeric": (BINNED,), "momentum": 0.9, "falling": True, "averaged": 0.3},
        {"model": "mlp", "hidden": (8,)},
        {"model": "boosting", "numeric": (BINNED,), "rate": 0.3},
        {"scaled": True, "numeric": (Numeric("age", -100, 400, quantiles=5),), "momentum": 0.9},
        {"model": "transformer", "optimiser": "adam", "momentum": 0.9, "rate": 0.01},
        {"rows": 3},
        {"weights": (1.0, 5.0)},
    ],
)
def test_each_classifier_learns_within_its_promise_and_its_package_answers_alike(changes, tmp_path):
    wanted = spec(**changes)
    model = dp.train(wanted, people(2000))
    assert 0 < model.epsilon <= wanted.epsilon
    fresh = people(800, seed=1)
    assert auroc(fresh["died"], model.predict(fresh)) > 0.75
    told = {"purpose": "Risk", "data_version": "extract 1", "code_hash": "c" * 64, "figures": {}}
    folder = package.save(model, tmp_path / "m", **told)
    assert (package.load(folder).weights.keys()) == model.weights.keys()
    assert price.run({"folder": str(folder)}, {}, lambda text: None)["epsilon"] == pytest.approx(
        model.epsilon, abs=1e-6
    )


def test_a_number_is_learned_within_its_bounds():
    frame = people(2000).assign(cost=lambda held: held["age"] * 3 + 50)
    model = dp.train(spec(model="linear", target="cost", bounds=(0.0, 400.0), rate=0.5, steps=60), frame)
    told = model.predict(frame)
    assert np.corrcoef(told, frame["cost"])[0, 1] > 0.95
    figures = evaluate(model, frame)
    assert figures["r2"] > 0.8
    assert figures["mean_error"] < 0.1
    assert told.min() >= 0
    assert told.max() <= 400


def test_who_is_at_more_risk_is_told_by_discrete_hazards():
    frame = people(2000)
    time = np.random.default_rng(3).exponential(100 / (1 + frame["age"]))
    frame = frame.assign(died=(time < 3).astype(int), followed=np.minimum(time, 3))
    model = dp.train(spec(model="survival", time="followed", periods=(1.0, 2.0, 3.0), clip=2.0), frame)
    told = model.predict(frame)
    assert ((told > 0) & (told < 1)).all()
    assert auroc(frame["died"], told) > 0.7
    assert evaluate(model, frame)["auroc"] > 0.7
    assert abs(membership_advantage(model, frame[:1000], frame[1000:]) - 0.5) < 0.1


def test_weights_of_the_classes_move_the_answers_and_not_the_promise():
    frame = people(2000)
    even, uneven = (dp.train(spec(weights=each), frame) for each in ((1.0, 1.0), (1.0, 6.0)))
    assert uneven.predict(frame).mean() > even.predict(frame).mean() + 0.1
    assert uneven.noise == even.noise


def seen(rows_of_others: int, rows_of_one: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a table with and without a person who has many rows, all of them far from what is told of others."""
    others = people(rows_of_others).assign(died=0)
    one = people(rows_of_one, seed=5).assign(pseudonym="the one", died=1, age=100)
    return pd.concat([others, one], ignore_index=True), others


def summed(wanted: TrainingSpec, frame: pd.DataFrame) -> torch.Tensor:
    """Return the clipped sum of everybody's gradients, before any noise."""
    model = network(wanted)
    rows = data.by_person(frame, wanted)
    tensors = [torch.from_numpy(each) for each in (data.inputs(frame, wanted), data.targets(frame, wanted), rows)]
    losses = losses_by_person(wanted, model, *tensors)
    clipped_gradients(model, lambda: losses(torch.arange(len(rows))), wanted.clip)
    return torch.cat([each.grad.reshape(-1) for each in model.parameters()])


def test_what_is_protected_is_a_whole_person_with_all_their_rows():
    whole, without = seen(50, 40)
    persons = spec(rows=100, clip=0.1)
    assert (summed(persons, whole) - summed(persons, without)).norm() <= persons.clip * (1 + 2**-10)
    # The same rows, each taken for a person of its own, move the sum by forty bounds: rows would be no protection.
    each = whole.assign(pseudonym=[f"row {at}" for at in range(len(whole))])
    assert (summed(persons, each) - summed(persons, without)).norm() > 30 * persons.clip


def test_a_sampling_rate_hangs_on_a_noisy_number_of_persons_that_is_paid_for():
    frame = people(1000)
    wanted = spec(batch=100, epsilon=1.0)
    rows, features = data.by_person(frame, wanted), data.inputs(frame, wanted)
    told = [prepare(wanted, features, rows, Noise.under(key.to_bytes(32, "big"))) for key in range(4)]
    assert len({each.persons for each in told}) > 1
    assert all(abs(each.persons - 1000) < 300 for each in told)
    assert {len(each.noises) for each in told} == {2}


def test_scales_come_of_noisy_counts_and_make_rare_inputs_count():
    frame = people(4000).assign(sex=["f"] * 3900 + ["m"] * 100)
    wanted = spec(scaled=True, epsilon=20.0)
    rows, features = data.by_person(frame, wanted), data.inputs(frame, wanted)
    told, other = (prepare(wanted, features, rows, Noise.under(bytes([key]) * 32)) for key in (1, 2))
    assert told.factors[2] > 3 * told.factors[1]
    assert (told.factors != other.factors).any()
    assert len(told.noises) == 3


class Cut(Exception):
    """Stands for whatever ends a training in the middle."""


def test_a_training_that_was_cut_goes_on_with_its_very_noise_and_ends_where_it_would_have(tmp_path):
    wanted, frame = spec(steps=120, batch=200, momentum=0.5, averaged=0.8), people(400)
    key = bytes(range(32))
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "noise.key").write_bytes(key)
    seen_at = []

    def cut(at: int, weights: dp.Weights) -> bool:
        seen_at.append(at)
        if at == 100 and seen_at.count(100) == 1:
            raise Cut
        return False

    whole = dp.train(wanted, frame, folder=tmp_path / "whole", spend="one")
    with pytest.raises(Cut):
        dp.train(wanted, frame, folder=tmp_path / "cut", spend="one", watch=cut)
    for changed in ({"spend": "two"}, {"frame": people(400, seed=1)}, {"spec": dataclasses.replace(wanted, rate=1.0)}):
        with pytest.raises(LearningRefused, match="of another training"):
            dp.train(changed.get("spec", wanted), changed.get("frame", frame), folder=tmp_path / "cut",
                     spend=changed.get("spend", "one"))  # fmt: skip
    again = dp.train(wanted, frame, folder=tmp_path / "cut", spend="one", watch=cut)
    assert seen_at == [50, 100, 120]  # it went on after the hundredth step, not from the first
    assert all((again.weights[name] == whole.weights[name]).all() for name in whole.weights)
    assert again.epsilon == whole.epsilon


def test_the_key_of_the_noise_is_for_its_owner_alone_and_a_damaged_state_is_refused(tmp_path):
    wanted, frame = spec(steps=60), people(300)

    def cut(at: int, weights: dp.Weights) -> bool:
        raise Cut

    with pytest.raises(Cut):
        dp.train(wanted, frame, folder=tmp_path, spend="one", watch=cut)
    assert stat.S_IMODE((tmp_path / "noise.key").stat().st_mode) == 0o600
    for name in ("state.safetensors", "training.hmac"):
        assert (tmp_path / "noise.key").read_bytes() not in (tmp_path / name).read_bytes()
    (tmp_path / "state.safetensors").write_bytes(b"half a file")
    with pytest.raises(LearningRefused, match="damaged"):
        dp.train(wanted, frame, folder=tmp_path, spend="one")


def test_stopping_early_is_charged_for_every_step(tmp_path):
    wanted, frame = spec(steps=200), people(300)
    watched = []

    def stop(at: int, weights: dp.Weights) -> bool:
        watched.append(at)
        return at == 100

    assert dp.train(wanted, frame, watch=stop).epsilon > 0.9 * wanted.epsilon
    assert watched == [50, 100]


def test_an_empty_batch_is_a_step_with_its_noise():
    wanted = spec()
    model = network(wanted)
    state = State.of(model)
    place(model, state.weights)

    def never(drawn: torch.Tensor) -> torch.Tensor:
        pytest.fail("somebody was drawn")

    mechanism = Mechanism(noise=2.0, rate=1e-9, steps=10, clip=0.5, divisor=10)
    for _ in range(3):
        step(model, state, never, 5, mechanism, Pace(1.0, averaged=0.8), Noise.under(bytes(32)))
    assert state.step == 3
    assert (state.weights != 0).all()
    assert (result(state, Pace(1.0, averaged=0.8)) == state.mean).all()


def test_an_estimator_is_fitted_once_and_answers_as_its_model(tmp_path):
    frame = people(600)
    made = PrivateEstimator(spec())
    assert made.get_params() == {"spec": spec(), "folder": None, "spend": ""}
    for asked in (made.predict, made.predict_proba):
        with pytest.raises(LearningRefused, match="Nothing was fitted"):
            asked(frame)
    made.fit(frame.drop(columns="died"), frame["died"])
    told = made.predict_proba(frame)
    assert (told[:, 1] == made.model_.predict(frame)).all()
    assert told.sum(axis=1) == pytest.approx(1)
    assert (made.predict(frame) == (told[:, 1] >= 0.5)).all()
    with pytest.raises(LearningRefused, match="fitted already"):
        made.fit(frame)
    assert not hasattr(clone(made), "model_")


def test_an_estimator_of_a_number_tells_no_probability():
    frame = people(600)
    made = PrivateEstimator(spec(model="linear", target="score", numeric=(AGE,))).fit(frame)
    assert (made.predict(frame) == made.model_.predict(frame)).all()
    with pytest.raises(LearningRefused, match="no probability"):
        made.predict_proba(frame)


def job(folder: Path, **changes: object) -> dict:
    people(600).to_parquet(folder / "people.parquet")
    told = {
        "training": spec(dataset="falls, extract 3").to_json(), "table": str(folder / "people.parquet"),
        "folder": str(folder / "model"), "checkpoint": str(folder / "kept"), "purpose": "Risk of death",
        "data_version": "falls, extract 3", "spend": "one", **changes,
    }  # fmt: skip
    return train.run({name: value for name, value in told.items() if value is not None}, {}, lambda text: None)


def test_a_job_trains_what_a_specification_says_and_keeps_it_for_the_airlock(tmp_path):
    told = job(tmp_path)
    held = package.load(tmp_path / "model")
    assert held.training["epsilon"] == pytest.approx(told["epsilon"], abs=1e-4)
    assert held.card["figures"] == told["figures"]
    assert held.training["data_version"] == "falls, extract 3"
    assert held.training["code_hash"] == train.code_hash()
    assert list((tmp_path / "kept").iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"spend": None}, "lacks a part"),
        ({"table": "/nowhere.parquet"}, "lacks a part"),
        ({"training": {}}, "not whole"),
        ({"data_version": "falls, extract 4"}, "meant for the data falls, extract 3"),
    ],
)
def test_a_job_that_is_not_whole_is_refused(tmp_path, changes, told):
    with pytest.raises(LearningRefused, match=told):
        job(tmp_path, **changes)
    assert not (tmp_path / "model").exists()


def test_persons_are_held_out_whole():
    frame = pd.concat([people(300), people(300, seed=1)], ignore_index=True)
    back = train.held_out(spec(rows=2), frame)
    assert 60 < back.sum() < 180
    assert not set(frame[back]["pseudonym"]) & set(frame[~back]["pseudonym"])


def test_cuts_that_are_learned_are_noisy_quantiles_and_stand_in_the_specification():
    frame = people(4000)
    wanted = spec(numeric=(Numeric("age", -100, 400, quantiles=4), BINNED_TWICE))
    told, noises = learned_cuts(wanted, frame, Noise.under(bytes(32)))
    assert told.numeric[0].cuts == pytest.approx((25, 50, 75), abs=6)
    assert told.numeric[1] == BINNED_TWICE
    assert TrainingSpec.from_json(told.to_json()) == told
    assert len(noises) == 1
    blurred = dataclasses.replace(wanted, epsilon=0.01)
    several = {learned_cuts(blurred, frame, Noise.under(bytes([key]) * 32))[0].numeric[0].cuts for key in range(4)}
    assert len(several) > 1
    assert learned_cuts(told, frame, Noise.under(bytes(32))) == (told, noises)
    assert learned_cuts(spec(), frame, Noise.under(bytes(32))) == (spec(), ())


@pytest.mark.parametrize("quantiles", [-1, 1, 65])
def test_as_many_quantiles_as_nobody_means_are_refused(quantiles):
    with pytest.raises(LearningRefused, match="2 to 64 quantiles"):
        Numeric("age", 0, 1, quantiles=quantiles)


def test_a_key_is_never_used_on_other_data_whatever_the_model(tmp_path):
    """Twice the same noise on two tables would be told by subtracting what came of them."""
    wanted, frame = spec(model="boosting", numeric=(BINNED,), steps=10), people(300)
    first = dp.train(wanted, frame, folder=tmp_path, spend="one")
    assert (
        dp.train(wanted, frame, folder=tmp_path, spend="one").weights["0.weight"] == first.weights["0.weight"]
    ).all()
    with pytest.raises(LearningRefused, match="of another training"):
        dp.train(wanted, frame[1:], folder=tmp_path, spend="one")
