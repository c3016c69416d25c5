"""A private search: the number of trials keeps its law, the price is never too low, and nothing else is told of it."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import dp_accounting
import numpy as np
import pytest
from dp_accounting.rdp import RdpAccountant
from scipy import stats

from ml import accounting, dp, evaluate, package, price, train, trials
from ml.checkpoint import Checkpoint
from ml.errors import LearningRefused
from ml.estimator import PrivateEstimator
from ml.noise import KEY_BYTES, Noise
from ml.preparing import planned
from ml.quote import quote
from ml.search import LAWS, Search
from ml.spec import TrainingSpec
from tests.same_noise import draw_as_in_every_run
from tests.unit.test_ml_models import SPEC, people

SEARCH = Search(rate=(0.01, 2.0), clip=(0.5, 1.0), trials=3.0)
SEARCHING = replace(SPEC, search=SEARCH)
ORDERS = [1 + each / 10 for each in range(1, 100)] + list(range(11, 64)) + [128, 256, 512, 1024]


def noise(seed: int) -> Noise:
    return Noise.under(seed.to_bytes(KEY_BYTES, "big"))


# What a search may be


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "2 to 64 settings"),
        ({"rate": (0.1,)}, "2 to 64 settings"),
        ({"rate": tuple(range(1, 10)), "clip": tuple(range(1, 10))}, "2 to 64 settings"),
        ({"rate": (0.1, 0.1)}, "must differ"),
        ({"rate": (0.1, 1.0), "trials": 1.0}, "trials must lie"),
        ({"rate": (0.1, 1.0), "trials": math.inf}, "trials must lie"),
        ({"rate": (0.1, 1.0), "trials": math.nan}, "trials must lie"),
        ({"rate": (0.1, 1.0), "law": "fixed"}, "law of a search"),
    ],
)
def test_a_search_that_cannot_be_meant_is_refused(changes, told):
    with pytest.raises(LearningRefused, match=told):
        Search(**changes)


@pytest.mark.parametrize("wrong", [{"rate": (0.1, 0.0)}, {"clip": (-1.0, 1.0)}, {"momentum": (0.5, 1.0)}])
def test_every_setting_must_be_one_that_a_training_may_have(wrong):
    with pytest.raises(LearningRefused, match="specification is wrong"):
        replace(SPEC, search=Search(**wrong))


def test_a_specification_keeps_its_search_and_one_without_is_written_as_ever():
    assert TrainingSpec.from_json(json.loads(json.dumps(SEARCHING.to_json()))) == SEARCHING
    assert "search" not in SPEC.to_json()
    with pytest.raises(LearningRefused, match="not whole"):
        TrainingSpec.from_json({**SPEC.to_json(), "search": {"width": [1, 2]}})


# How many trials there are


def keeps_its_law(search: Search, numbers: list[int]) -> bool:
    """Return whether numbers of trials may well be of a search's law, by Pearson's test."""
    poisson = search.law == "poisson"
    law = stats.poisson(search.trials) if poisson else stats.logser(1 - trials.stopping(search.trials))
    most = int(law.ppf(0.99))
    expected = np.array([*law.pmf(range(most)), law.sf(most - 1)]) * len(numbers)
    found = np.bincount(np.minimum(numbers, most), minlength=most + 1)
    kept = expected > 0
    return not found[~kept].any() and float(stats.chisquare(found[kept], expected[kept]).pvalue) > 1e-4


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("mean", [1.5, 5.0, 20.0])
def test_the_number_of_trials_has_its_law_and_its_mean(law, mean):
    search = replace(SEARCH, trials=mean, law=law)
    numbers = [trials.drawn(search, noise(seed)) for seed in range(5000)]
    assert keeps_its_law(search, numbers)
    assert math.isclose(sum(number * part for number, part in first(search, 5000)), mean, rel_tol=1e-6)


def first(search: Search, many: int) -> list[tuple[int, float]]:
    found = trials.probabilities(search)
    return [next(found) for _ in range(many)] if search.law == "logarithmic" else [next(found) for _ in range(100)]


def test_a_number_of_trials_that_is_fixed_does_not_pass_for_the_law():
    """The test of the test: the broken search that everybody writes first."""
    assert not keeps_its_law(SEARCH, [3] * 5000)
    assert not keeps_its_law(SEARCH, [1 + trials.drawn(SEARCH, noise(seed)) for seed in range(5000)])


def test_the_best_is_kept_each_trial_has_its_own_chance_and_settings_are_drawn_alike():
    tried: list[tuple[float, dict[str, float]]] = []

    def attempt(trial: int, setting: dict[str, float], fresh: Noise) -> tuple[float, float]:
        figure = float(fresh.gaussian(0, 1)[0])
        tried.append((figure, setting))
        return figure, figure

    for seed in range(400):
        before = len(tried)
        found = trials.best(SEARCH, noise(seed), attempt)
        assert found == max((figure for figure, _ in tried[before:]), default=None)
    assert len({figure for figure, _ in tried}) == len(tried)
    counts = [sum(setting == each for _, setting in tried) for each in SEARCH.settings()]
    assert stats.chisquare(counts).pvalue > 1e-4


# What it costs


def by_hand(once: np.ndarray, search: Search) -> np.ndarray:
    """Return the divergences of a search by those of one trial, as Papernot and Steinke (2022) have it."""
    orders = np.array(ORDERS)
    if search.law == "logarithmic":  # theorem 2, with eta = 0, at the best second order
        second = np.min((1 - 1 / orders) * once + math.log(1 / trials.stopping(search.trials)) / orders)
        found = once + second + math.log(search.trials) / (orders - 1)
        return np.minimum.accumulate(found[::-1])[::-1]  # a divergence never falls as its order grows
    least = [
        dp_accounting.rdp.rdp_privacy_accountant.compute_delta(orders, once, math.log1p(1 / (order - 1)))[0]
        for order in ORDERS
    ]  # theorem 6
    return once + search.trials * np.array(least) + math.log(search.trials) / (orders - 1)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize(("rate", "steps"), [(1.0, 60), (0.1, 60)])
def test_a_price_is_never_below_what_the_theorems_come_to(law, rate, steps):
    search = replace(SEARCH, law=law)
    one = dp_accounting.GaussianDpEvent(6.0)
    sampled = one if rate == 1 else dp_accounting.PoissonSampledDpEvent(rate, one)
    once = RdpAccountant(ORDERS).compose(dp_accounting.SelfComposedDpEvent(sampled, steps)).rdp
    before = RdpAccountant(ORDERS).compose(dp_accounting.GaussianDpEvent(20.0)).rdp
    whole, _ = dp_accounting.rdp.rdp_privacy_accountant.compute_epsilon(ORDERS, by_hand(once, search) + before, 1e-6)
    told = accounting.epsilon(6.0, rate, steps, 1e-6, (20.0,), search=search)
    assert told >= whole * (1 - 1e-9)
    assert told > accounting.epsilon(6.0, rate, steps, 1e-6, (20.0,))


def test_more_trials_cost_more():
    told = [accounting.epsilon(6.0, 1.0, 60, 1e-6, search=replace(SEARCH, trials=mean)) for mean in (2.0, 5.0, 20.0)]
    assert told == sorted(told)


@pytest.mark.parametrize("changes", [{}, {"batch": 10**6}, {"scaled": True}, {"search": None}])
def test_a_price_is_told_beforehand_and_is_what_is_spent(changes, monkeypatch):
    draw_as_in_every_run(monkeypatch)
    spec = replace(SEARCHING, **changes)
    told = quote(spec, 1500)
    assert told.epsilon == spec.epsilon
    assert (told.noise > told.without_search) == (spec.search is not None)
    assert (told.one_trial < 0.8 * spec.epsilon) == (spec.search is not None)
    model = PrivateEstimator(spec).fit(people(1500), held_back=people(300, 1)).model_
    assert math.isclose(model.noise, told.noise, rel_tol=0.02)  # the number of persons is noisy
    assert len(planned(spec)) == len(model.prepared)
    with pytest.raises(LearningRefused, match="needs persons"):
        quote(spec, 0)


def test_who_chooses_and_who_is_told_of_at_the_end_spend_no_more_than_the_epsilon(monkeypatch):
    used: list[float] = []
    real = evaluate.noisy

    def seen(total: np.ndarray, sensitivity: float, multiplier: float, fresh: Noise, nth: int) -> np.ndarray:
        used.append(multiplier)
        return real(total, sensitivity, multiplier, fresh, nth)

    monkeypatch.setattr(evaluate, "noisy", seen)
    frame, back = people(1500), people(400, seed=1)
    plain = dp.train(SPEC, frame)
    model = replace(plain, spec=SEARCHING)
    score = evaluate.chooser(SEARCHING, back)
    assert score(model, noise(1)) != score(model, noise(2))  # a figure without noise is always the same
    evaluate.evaluate(model, back, noise(3))
    evaluate.membership_advantage(model, frame, back, noise(4))
    choosing, told = used[0], [used[2], used[4]]
    event = dp_accounting.dp_event.RepeatAndSelectDpEvent(
        dp_accounting.GaussianDpEvent(choosing), SEARCH.trials, math.inf
    )
    accountant = RdpAccountant().compose(event)
    for each in told:
        accountant.compose(dp_accounting.GaussianDpEvent(each))
    assert 0.9 * SEARCHING.epsilon < accountant.get_epsilon(SEARCHING.delta) <= SEARCHING.epsilon


# What an attacker sees of it


def shown(law: Search, chosen: bool, runs: int = 1500, fixed: int = 0) -> float:
    """Return what a threshold shows of epsilon at least, of a search over a noisy number with and without one person.

    Broken, the number of trials is fixed and they are chosen between by what is true, not by a private figure.
    """
    ends = {}
    for person in (0, 1):
        found = []
        for seed in range(runs):

            def attempt(trial: int, setting: dict[str, float], fresh: Noise) -> tuple[float, float]:
                told = person + 2.0 * float(fresh.gaussian(0, 1)[0])  # noqa: B023  # it is called within this turn
                return (told if chosen else told * (1 if person else -1)), told  # noqa: B023

            chance = noise(seed * 2 + person)
            if fixed:
                made = [attempt(trial, {}, chance.of_trial(trial)) for trial in range(1, fixed + 1)]
                found.append(max(made)[1])
            else:
                made_best = trials.best(law, chance, attempt)
                found.append(0.0 if made_best is None else made_best)
        ends[person] = np.array(found)
    least = 0.0
    for threshold in (0.0, 1.0, 2.0, 4.0, 6.0):
        right, wrong = (int((ends[person] > threshold).sum()) for person in (1, 0))
        low = stats.beta.ppf(1e-4, right, runs - right + 1) if right else 0.0
        high = stats.beta.ppf(1 - 1e-4, wrong + 1, runs - wrong) if wrong < runs else 1.0
        if low > 1e-6:
            least = max(least, math.log((low - 1e-6) / high))
    return least


@pytest.mark.parametrize("law", LAWS)
def test_what_a_search_shows_stays_below_its_price_and_a_broken_one_is_caught(law):
    search = replace(SEARCH, law=law)
    stated = accounting.epsilon(2.0, 1.0, 1, 1e-6, search=search)
    assert shown(search, chosen=True) < stated
    assert shown(search, chosen=False, fixed=40) > stated


# A training that searches


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> train.Kept:
    place = tmp_path_factory.mktemp("searched")
    told = {"purpose": "Risk", "data_version": "extract 1", "spend": "one"}
    return train.train_and_keep(SEARCHING, people(1500), place / "model", checkpoint=place / "kept", **told)


def test_a_search_spends_no_more_than_its_epsilon_and_its_price_is_recomputed(kept):
    assert 0.9 * SEARCHING.epsilon < kept.model.epsilon <= SEARCHING.epsilon
    told = price.run({"folder": str(kept.folder)}, {}, lambda text: None)
    assert math.isclose(told["epsilon"], kept.model.epsilon)
    alone = accounting.epsilon(kept.model.noise, kept.model.rate, SPEC.steps, SPEC.delta, kept.model.prepared)
    assert alone < 0.8 * kept.model.epsilon  # one training with this noise would have cost less


def test_a_model_has_one_of_the_settings_and_keeps_its_search(kept):
    made = package.load(kept.folder)
    assert made.spec.search == SEARCH
    setting = {name: getattr(made.spec, name) for name in ("rate", "clip")}
    assert setting in SEARCH.settings()


def test_a_card_tells_how_large_a_search_was_and_nothing_tells_how_many_trials_there_were(kept):
    told = json.loads((kept.folder / "card.json").read_text())
    assert told["search"] == {"settings": 4, "trials": 3.0, "law": "poisson"}
    assert "3 trials on average" in (kept.folder / "card.md").read_text()
    assert set(json.loads((kept.folder / "model.json").read_text())) == {
        "spec", "epsilon", "delta", "noise_multiplier", "sampling_rate", "steps", "prepared", "rows", "data_version",
        "code_hash",
    }  # fmt: skip


def test_a_search_needs_persons_to_choose_by():
    with pytest.raises(LearningRefused, match="persons to choose by"):
        PrivateEstimator(SEARCHING).fit(people(300))


def test_where_no_trial_is_drawn_the_model_tells_of_nobody(monkeypatch):
    monkeypatch.setattr(trials, "drawn", lambda search, fresh: 0)
    first, second = (
        PrivateEstimator(SEARCHING).fit(people(300, seed), held_back=people(100, 9)).model_ for seed in (1, 2)
    )
    assert all((first.weights[name] == second.weights[name]).all() for name in first.weights)
    assert first.spec == SEARCHING


def test_a_search_that_was_cut_off_ends_where_it_would_have(tmp_path, monkeypatch):
    frame, back = people(600), people(200, seed=1)
    monkeypatch.setattr(trials, "drawn", lambda search, fresh: 3)
    score = evaluate.chooser(SEARCHING, back)
    turns: list[int] = []

    def cut(model: dp.TrainedModel, fresh: Noise) -> float:
        turns.append(1)
        if len(turns) == 2:
            raise KeyboardInterrupt
        return score(model, fresh)

    with pytest.raises(KeyboardInterrupt):
        dp.train(SEARCHING, frame, folder=tmp_path, spend="one", score=cut)
    key = (tmp_path / "noise.key").read_bytes()
    resumed = dp.train(SEARCHING, frame, folder=tmp_path, spend="one", score=score)
    whole = tmp_path / "whole"
    whole.mkdir()
    (whole / "noise.key").write_bytes(key)
    expected = dp.train(SEARCHING, frame, folder=whole, spend="one", score=score)
    assert resumed.spec == expected.spec
    assert all((resumed.weights[name] == expected.weights[name]).all() for name in expected.weights)
    Checkpoint(tmp_path, "one").end()
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]
