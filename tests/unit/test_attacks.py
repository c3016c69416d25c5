"""The parts of attacks: rates, guesses, what is known, the policy, and the job."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from ml import attack as job
from ml import package
from ml.attacks import rules as policy
from ml.attacks.attributes import attack as guess_fields
from ml.attacks.auditing import doubt, least_epsilon
from ml.attacks.known import known
from ml.attacks.membership import Shadows, lira, rmia
from ml.attacks.outcome import Clock, OutOfTime, judged
from ml.attacks.rates import area, rate_at, share
from ml.attacks.report import SCHEMA
from ml.attacks.rules import rules
from ml.attacks.subjects import Subject
from ml.dp import train
from ml.errors import LearningRefused
from tests.attacked import SPEC, people
from tests.same_noise import draw_as_in_every_run


def test_an_exact_interval_is_that_of_the_tables():
    """Clopper and Pearson: 0 of 10 up to 30.85 %, 5 of 10 from 18.71 % to 81.29 %."""
    assert share(0, 10).high == pytest.approx(0.3085, abs=1e-4)
    assert (share(5, 10).low, share(5, 10).high) == pytest.approx((0.1871, 0.8129), abs=1e-4)
    assert share(10, 10).high == 1
    for wrong in ((1, 0), (3, 2)):
        with pytest.raises(ValueError, match="no share"):
            share(*wrong)


def test_rates_at_few_false_alarms():
    others, members = np.arange(1000.0), np.arange(1000.0) + 100
    told = rate_at(members, others, 0.001)
    assert told.wrong.value == 0.001
    assert told.right.value == 0.101
    assert told.above_chance(3)
    assert not rate_at(others, others, 0.01).above_chance(1)
    few = rate_at(members[:50], others[:50], 0.001)  # of fifty, none may be named wrongly
    assert few.wrong.value == 0
    assert few.wrong.high > 0.05


def test_the_area_counts_ties_as_half():
    assert area(np.array([1.0, 2.0]), np.array([1.0, 0.0])).value == 0.875
    assert area(np.ones(5), np.ones(9)).value == 0.5


def test_guesses_show_what_the_paper_s_program_shows():
    """Without delta it is the binomial tail: of 100 right of 100, that of a coin with p = 0.05 ** 0.01."""
    share_right = 0.05**0.01
    assert least_epsilon(1000, 100, 100, 0.0, 0.95) == pytest.approx(np.log(share_right / (1 - share_right)), abs=1e-3)
    assert least_epsilon(1000, 100, 50, 0.0, 0.95) == 0
    assert least_epsilon(1000, 100, 100, 1e-5, 0.95) < least_epsilon(1000, 100, 100, 0.0, 0.95)
    assert doubt(1000, 100, 0, 1.0, 1e-5) == 1
    with pytest.raises(ValueError, match="no guesses"):
        least_epsilon(10, 11, 5, 0.0, 0.95)


def test_shadows_tell_members_from_others():
    random = np.random.default_rng(0)
    inside = random.random((20, 400)) < 0.5
    hard = random.normal(size=400)  # some people are hard for every model
    told = 1 / (1 + np.exp(-(hard + 2 * inside + random.normal(0, 0.3, inside.shape))))
    member = random.random(400) < 0.5
    mine = 1 / (1 + np.exp(-(hard + 2 * member + random.normal(0, 0.3, 400))))
    for way in (lira, rmia):
        scores = way(mine, Shadows(inside, told))
        assert area(scores[member], scores[~member]).value > 0.99
    assert area(mine[member], mine[~member]).value < 0.95


def test_a_field_that_a_model_knows_of_its_members_alone_is_guessed():
    of = known(SPEC, people(1200))
    held = {tuple(row): label for row, label in zip(of.features[of.member], of.wanted[of.member], strict=True)}

    def likelihood(features, wanted):
        return np.array([0.99 if held.get(tuple(row)) == label else 0.5
                         for row, label in zip(features, wanted, strict=True)])  # fmt: skip

    subject = Subject(likelihood, lambda *_: likelihood, {}, 0, private=False)
    told = guess_fields(subject, of, np.random.default_rng(0), Clock(60))
    assert [each.level for each in told] == ["leaks", "leaks"]
    assert told[0].figures["of_members"] == 1
    assert [each.level for each in guess_fields(subject, of, np.random.default_rng(0), Clock(0))] == ["not run"] * 2


def test_what_is_known_is_by_person_and_not_of_a_handful():
    of = known(SPEC, people(1000))
    assert of.member.sum() + (~of.member).sum() == 1000
    with pytest.raises(LearningRefused, match="100 persons trained on and 100 held back"):
        known(SPEC, people(300))


def test_an_outcome_is_as_grave_as_the_gravest_rule_it_broke():
    assert judged("a", "", "", {}, {"membership_area": True, "promise": True}).level == "leaks"
    told = judged("a", "", "It got so much.", {}, {"membership_area": True, "promise": False})
    assert told.level == "look"
    assert rules()["membership_area"].fix in told.words
    assert judged("a", "", "", {}, {"promise": False}).level == "nothing"


def test_every_rule_says_what_it_means_and_where_it_is_from():
    for rule in rules().of.values():
        assert all((rule.means, rule.source, rule.fix))


def test_a_policy_that_is_not_whole_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for text in ("rules: {}", "rules: {a: {level: other, bound: 1, means: m, source: s, fix: f}}\nsmall: 10", "[]"):
        (tmp_path / "attacks.yaml").write_text(text)
        monkeypatch.setattr(policy, "_FILE", tmp_path / "attacks.yaml")
        with pytest.raises(LearningRefused, match="policy of attacks is not whole"):
            policy.rules.__wrapped__()


@pytest.fixture(autouse=True)
def _the_noise_of_every_run(monkeypatch: pytest.MonkeyPatch) -> None:
    draw_as_in_every_run(monkeypatch)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("attack")
    frame = people(1200)
    with pytest.MonkeyPatch.context() as patched:
        draw_as_in_every_run(patched)
        model = train(SPEC, frame)
    package.save(
        model,
        folder / "m",
        purpose="Falls",
        data_version="falls, extract 1",
        code_hash="c" * 64,
        figures={"auroc": 0.6},
    )
    for name, table in (("wards", frame[["ward"]]), ("people", frame)):
        (folder / name).mkdir()
        table.to_parquet(folder / name / "part-0.parquet")
    tables = {name: str(folder / name) for name in ("wards", "people")}
    return {"folder": str(folder / "m"), "extracts": {"falls, extract 1": tables}, "seconds": 20, "seed": 3}


def run(asked: dict[str, object], **changes: object) -> dict:
    told = {name: value for name, value in {**asked, **changes}.items() if value is not None}
    return job.run(told, {}, lambda text: None)


def test_the_job_reports_in_its_schema_without_a_person_s_value(asked):
    told = run(asked)
    jsonschema.validate(told, SCHEMA)
    assert told["members"] + told["others"] == pytest.approx(1200, abs=10)
    assert told["data_version"] == "falls, extract 1"
    assert told["level"] in ("nothing", "look")
    text = json.dumps(told)
    assert not [name for name in people(1200)["pseudonym"] if f'"{name}"' in text]


def test_the_job_says_why_a_model_cannot_be_attacked(asked):
    tables = asked["extracts"]["falls, extract 1"]
    other = run(asked, extracts={"falls, extract 2": tables})
    assert (other["level"], other["data_version"]) == ("not run", "")
    assert "no extract that the project has" in other["attacks"][0]["words"]
    made = run(asked, extracts={"falls, extract 1": {"wards": tables["wards"]}})
    assert "made in a notebook" in made["attacks"][0]["words"]
    jsonschema.validate(made, SCHEMA)


@pytest.mark.parametrize(
    "changes", [{"folder": None}, {"seconds": "long"}, {"seconds": 0}, {"seed": -1}, {"extracts": 3}]
)
def test_a_job_that_is_not_whole_is_refused(asked, changes):
    with pytest.raises(LearningRefused):
        run(asked, **changes)


def test_a_training_that_would_take_for_ever_is_cut_off(asked, monkeypatch):
    def endless(*_: object, **__: object) -> None:
        while True:
            pass

    monkeypatch.setattr("ml.dp.Descent.run", endless)
    told = run(asked, seconds=0.5)
    assert {each["attack"]: each["level"] for each in told["attacks"]}["lira"] == "not run"
    with pytest.raises(OutOfTime):
        job._stop()
