"""Asks the registry whether a model may still be served, before the first answer and again and again beside them."""

from __future__ import annotations

import logging
import os
import secrets
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


def beside(folder: Path) -> Path:
    """Return where the newest word about a model that stands in a folder is kept."""
    whole = folder.absolute()
    return whole.with_name(f"{whole.name}.standing.json")


class Watch:
    """Knows whether a model may be served now.

    The newest word is kept on disk too. A recall has an orchestrator start the server again, and a registry that gives
    an older word then would else have it serve on: a client of The Update Framework keeps what it trusted so as well
    (version 1.0.34, section 5.4.3).

    Parameters
    ----------
    statement : Statement
        Of the folder that is served, which was verified.
    public : Path
        The release key, PEM.
    ask : callable
        Returns what the registry keeps: see :func:`ask_registry`.
    kept : Path
        Where the newest word is kept: see :func:`beside`.

    Raises
    ------
    LearningRefused
        What was kept before cannot be read.
    """

    def __init__(self, statement: Statement, public: Path, ask: Ask, kept: Path) -> None:
        self._statement, self._public, self._ask, self._kept = statement, public, ask, kept
        self._held = self._remembered()
        self._over = threading.Event()

    @classmethod
    def asked(cls, statement: Statement, public: Path, folder: Path, ask: Ask | None = None) -> Watch:
        """Return a watch over the model in a folder that has asked once, the registry where nobody else is named.

        Raises
        ------
        LearningRefused
            The model may not be served, or nobody says that it may.
        """
        made = cls(statement, public, ask or (lambda: ask_registry(statement)), beside(folder))
        made.poll()
        made.check()
        return made

    @classmethod
    def begun(cls, statement: Statement, public: Path, folder: Path) -> Watch:
        """Return the same, which asks on in a thread of its own.

        Raises
        ------
        LearningRefused
            The model may not be served, or nobody says that it may.
        """
        made = cls.asked(statement, public, folder)
        threading.Thread(target=made.keep_asking, args=(POLL_SECONDS,), daemon=True).start()
        return made

    def poll(self) -> None:
        """Ask once; an answer that is older than what is known, of another model or not signed changes nothing.

        Raises
        ------
        LearningRefused
            There was no answer that counts.
        """
        sealed = self._ask()
        told = Standing.open(sealed, self._public)
        if not told.is_about(self._statement):
            raise LearningRefused("What the registry says is about another model", where=told.name)
        if self._held is None or told.newer_than(self._held):
            self._held = told
            self._keep(sealed)

    def _remembered(self) -> Standing | None:
        """Return the newest word that was kept; none where it is of a model that stood here before."""
        if not self._kept.exists():
            return None
        try:
            told = Standing.open(self._kept.read_text(), self._public)
        except (LearningRefused, OSError, UnicodeDecodeError) as error:
            raise LearningRefused(
                "What was last said of the model cannot be read",
                where=self._kept.name,
                todo="See who changed the file, and fetch the model anew into another folder",
            ) from error
        return told if told.is_about(self._statement) else None

    def _keep(self, sealed: str) -> None:
        staged = self._kept.with_name(f".{self._kept.name}.{secrets.token_hex(8)}")
        try:
            staged.write_text(sealed)
            os.replace(staged, self._kept)
        except OSError as error:  # a folder that nobody may write in: the model is watched all the same
            staged.unlink(missing_ok=True)
            _log.warning("The newest word about the model is not kept: %s", type(error).__name__)

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
