"""What a training will cost and how noisy it will be, told by its specification before anything is looked at."""

from __future__ import annotations

from dataclasses import dataclass

from ml import accounting
from ml.errors import LearningRefused
from ml.preparing import planned
from ml.spec import TrainingSpec


@dataclass(frozen=True)
class Quote:
    """What a training takes, and what its search does to it.

    Parameters
    ----------
    epsilon, delta : float
        What is taken from the ledger, with or without a search.
    noise : float
        Of each step, as a multiple of the clipping bound.
    without_search : float
        The noise that one training would have at the same price: the search is paid for by what is between.
    one_trial : float
        What a single training with this noise would spend.
    settings, trials : float
        Among how many settings a search chooses, and how many trials it makes on average; 1 each where there is none.
    """

    epsilon: float
    delta: float
    noise: float
    without_search: float
    one_trial: float
    settings: int
    trials: float


def quote(spec: TrainingSpec, persons: int) -> Quote:
    """Return what a training will cost.

    Parameters
    ----------
    persons : int
        How many there are, about: a public guess, such as ten thousand. It sets how rarely each is drawn into a batch.

    Raises
    ------
    LearningRefused
        When nobody is there.
    """
    if persons < 1:
        raise LearningRefused("A training needs persons", where="persons", todo="Say about how many there are")
    rate = 1.0 if spec.model == "boosting" else min(1.0, spec.batch / persons)
    prepared, search = planned(spec), spec.search
    plain = accounting.noise_for(spec.epsilon, rate, spec.steps, spec.delta, prepared)
    noise = accounting.noise_for(spec.epsilon, rate, spec.steps, spec.delta, prepared, search) if search else plain
    alone = accounting.epsilon(noise, rate, spec.steps, spec.delta, prepared)
    settings, trials = (len(search.settings()), search.trials) if search else (1, 1.0)
    return Quote(spec.epsilon, spec.delta, noise, plain, alone, settings, trials)
