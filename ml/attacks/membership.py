"""Whom was it trained on? By the model's answers, held beside those of shadows: models trained alike on other persons.

LiRA: Carlini and others, "Membership inference attacks from first principles", 2022, algorithm 1, with one variance for
all persons, which section VI-C advises for few shadows. RMIA: Zarifzadeh and others, "Low-cost high-power membership
inference attacks", 2024, equations 2 to 4. Threshold: Yeom and others, "Privacy risk in machine learning", 2018.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.attacks.known import Known, Places
from ml.attacks.outcome import Clock, Outcome, OutOfTime, judged, not_run
from ml.attacks.rates import At, Rate, area, rate_at
from ml.attacks.rules import rules
from ml.attacks.subjects import Numbers, Subject, by_person, logits

FEW, MANY = 4, 32  # shadows: with fewer nothing is told, and more tell little more
MOST = 20_000  # persons whose membership is guessed; all are trained on
BOUNDS = (0.001, 0.01)  # false alarms
_OF_THE_TIME = 0.7  # of all the attacks', that shadows may take
_LEAST_SPREAD = 1e-6

_TRIED = {
    "threshold": "Take for members those of whom the model is surest.",
    "lira": "Compare, for each person, the model's answer with those of models trained with and without them.",
    "rmia": "Compare, for each person, how much likelier the model finds them than models on average do.",
}
_NO_TIME = f"There was no time to train {FEW} models to compare it with."
_NO_CODE = "The platform cannot train models to compare it with: its author's own code trained it."


@dataclass(frozen=True)
class Shadows:
    """What shadows say of the persons whose membership is guessed.

    Parameters
    ----------
    inside : array
        Whether each shadow was trained on each person, shape (shadows, persons).
    likelihoods : array
        What each says of each, shape (shadows, persons).
    """

    inside: npt.NDArray[np.bool_]
    likelihoods: Numbers


def guessed(known: Known, random: np.random.Generator) -> Places:
    """Return the persons whose membership is guessed: all, or as many of either kind as there is time for."""
    kinds = (np.flatnonzero(known.member), np.flatnonzero(~known.member))
    return np.concatenate([random.permutation(each)[: MOST // 2] for each in kinds])


def shadows(
    subject: Subject, known: Known, persons: Places, random: np.random.Generator, clock: Clock
) -> Shadows | None:
    """Train shadows, each on a random half of everybody, until there are enough or their time is out.

    Returns
    -------
    Shadows or None
        None where there was no time for even a few.
    """
    inside: list[npt.NDArray[np.bool_]] = []
    told: list[Numbers] = []
    while subject.again is not None and len(told) < MANY and not clock.is_out(_OF_THE_TIME):
        half = random.random(len(known.rows)) < 0.5
        try:
            model = subject.again(known, np.flatnonzero(half), int(random.integers(2**32)))
        except OutOfTime:
            break
        inside.append(half[persons])
        told.append(by_person(model, known, persons))
    return Shadows(np.array(inside), np.array(told)) if len(told) >= FEW else None


def lira(told: Numbers, seen: Shadows) -> Numbers:
    """Return for each person the log of how much likelier what the model says is if it was trained on them.

    Parameters
    ----------
    told : array
        The model's likelihoods, shape (persons,).
    """
    scores, mine = logits(seen.likelihoods), logits(told)
    means, spreads = [], []
    for inside in (seen.inside, ~seen.inside):
        count = np.maximum(inside.sum(0), 1)
        mean = (scores * inside).sum(0) / count
        off = (scores - mean) * inside
        means.append(np.where(inside.any(0), mean, scores.mean(0)))
        # pooled over persons, each of whom gave one degree of freedom for a mean of their own
        spreads.append(max(math.sqrt((off**2).sum() / max(1, (count - 1).sum())), _LEAST_SPREAD))
    with_it, without = ((((mine - mean) / spread) ** 2) / 2 + math.log(spread)
                        for mean, spread in zip(means, spreads, strict=True))  # fmt: skip
    return np.asarray(without - with_it)


def rmia(told: Numbers, seen: Shadows) -> Numbers:
    """Return for each person how much likelier the model finds them than models on average do.

    The attack counts over how many others of the population a person wins; as everybody is held against the same
    others, this ratio puts persons in the same order.
    """
    weights = [np.where(each.any(0), (seen.likelihoods * each).sum(0) / np.maximum(each.sum(0), 1), np.nan)
               for each in (seen.inside, ~seen.inside)]  # fmt: skip
    return np.asarray(np.log(told) - np.log(np.nanmean(weights, axis=0)))


def attack(
    subject: Subject, known: Known, random: np.random.Generator, clock: Clock, epsilon: tuple[float, float] | None
) -> list[Outcome]:
    """Guess who was trained on in three ways.

    Parameters
    ----------
    epsilon : tuple of float, optional
        The epsilon and delta that the model tells, which what the attacks get may not exceed.
    """
    persons = guessed(known, random)
    told, member = by_person(subject.likelihood, known, persons), known.member[persons]
    found = [_judged("threshold", told, member, epsilon, {})]
    seen = shadows(subject, known, persons, random, clock)
    ways: dict[str, Callable[[Numbers, Shadows], Numbers]] = {"lira": lira, "rmia": rmia}
    for name, way in ways.items():
        if seen is None:
            found.append(not_run(name, _TRIED[name], _NO_TIME if subject.again else _NO_CODE))
        else:
            count = {"shadows": float(len(seen.inside))}
            found.append(_judged(name, way(told, seen), member, epsilon, count))
    return found


def _judged(
    name: str, scores: Numbers, member: npt.NDArray[np.bool_], epsilon: tuple[float, float] | None,
    more: dict[str, float],
) -> Outcome:  # fmt: skip
    members, others = scores[member], scores[~member]
    over, few = area(members, others), {bound: rate_at(members, others, bound) for bound in BOUNDS}
    figures = {"area": over.value, "area_low": over.low, "area_high": over.high, **more}
    for bound, at in few.items():
        figures |= {f"named_at_{bound:g}": at.right.value, f"named_at_{bound:g}_low": at.right.low,
                    f"named_at_{bound:g}_high": at.right.high, f"wrong_at_{bound:g}_high": at.wrong.high}  # fmt: skip
    broken = {
        "membership_rate": any(at.above_chance(rules()["membership_rate"].bound) for at in few.values()),
        **far(over.low),
    }
    if epsilon:
        figures["epsilon_shown"] = epsilon_shown(members, others, epsilon[1])
        broken["promise"] = figures["epsilon_shown"] > epsilon[0] * rules()["promise"].bound
    return judged(name, _TRIED[name], _words(over, few), figures, broken)


def far(low: float) -> dict[str, bool]:
    """Return whether an area under the curve, by its lower end, breaks the policy's rules: the graver one alone."""
    grave = low > rules()["membership_far"].bound
    return {"membership_far": grave, "membership_area": not grave and low > rules()["membership_area"].bound}


def _words(over: Rate, few: dict[float, At]) -> str:
    named = " and ".join(
        f"{at.right.told()} of those it was trained on where {bound:.1%} of others are named wrongly"
        for bound, at in few.items()
    )
    return (
        f"It names {named}; guessing blindly would name as many as it names wrongly. It puts a person who was trained "
        f"on above another {over.value:.1%} of the time ({over.low:.1%} to {over.high:.1%}); blind guessing does half."
    )


def epsilon_shown(members: Numbers, others: Numbers, delta: float) -> float:
    """Return the epsilon that scores show at least: no training that keeps it to less could give them.

    ``right <= exp(epsilon) * wrong + delta`` of whatever attack, whether it names members or others (Kairouz and others
    2015, theorem 2.1). Each of the few rates that are looked at is within its interval.
    """
    ways = [rate_at(*kinds, bound) for kinds in ((members, others), (-others, -members)) for bound in BOUNDS]
    shown = [math.log((at.right.low - delta) / at.wrong.high) for at in ways if at.right.low - delta > at.wrong.high]
    return max(shown, default=0.0)
