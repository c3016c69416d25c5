"""Drift of what a served model is asked, told so that nobody who was asked about can be made out.

What comes is counted into public bins: those of the specification, and ten even steps where it has none. At the end
of each window the counts get noise of the discrete Laplace distribution (Ghosh, Roughgarden and Sundararajan 2009;
Canonne, Kamath and Steinke 2020), are told, and are forgotten. So each window is differentially private by itself, with
the epsilon that stands beside it, under adding or taking away one person's row: a person stands in one bin of each
feature and in one of the answers. Where a request says who its rows are of, one row of a person counts in a window;
where it does not, each row is a person's. The index of stability is reckoned of noisy counts alone.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.asked import Asked
from ml.data import binned, coded
from ml.errors import LearningRefused
from ml.schema import Schema
from ml.spec import Numeric

ANSWER = "answer"
STEPS = 10  # bins of a number without cuts, and of the answers
# Below so many times its own noise a window's total tells nothing of its shape.
_CLEAR = 20.0
_FEWEST = 0.5  # what stands for a count of nought or less, so that the logarithm of a share is a number
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Policy:
    """What the platform asks of drift monitoring; it stands in the signed folder, so that no deployer can loosen it.

    Parameters
    ----------
    epsilon : float
        Of each window, for one person.
    hours : int
        How long a window is; windows begin at midnight (UTC), and a day is a whole number of them.
    """

    epsilon: float
    hours: int

    def __post_init__(self) -> None:
        if not 0 < self.epsilon <= 4 or not 0 < self.hours <= 24 or 24 % self.hours:
            raise LearningRefused("What drift monitoring is asked for is out of bounds", where="drift")

    @classmethod
    def read(cls, path: Path) -> Policy | None:
        """Return what stands in a verified file, or None where a model was registered before there was one."""
        if not path.exists():
            return None
        try:
            return cls(**json.loads(path.read_text()))
        except (ValueError, TypeError) as error:
            raise LearningRefused("What drift monitoring is asked for cannot be read", where=path.name) from error

    def write(self, path: Path) -> None:
        """Write it into the folder that will be signed."""
        path.write_text(json.dumps(asdict(self)))


@dataclass(frozen=True)
class Window:
    """What is told of one window: noisy counts by column and bin, and how far each column is from the first clear one.

    Parameters
    ----------
    begins, ends : str
        ISO 8601, UTC.
    epsilon : float
        What telling it spent of each person who was asked about.
    counts : dict
        Noisy, whole, possibly below nought.
    stability : dict
        The population stability index of each column; None where there is nothing clear to compare.
    """

    begins: str
    ends: str
    epsilon: float
    counts: Mapping[str, Sequence[int]]
    stability: Mapping[str, float | None]


class Drift:
    """Counts of one served model: the exact ones of the window that runs, in memory alone, and what was told.

    Parameters
    ----------
    kept : Path
        A file of JSON lines that keeps what was told, so that a later start compares with the same window.
    """

    def __init__(self, spec: Schema, policy: Policy, kept: Path, now: datetime) -> None:
        self._spec, self._policy, self._kept = spec, policy, kept
        self._lock = threading.Lock()
        self._begins = window_of(now, policy.hours)
        self._forget()
        self.told = [Window(**json.loads(line)) for line in _lines(kept)]

    def _forget(self) -> None:
        self._counts = {name: np.zeros(size, np.int64) for name, size in bins(self._spec).items()}
        self._seen: set[bytes] = set()
        self._key = secrets.token_bytes(32)  # of this window alone: who was seen in it is nowhere told

    def count(self, asked: Asked, answers: npt.NDArray[Any], now: datetime) -> None:
        """Count what was asked and answered into the window of this moment."""
        with self._lock:
            self._turn(now)
            first = self._first_rows(asked)
            for name, places in placed(self._spec, asked, answers).items():
                self._counts[name] += np.bincount(places[first], minlength=len(self._counts[name]))

    def windows(self, now: datetime) -> list[Window]:
        """Return what was told, oldest first; a window that is over is told now."""
        with self._lock:
            self._turn(now)
            return list(self.told)

    def _first_rows(self, asked: Asked) -> npt.NDArray[np.bool_]:
        """Tell which rows count: all where nobody is named, else the first of each person in this window."""
        if asked.units is None:
            return np.ones(len(asked.frame), np.bool_)
        first = []
        for each in asked.units:
            seen = hashlib.blake2b(each.encode(), key=self._key, digest_size=16).digest()
            first.append(seen not in self._seen)
            self._seen.add(seen)
        return np.array(first, np.bool_)

    def _turn(self, now: datetime) -> None:
        """Tell and forget each window that is over, one in which nobody asked too: else its absence would tell that."""
        current = window_of(now, self._policy.hours)
        while self._begins < current:
            made = self._tell()
            self._forget()
            self._begins += timedelta(hours=self._policy.hours)
            self.told.append(made)
            with self._kept.open("a") as out:
                out.write(json.dumps(asdict(made)) + "\n")

    def _tell(self) -> Window:
        noisy = released(self._counts, self._policy.epsilon)
        clear = _CLEAR * scale(self._counts, self._policy.epsilon)
        first = next((each.counts for each in self.told if sum(each.counts[ANSWER]) >= clear), noisy)
        stability = {name: stability_index(first[name], noisy[name], clear) for name in noisy}
        ends = self._begins + timedelta(hours=self._policy.hours)
        return Window(self._begins.isoformat(), ends.isoformat(), self._policy.epsilon, noisy, stability)


def _lines(kept: Path) -> list[str]:
    return kept.read_text().splitlines() if kept.exists() else []


def window_of(now: datetime, hours: int) -> datetime:
    """Return when the window of a moment began (UTC)."""
    day = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return day.replace(hour=day.hour - day.hour % hours)


def edges(number: Numeric) -> tuple[float, ...]:
    """Return the points between a number's bins: its public cuts, or even steps between its public bounds."""
    step = (number.high - number.low) / STEPS
    return number.cuts or tuple(number.low + nth * step for nth in range(1, STEPS))


def bins(spec: Schema) -> dict[str, int]:
    """Return how many bins each column has; the last of a feature is of rows in which it is missing or unknown."""
    numbers = {each.name: len(edges(each)) + 2 for each in spec.numeric}
    return {**numbers, **{each.name: len(each.values) + 1 for each in spec.categories}, ANSWER: STEPS}


def placed(spec: Schema, asked: Asked, answers: npt.NDArray[Any]) -> dict[str, Counts]:
    """Return the bin of each row in each column, shape (rows,) each."""
    found: dict[str, Counts] = {}
    for number in spec.numeric:
        missing = asked.frame[number.name].isna().to_numpy()
        places = binned(asked.frame, number, edges(number))
        found[number.name] = np.where(missing, len(edges(number)) + 1, places)
    for category in spec.categories:
        codes = coded(asked.frame, category)
        found[category.name] = np.where(codes == 0, len(category.values), codes - 1)
    low, high = spec.bounds if spec.answer() == "value" else (0.0, 1.0)
    share = (np.asarray(answers, float) - low) / (high - low)
    found[ANSWER] = np.clip((share * STEPS).astype(np.int64), 0, STEPS - 1)
    return found


def scale(counts: Mapping[str, Counts], epsilon: float) -> float:
    """Return the scale of the noise: one person adds one in each column, so that they move the counts by as many."""
    return len(counts) / epsilon


def released(counts: Mapping[str, Counts], epsilon: float) -> dict[str, list[int]]:
    """Return the counts with noise: the one thing of them that is ever told.

    Raises
    ------
    LearningRefused
        OpenDP's own reckoning finds that the noise would not do.
    """
    import opendp.prelude as dp

    dp.enable_features("contrib")
    exact = np.concatenate(list(counts.values()))
    domain = dp.vector_domain(dp.atom_domain(T="i64"), size=len(exact))
    mechanism = dp.m.make_laplace(domain, dp.l1_distance(T="i64"), scale=scale(counts, epsilon))
    if mechanism.map(d_in=len(counts)) > epsilon * (1 + 1e-9):
        raise LearningRefused("The noise is less than what is stated", where="drift")
    noisy = iter(mechanism([int(each) for each in exact]))
    return {name: [int(next(noisy)) for _ in each] for name, each in counts.items()}


def stability_index(first: Sequence[int], now: Sequence[int], clear: float) -> float | None:
    """Return the population stability index between two noisy histograms, or None where either total is not clear.

    Lewis, "An Introduction to Credit Scoring", 1994: the sum over bins of the difference of two shares times the
    logarithm of their ratio. From 0.1 on a change is commonly called moderate, from 0.25 on large.

    Parameters
    ----------
    clear : float
        The least total that stands out of the noise.
    """
    if any(sum(each) < clear for each in (first, now)):
        return None
    parts = [np.maximum(np.array(each, float), _FEWEST) for each in (first, now)]
    before, after = (each / each.sum() for each in parts)
    return round(float(np.sum((after - before) * np.log(after / before))), 4)
