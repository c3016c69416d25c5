"""What a model is asked and what it answers: the one side of it that serving, drift and attacks have to know."""

from __future__ import annotations

from typing import Protocol

from ml.spec import Category, Numeric


class Schema(Protocol):
    """Columns of a table, as a model's description names them: :class:`ml.spec.TrainingSpec` has all of this."""

    @property
    def unit(self) -> str:
        """The column that names a person."""

    @property
    def target(self) -> str:
        """The column that is predicted."""

    @property
    def numeric(self) -> tuple[Numeric, ...]:
        """The features that are numbers, each with public bounds."""

    @property
    def categories(self) -> tuple[Category, ...]:
        """The features of which each has public values."""

    @property
    def bounds(self) -> tuple[float, float]:
        """Between which a ``value`` lies; a ``probability`` has no need of it."""

    @property
    def rows(self) -> int:
        """How many rows of one person count at most."""

    @property
    def time(self) -> str:
        """The column of the time to an event; empty where none is predicted."""

    @property
    def periods(self) -> tuple[float, ...]:
        """The rising ends of the periods that such a time is cut into."""

    def features(self) -> tuple[str, ...]:
        """Return the features' names: numbers, then categories."""

    def answer(self) -> str:
        """Return what the answer is called: ``value`` or ``probability``."""
