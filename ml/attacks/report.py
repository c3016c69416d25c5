"""All attacks on one model, and the report of them: plain JSON, with words that a checker reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml.attacks import attributes, membership, memorised, sacro, structure
from ml.attacks.canaries import CONFIDENCE, FEWEST, audit
from ml.attacks.known import Known
from ml.attacks.outcome import Clock, Found, Outcome, OutOfTime, judged, not_run
from ml.attacks.subjects import Subject
from ml.errors import LearningRefused
from ml.spec import TrainingSpec

VERSION = 1
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "required": ["version", "level", "words", "data_version", "members", "others", "seed", "attacks"],
    "properties": {
        "version": {"const": VERSION},
        "level": {"enum": ["leaks", "look", "nothing", "not run"]},
        "words": {"type": "string"},
        "data_version": {"type": "string"},
        "members": {"type": "integer", "multipleOf": 10},
        "others": {"type": "integer", "multipleOf": 10},
        "seed": {"type": "integer"},
        "attacks": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["attack", "tried", "level", "words", "figures", "broken"],
                "properties": {
                    "attack": {"type": "string"},
                    "tried": {"type": "string"},
                    "level": {"enum": ["leaks", "look", "nothing", "not run"]},
                    "words": {"type": "string"},
                    "figures": {"type": "object", "additionalProperties": {"type": "number"}},
                    "broken": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
    },
}
# What a model can bring about by what it answers and holds. Without a report nobody could tell it from an honest one.
_STOPS = (ValueError, ArithmeticError, IndexError, MemoryError)
_OF_ITSELF = ("memorised rows", "structure")  # attacks that compare with nobody
_NOBODY = (
    "By its author's word nobody was kept out of its training, so that there is nobody to compare with. Train it "
    "without the persons whom ml.train.held_out names, and say so in its schema."
)
_CANARIES = "Train it once more with people who never were, and guess which of them were in."
_WORDS: dict[Found, str] = {
    "leaks": "The model gives away people it was trained on.",
    "look": "No attack named people, but there is something to weigh.",
    "nothing": "No attack got more than the policy lets pass. That does not prove that nothing leaks.",
    "not run": "No attack could be run.",
}


@dataclass(frozen=True)
class Report:
    """What all attacks on a model came to."""

    outcomes: tuple[Outcome, ...]
    data_version: str
    members: int
    others: int
    seed: int

    @property
    def level(self) -> Found:
        """Return the gravest level of any attack."""
        return gravest(self.outcomes)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values: see :data:`SCHEMA`. Numbers of persons are rounded, as outputs are."""
        return {
            "version": VERSION,
            "level": self.level,
            "words": self.words(),
            "data_version": self.data_version,
            "members": round(self.members, -1),
            "others": round(self.others, -1),
            "seed": self.seed,
            "attacks": [each.to_json() for each in self.outcomes],
        }

    def words(self) -> str:
        """Return the whole in a few sentences."""
        at_level = [each.attack for each in self.outcomes if each.level == self.level]
        named = f" See: {', '.join(at_level)}." if self.level in ("leaks", "look") else ""
        missed = [each.attack for each in self.outcomes if each.level == "not run"]
        not_tried = f" Not run: {', '.join(missed)}." if missed else ""
        return f"{_WORDS[self.level]}{named}{not_tried}"


def gravest(outcomes: Sequence[Outcome]) -> Found:
    """Return the gravest level among outcomes."""
    found = {each.level for each in outcomes}
    levels: tuple[Found, ...] = ("leaks", "look", "nothing")
    return next((level for level in levels if level in found), "not run")


def attack(
    subject: Subject, known: Known, *, data_version: str, seconds: float, seed: int,
    epsilon: tuple[float, float] | None = None,
) -> Report:  # fmt: skip
    """Run every attack that applies, for about so long, and report.

    Parameters
    ----------
    seconds : float
        After which no attack is begun. Whoever has to have it end then raises :class:`OutOfTime` in it.
    seed : int
        Of everything that is drawn: the same gives the same report, where time does not cut it short.
    epsilon : tuple of float, optional
        The epsilon and delta that the model tells.
    """
    random, clock = np.random.default_rng(seed), Clock(seconds)
    ways: dict[str, Callable[[], list[Outcome]]] = {
        "memorised rows": lambda: [memorised.attack(subject, known, random)],
        "structure": lambda: structure.attack(subject, known),
        "membership": lambda: membership.attack(subject, known, random, clock, epsilon),
        "attributes": lambda: attributes.attack(subject, known, random, clock),
        "sacroml": lambda: sacro.attack(subject, known, random, clock),
        **({"canaries": lambda: [_canaries(known, seed, clock)]} if epsilon else {}),
    }
    found: list[Outcome] = []
    alone = bool(known.member.all())
    for name, way in ways.items():
        if alone and name not in _OF_ITSELF:
            found.append(not_run(name, "", _NOBODY))
            continue
        try:
            found += way()
        except OutOfTime:
            found.append(not_run(name, "", "There was no time to finish it."))
        except LearningRefused as error:  # a researcher's own model may answer of some people and not of others
            found.append(not_run(name, "", error.sentence()))
        except _STOPS:
            found.append(not_run(name, "", "The model's answers or numbers brought it to a stop."))
    members = int(known.member.sum())
    return Report(tuple(found), data_version, members, len(known.member) - members, seed)


def _canaries(known: Known, seed: int, clock: Clock) -> Outcome:
    trained, count = known.first_rows(np.flatnonzero(known.member)), int(known.member.sum()) // 4
    if clock.is_out():
        return not_run("canaries", _CANARIES, "There was no time left.")
    if not isinstance(known.spec, TrainingSpec) or known.spec.model == "boosting" or count < FEWEST:
        return not_run("canaries", _CANARIES, "It needs a model that is trained by descent, on people enough.")
    found = audit(known.spec, trained, canaries=min(count, 1000), seed=seed)
    got = (
        f"Of {found.guesses:,} guesses about {found.canaries:,} canaries {found.right:,} were right, where blind "
        f"guessing gets half. That shows an epsilon of {found.shown:.2f} at least, with a confidence of "
        f"{CONFIDENCE:.0%}; {found.stated:.2f} is stated."
    )
    for each in found.departures:
        got += f" It was seen that {each.what}."
    figures = {
        "shown": found.shown,
        "stated": found.stated,
        "guesses": float(found.guesses),
        "right": float(found.right),
    }
    return judged("canaries", _CANARIES, got, figures, {"canaries": found.broken})
