"""From exact sums to what is told: one Gaussian mechanism over all of them, by OpenDP, and how far off it may be.

Sums are whole numbers and so is the noise: the discrete Gaussian, whose samples are exact (Canonne, Kamath and Steinke,
"The discrete Gaussian for differential privacy", 2020), under zero-concentrated differential privacy. What is made of
noisy sums costs nothing more.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from spark_jobs.errors import JobRefused
from spark_jobs.noisy.bounding import UNIT, Sums, amount_of_one, sensitivity
from spark_jobs.noisy.query import GRID, Query

Numbers = npt.NDArray[np.float64]
Rows = list[dict[str, Any]]
CONFIDENCE = 0.95
_LEAST_NOISE, _MOST_NOISE = 0.3, 10_000.0


def release(exact: Sums, query: Query, noise: float) -> dict[str, Any]:
    """Return what is told: a row for each value, with how far it may be off in 95 of 100 cases.

    Parameters
    ----------
    exact : array
        Shape (2, groups, steps): see :func:`spark_jobs.noisy.bounding.sums`.
    noise : float
        Standard deviation as a multiple of what one person may change.

    Raises
    ------
    JobRefused
        When the noise is not within bounds.
    """
    check_noise(noise)
    parts = {"mean": [0, 1], "sum": [1]}.get(query.kind, [0])
    scale = noise * sensitivity(query)
    told = (
        _noisy(exact[parts].reshape(-1), sensitivity(query), scale, noise).reshape(len(parts), *exact.shape[1:]) / UNIT
    )
    off = _accuracy(scale) / UNIT
    made = {"mean": _means, "sum": _sums, "quantiles": _quantiles}.get(query.kind, _counts)(told, query, off)
    rows = [{**by, **row} for by, cell in zip(query.told_for(), made, strict=True) for row in cell]
    return {"rows": rows, "confidence": CONFIDENCE, "noise": noise}


def check_noise(noise: float) -> None:
    """Refuse noise that is not within bounds.

    Raises
    ------
    JobRefused
        Naming the bounds.
    """
    if not _LEAST_NOISE <= noise <= _MOST_NOISE:
        raise JobRefused(f"Noise is a number from {_LEAST_NOISE:g} to {_MOST_NOISE:g}", where="noise")


def _noisy(exact: Sums, moves: float, scale: float, noise: float) -> Numbers:
    import opendp.prelude as dp

    dp.enable_features("contrib")
    domain = dp.vector_domain(dp.atom_domain(T="i64"), size=len(exact))
    mechanism = dp.m.make_gaussian(domain, dp.l2_distance(T="f64"), scale=scale)
    if mechanism.map(d_in=moves) > 0.5 / noise**2 * (1 + 1e-9):
        raise JobRefused("The noise is less than was paid for", where="noise")
    return np.array(mechanism([int(each) for each in exact]), float)


def _accuracy(scale: float) -> float:
    import opendp.prelude as dp

    return float(dp.gaussian_scale_to_accuracy(scale=scale, alpha=1 - CONFIDENCE))


def _counts(told: Numbers, query: Query, off: float) -> list[Rows]:
    """Return whole numbers of persons; noise may take them below nought, and to cut them there would add up wrong."""
    if query.kind != "histogram":
        return [[{"value": round(each), "off": off}] for each in told[0, :, 0]]
    steps = [{"from": low, "to": high} for low, high in pairwise(query.edges)]
    return [
        [{**step, "value": round(each), "off": off} for step, each in zip(steps, group, strict=True)]
        for group in told[0]
    ]


def _sums(told: Numbers, query: Query, off: float) -> list[Rows]:
    one = amount_of_one(query)
    return [[{"value": float(each * one), "off": off * one}] for each in told[0, :, 0]]


def _means(told: Numbers, query: Query, off: float) -> list[Rows]:
    """Return means where there are clearly more persons than noise; how far off is a bound, of both noises together."""
    one = amount_of_one(query)
    found: list[Rows] = []
    for persons, amount in zip(told[0, :, 0], told[1, :, 0], strict=True):
        if persons <= 2 * off:
            found.append([{"value": None, "off": None, "persons": round(persons)}])
            continue
        mean = min(max(float(amount / persons), -1.0), 1.0)
        middle = (query.low + query.high) / 2
        far = min(float(off * (1 + abs(mean)) / (persons - off)), 2.0)
        found.append([{"value": middle + one * mean, "off": one * far, "persons": round(persons)}])
    return found


def _quantiles(told: Numbers, query: Query, off: float) -> list[Rows]:
    """Return quantiles by the noisy counts of even steps; how far off is told as a share of the persons."""
    found: list[Rows] = []
    edges = np.linspace(query.low, query.high, GRID + 1)
    for counts in told[0]:
        below = np.concatenate([[0.0], np.maximum.accumulate(np.maximum(np.cumsum(counts), 0))])
        rank = off * math.sqrt(GRID)
        known = below[-1] > 2 * rank
        share = float(rank / below[-1]) if known else None
        found.append([
            {"quantile": each, "value": _at(each * below[-1], below, edges) if known else None, "off": share}
            for each in query.quantiles
        ])  # fmt: skip
    return found


def _at(wanted: float, below: Numbers, edges: Numbers) -> float:
    """Return where as many persons lie below: within a step, as if they lay evenly in it."""
    nth = int(np.clip(np.searchsorted(below, wanted, side="left") - 1, 0, GRID - 1))
    there = below[nth + 1] - below[nth]
    share = (wanted - below[nth]) / there if there > 0 else 0.0
    return float(edges[nth] + min(max(share, 0.0), 1.0) * (edges[nth + 1] - edges[nth]))
