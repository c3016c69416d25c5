"""Public data that private training is measured on, each with a specification that a person could write unseen.

Cuts are even steps or round numbers, bounds are what a form could hold, and the values are those that the data's own
documentation lists (``adult.names``; the help of scikit-survival's ``load_flchain``).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from ml import dp
from ml.data import inputs
from ml.spec import Category, Numeric, TrainingSpec

ADULT = Path(__file__).resolve().parents[3] / "shared" / "data" / "adult" / "adult.csv"
DELTA = 1e-6
Way = Callable[[pd.DataFrame, pd.DataFrame], float]
_COUNTRIES = """? Cambodia Canada China Columbia Cuba Dominican-Republic Ecuador El-Salvador England France Germany
Greece Guatemala Haiti Holand-Netherlands Honduras Hong Hungary India Iran Ireland Italy Jamaica
Japan Laos Mexico Nicaragua Outlying-US(Guam-USVI-etc) Peru Philippines Poland Portugal Puerto-Rico
Scotland South Taiwan Thailand Trinadad&Tobago United-States Vietnam Yugoslavia"""
_ADULT = {
    "workclass": "? Federal-gov Local-gov Never-worked Private Self-emp-inc Self-emp-not-inc State-gov Without-pay",
    "marital-status": "Divorced Married-AF-spouse Married-civ-spouse Married-spouse-absent Never-married Separated "
    "Widowed",
    "occupation": "? Adm-clerical Armed-Forces Craft-repair Exec-managerial Farming-fishing Handlers-cleaners "
    "Machine-op-inspct Other-service Priv-house-serv Prof-specialty Protective-serv Sales Tech-support "
    "Transport-moving",
    "relationship": "Husband Not-in-family Other-relative Own-child Unmarried Wife",
    "ethnicity": "Amer-Indian-Eskimo Asian-Pac-Islander Black Other White",
    "sex": "Female Male",
    "native-country": _COUNTRIES,
}
_AGES = (*range(20, 40, 2), 40, 43, 46, 50, 55, 60, 65, 70)
_HOURS = (10, 20, 30, 35, 40, 41, 45, 50, 55, 60, 70)
_GAINS = (1, *range(250, 10_001, 250), *range(11_000, 15_001, 1000), 15_500, 20_000, 30_000, 50_000)
_LOSSES = (1, *range(500, 1300, 200), *range(1300, 2600, 50), 3000, 3500)


def adult(path: Path = ADULT) -> pd.DataFrame:
    """Return UCI's Adult, a person to a row, ``rich`` 1 where the income is above 50,000 dollars."""
    frame = pd.read_csv(path, skipinitialspace=True)
    return frame.assign(person=[f"P{at}" for at in range(len(frame))], rich=(frame["income"] == ">50K").astype(int))


def adult_spec(epsilon: float, **changes: object) -> TrainingSpec:
    """Return what Adult is trained by: a logistic regression on bins, everybody in each step, scales paid for.

    How it steps (300 steps at rate 1, clip 1, momentum 0.95, falling, the last three tenths averaged) was chosen on
    splits of the seeds 100 to 102, which are no seed that a figure is told of, but splits of the same table.
    """
    told = {
        "steps": 300, "batch": 10**7, "rate": 1.0, "clip": 1.0, "momentum": 0.95, "falling": True, "averaged": 0.3,
        "scaled": True, **changes,
    }  # fmt: skip
    numeric = (
        Numeric("age", 16, 91, _AGES), Numeric("education-num", 1, 16, (3, 5, *range(7, 17))),
        Numeric("hours-per-week", 0, 99, _HOURS), Numeric("capital-gain", 0, 100_000, _GAINS),
        Numeric("capital-loss", 0, 5000, _LOSSES),
    )  # fmt: skip
    categories = tuple(Category(name, tuple(values.split())) for name, values in _ADULT.items())
    return TrainingSpec("person", "rich", numeric, categories, epsilon, DELTA, **told)


def adult_private(spec: TrainingSpec) -> Way:
    """Return the AUROC of a private training on one part of Adult, judged on another."""
    return lambda train, test: auroc(test["rich"], dp.train(spec, train).predict(test))


def adult_regression(train: pd.DataFrame, test: pd.DataFrame) -> float:
    """Return the AUROC of a logistic regression without privacy, on the same bins."""
    from sklearn.linear_model import LogisticRegression

    spec = adult_spec(1.0)
    model = LogisticRegression(max_iter=500).fit(inputs(train, spec), train["rich"])
    return auroc(test["rich"], model.decision_function(inputs(test, spec)))


def auroc(wanted: pd.Series, told: np.ndarray) -> float:
    """Return the area under the curve, of answers against what came."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(wanted, told))


def flchain() -> pd.DataFrame:
    """Return the free light chain study of scikit-survival, a person to a row."""
    from sksurv.datasets import load_flchain

    features, followed = load_flchain()
    told = features.drop(columns="chapter").assign(  # the chapter is the cause of death: only the dead have one
        person=[f"P{at}" for at in range(len(features))], death=followed["death"].astype(int), days=followed["futime"]
    )
    return told.assign(**{"sample.yr": told["sample.yr"].astype(float)})


def flchain_spec(epsilon: float, **changes: object) -> TrainingSpec:
    """Return a discrete-time survival model of whole years; its pace was chosen on the seeds 100 and 101."""
    told = {"steps": 300, "batch": 10**7, "rate": 0.5, "clip": 2.0, "momentum": 0.9, "falling": True, "averaged": 0.3}
    numeric = (
        Numeric("age", 50, 100), Numeric("creatinine", 0.4, 3), Numeric("kappa", 0, 5), Numeric("lambda", 0, 5),
        Numeric("sample.yr", 1995, 2003),
    )  # fmt: skip
    categories = (
        Category("sex", ("F", "M")), Category("mgus", ("no", "yes")),
        Category("flc.grp", tuple(str(each) for each in range(1, 11))),
    )  # fmt: skip
    years = tuple(365.0 * year for year in range(1, 15))
    return TrainingSpec(
        "person", "death", numeric, categories, epsilon, DELTA, model="survival", time="days", periods=years,
        **{**told, **changes},
    )  # fmt: skip


def split(frame: pd.DataFrame, seed: int, stratified: str = "") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return four fifths of the persons, and the rest."""
    from sklearn.model_selection import train_test_split

    by = frame[stratified] if stratified else None
    train, test = train_test_split(np.arange(len(frame)), test_size=0.2, random_state=seed, stratify=by)
    return frame.iloc[train], frame.iloc[test]
