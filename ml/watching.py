"""Asks the registry whether a model may still be served, before the first answer and again and again beside them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from ml.errors import LearningRefused
from ml.registry_client import deployers
from ml.released import Statement
from ml.standing import TAG, Standing

# How soon a recall reaches a model that is served. A poll is one small answer of the registry.
POLL_SECONDS = 30.0
_log = logging.getLogger("ml.watching")
Ask = Callable[[], str]


def ask_registry(statement: Statement) -> str:
    """Return what the registry keeps as the standing of a model, unverified; an empty text where it keeps none.

    Raises
    ------
    LearningRefused
        The registry does not answer.
    """
    from mlflow.exceptions import MlflowException

    client = deployers()
    try:
        found = client.search_model_versions(f"name = '{statement.name}'")
    except (MlflowException, OSError) as error:
        raise LearningRefused(
            "The registry does not say whether the model may be served",
            where=statement.name,
            todo="Check its address and account",
        ) from error
    same = (each.tags for each in found if each.tags.get("release") == statement.release)
    return next((str(tags.get(TAG, "")) for tags in same if tags.get("model") == statement.model), "")


class Watch:
    """Knows whether a model may be served now.

    Parameters
    ----------
    statement : Statement
        Of the folder that is served, which was verified.
    public : Path
        The release key, PEM.
    ask : callable
        Returns what the registry keeps: see :func:`ask_registry`.
    """

    def __init__(self, statement: Statement, public: Path, ask: Ask) -> None:
        self._statement, self._public, self._ask = statement, public, ask
        self._held: Standing | None = None
        self._over = threading.Event()

    @classmethod
    def begun(cls, statement: Statement, public: Path) -> Watch:
        """Return a watch over a registered model that has asked once, and asks on in a thread of its own.

        Raises
        ------
        LearningRefused
            The model may not be served, or nobody says that it may.
        """
        made = cls(statement, public, lambda: ask_registry(statement))
        made.poll()
        made.check()
        threading.Thread(target=made.keep_asking, args=(POLL_SECONDS,), daemon=True).start()
        return made

    def poll(self) -> None:
        """Ask once; an answer that is older than what is known, of another model or not signed changes nothing.

        Raises
        ------
        LearningRefused
            There was no answer that counts.
        """
        told = Standing.open(self._ask(), self._public)
        statement = self._statement
        if (told.name, told.release, told.model) != (statement.name, statement.release, statement.model):
            raise LearningRefused("What the registry says is about another model", where=told.name)
        if self._held is None or told.newer_than(self._held):
            self._held = told

    def keep_asking(self, seconds: float) -> None:
        """Ask every so many seconds until ended; no answer is borne as long as the last one counts."""
        while not self._over.wait(seconds):
            try:
                self.poll()
            except LearningRefused as error:
                _log.warning("%s", error.sentence())

    def end(self) -> None:
        """Ask no more."""
        self._over.set()

    def check(self, now: datetime | None = None) -> None:
        """Refuse where the model may not be served at this moment.

        Raises
        ------
        LearningRefused
            Saying why.
        """
        if self._held is None:
            raise LearningRefused("Nobody has said that the model may be served", where=self._statement.name)
        self._held.check(self._statement, now or datetime.now(UTC))
