"""A researcher's own model as skops: pipelines, forests and boosting, built only of what the policy names."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.base import BaseEstimator
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from ml import deployment, packages, server
from ml.errors import LearningRefused
from ml.own import package
from ml.own.bounded import Bounded
from ml.own.exporting import exported
from ml.own.policy import models
from ml.own.schema import OwnSchema, encoded
from tests.own_models import SCHEMA, people, pipeline
from tests.released_models import NAME, open_registry

VALUE = replace(SCHEMA, target="stay", predicts="value", bounds=(0.0, 100.0))
ASKED = people(20, seed=1)


def bounded(model: Any, schema: OwnSchema = SCHEMA) -> Bounded:
    made = Bounded(*exported(model, schema), schema)
    made.load()
    return made


CLASSIFIERS = (
    LogisticRegression(), SGDClassifier(loss="log_loss"), GaussianNB(), LinearDiscriminantAnalysis(),
    DecisionTreeClassifier(max_depth=3), RandomForestClassifier(5, n_jobs=4), ExtraTreesClassifier(5),
    GradientBoostingClassifier(n_estimators=5), make_pipeline(PCA(2), LogisticRegression()),
)  # fmt: skip


@pytest.mark.parametrize("last", CLASSIFIERS, ids=lambda each: type(each).__name__)
def test_a_pipeline_answers_in_its_process_as_in_the_notebook(last: BaseEstimator) -> None:
    fitted = pipeline(last)
    told = bounded(fitted).predict(encoded(ASKED, SCHEMA))
    assert told == pytest.approx(fitted.predict_proba(ASKED[["age", "sex"]])[:, 1], abs=1e-9)


@pytest.mark.parametrize(
    "last",
    [LinearRegression(), PoissonRegressor(), GradientBoostingRegressor(n_estimators=5), RandomForestRegressor(5)],
    ids=lambda each: type(each).__name__,
)  # fmt: skip
def test_a_model_of_values_answers_with_them(last: BaseEstimator) -> None:
    frame = people().assign(stay=lambda told: told["age"] / 3)
    fitted = pipeline(last, frame, "stay")
    told = bounded(fitted, VALUE).predict(encoded(ASKED, VALUE))
    assert told == pytest.approx(fitted.predict(ASKED[["age", "sex"]]), abs=1e-9)


def test_a_model_that_was_fitted_without_names_is_given_numbers() -> None:
    frame = people()
    fitted = LogisticRegression().fit(encoded(frame, SCHEMA), frame["died"])
    told = bounded(fitted).predict(encoded(ASKED, SCHEMA))
    assert told == pytest.approx(fitted.predict_proba(encoded(ASKED, SCHEMA))[:, 1])


def test_its_numbers_are_told_for_the_attacks_and_no_row_is_among_them() -> None:
    model = bounded(pipeline(GradientBoostingClassifier(n_estimators=2)))
    held = model.arrays()
    assert sum(each.size for each in held) > model.parameters > 10  # what was not fitted is looked at too
    assert model.parameters < 400


REFUSED: dict[str, Callable[[], Any]] = {
    "nearest neighbours": lambda: pipeline(KNeighborsClassifier()),
    "support vectors": lambda: pipeline(SVC(probability=True)),
    "a Gaussian process": lambda: pipeline(GaussianProcessClassifier(), people(60)),
    "boosting over histograms": lambda: pipeline(HistGradientBoostingClassifier(max_iter=2)),
    "a function of NumPy's": lambda: pipeline(make_pipeline(FunctionTransformer(np.abs), LogisticRegression())),
    "a regression of steps": lambda: IsotonicRegression().fit(people()["age"], people()["died"]),
    "other columns": lambda: LogisticRegression().fit(people().assign(bmi=20.0)[["age", "bmi"]], people()["died"]),
    "a regression for a probability": lambda: pipeline(LinearRegression()),
    "classes of another name": lambda: pipeline(LogisticRegression(), people().assign(died=people()["died"] + 1)),
}


@pytest.mark.parametrize("made", REFUSED.values(), ids=REFUSED.keys())
def test_what_keeps_rows_or_calls_functions_or_answers_another_question_is_refused(made: Callable[[], Any]) -> None:
    with pytest.raises(LearningRefused) as refusal:
        bounded(made())
    assert "stopped" not in refusal.value.sentence()


def test_it_is_registered_verified_and_served_as_any_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = open_registry(tmp_path, monkeypatch)
    fitted = pipeline(GradientBoostingClassifier(n_estimators=5))
    told = {"purpose": "Risk", "data_version": "people v3"}
    folder = package.save(*exported(fitted, SCHEMA), SCHEMA, tmp_path / "risk", **told)
    assert packages.load(folder).training["kind"] == "skops"
    registry.promote(folder, "release-1", "risk")
    fetched = registry.fetch("release-1")
    deployment.verified(NAME, fetched, "release-1")
    served = server.Served.of(fetched, deployment.named_key(), name=NAME, release="release-1")
    asked = {"dataframe_split": {"columns": ["sex", "age"], "data": [["f", 50], [None, None]]}}
    (first, _) = served.answer(json.dumps(asked).encode())["predictions"]
    wanted = fitted.predict_proba(people().assign(age=50.0, sex="f")[["age", "sex"]][:1])[0, 1]
    assert first["probability"] == pytest.approx(wanted)


def test_the_policy_trusts_nothing_that_skops_says_is_a_function_or_unknown() -> None:
    from skops.io._audit import NODE_TYPE_MAPPING
    from skops.io._protocol import PROTOCOL

    from ml.own import skops_schema

    built = models().skops.built
    assert set(built) == set(skops_schema._FORMS)
    assert {(loader, PROTOCOL) for loader in built} <= set(NODE_TYPE_MAPPING)
    assert skops_schema.PROTOCOL == PROTOCOL
    for kind in models().skops.trusted():
        module, _, name = kind.rpartition(".")
        assert isinstance(getattr(__import__(module, fromlist=[name]), name), type), kind


def test_skops_itself_would_have_let_in_what_reads_files_and_keeps_rows() -> None:
    """Hold the reason for a list of our own: skops has these among what it trusts by itself."""
    from skops.io._trusted_types import SKLEARN_ESTIMATOR_TYPE_NAMES

    trusted = set(SKLEARN_ESTIMATOR_TYPE_NAMES)
    kept_out = {
        "sklearn.feature_extraction.text.CountVectorizer", "sklearn.neighbors._classification.KNeighborsClassifier",
        "sklearn.svm._classes.SVC", "sklearn.gaussian_process._gpc.GaussianProcessClassifier",
    }  # fmt: skip
    assert kept_out <= trusted
    assert not kept_out & set(models().skops.trusted())
    assert (
        skops.io.get_untrusted_types(
            data=skops.io.dumps(
                KNeighborsClassifier().fit([[0], [1]], [0, 1]),
            )
        )
        == []
    )
