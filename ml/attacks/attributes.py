"""What is hidden of a person: of all values that it may have, the one that fits their known outcome best is guessed.

Fredrikson and others, "Privacy in pharmacogenetics", 2014, section 3; held against persons who were not trained on, so
that what the population tells of anybody is not counted as a leak (Yeom and others 2018, section 4).
"""

from __future__ import annotations

import math

import numpy as np

from ml.attacks.known import Known, Places
from ml.attacks.outcome import Clock, Outcome, judged, not_run
from ml.attacks.rates import Numbers, share
from ml.attacks.rules import rules
from ml.attacks.subjects import Subject
from ml.data import targets
from ml.spec import Category

MOST_FIELDS, MOST_PERSONS = 12, 5000
_NORMAL = 1.96  # of a two-sided interval of 95 %


def attack(subject: Subject, known: Known, random: np.random.Generator, clock: Clock) -> list[Outcome]:
    """Guess each category of members and of others, as long as there is time."""
    kinds = (np.flatnonzero(known.member), np.flatnonzero(~known.member))
    persons = [random.permutation(each)[:MOST_PERSONS] for each in kinds]
    fields = [each for each in known.spec.categories if len(each.values) > 1][:MOST_FIELDS]
    return [_of_field(subject, known, field, persons, clock) for field in fields]


def _of_field(subject: Subject, known: Known, field: Category, persons: list[Places], clock: Clock) -> Outcome:
    name, tried = f"attribute: {field.name}", f"Guess a person's {field.name} from all else that is known of them."
    if clock.is_out():
        return not_run(name, tried, "There was no time left.")
    common = np.array([(known.frame[field.name].astype("string") == value).mean() for value in field.values])
    right = [_right(subject, known, field, each, common) for each in persons]
    if min(len(each) for each in right) < rules().small:
        return not_run(name, tried, "Of too few persons the field holds one of its values.")
    of_members, of_others = (share(int(each.sum()), len(each)) for each in right)
    more = of_members.value - of_others.value
    spread = math.sqrt(sum(each.var() / len(each) for each in right))
    got = (
        f"It is guessed right of {of_members.value:.1%} of those trained on and of {of_others.value:.1%} of others: "
        f"{more:+.1%} ({more - _NORMAL * spread:+.1%} to {more + _NORMAL * spread:+.1%}), where no leak gives 0."
    )
    figures = {"of_members": of_members.value, "of_others": of_others.value, "more": more, "spread": spread}
    return judged(name, tried, got, figures, {"attribute": more - _NORMAL * spread > rules()["attribute"].bound})


def _right(subject: Subject, known: Known, field: Category, persons: Places, common: Numbers) -> Numbers:
    frame = known.first_rows(persons)
    told = frame[field.name].astype("string")
    frame = frame[told.isin(field.values)]
    wanted = targets(frame, known.spec)
    fits = np.array([
        subject.likelihood(known.encode(frame.assign(**{field.name: value})), wanted) for value in field.values
    ])  # fmt: skip
    guess = np.array(field.values, object)[(fits * common[:, None]).argmax(0)]
    return np.asarray(guess == frame[field.name].astype("string").to_numpy(object), float)
