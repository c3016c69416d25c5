"""Where a training stands, on disk: a training that is cut off goes on with its very noise and is paid for once.

The state holds no person and no noise. The key that both come from lies beside it in a file for its owner alone: who
reads it could take the noise away again, so it is removed when the training ends, and an attested run keeps the folder
where its author does not reach. Under one key the same steps on other data would give the noise away by subtraction:
a training goes on only with the specification, the data and the spend that it began with.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import shutil
from dataclasses import fields
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from ml.data import Matrix
from ml.descent import State
from ml.errors import LearningRefused
from ml.noise import KEY_BYTES
from ml.spec import TrainingSpec

_STATE, _BOUND, _KEY, _TRIAL = "state.safetensors", "training.hmac", "noise.key", "trial-"
_VECTORS = tuple(each.name for each in fields(State) if each.name != "step")


class Checkpoint:
    """The folder of one training.

    Parameters
    ----------
    folder : Path
        Made when it is not there.
    spend : str
        The name of the spend that pays for this training.
    """

    def __init__(self, folder: Path, spend: str) -> None:
        self._folder, self._spend = folder, spend
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def key(self) -> bytes:
        """Return the training's key: a new one the first time."""
        path = self._folder / _KEY
        if not path.exists():
            self._write(_KEY, secrets.token_bytes(KEY_BYTES))
        return path.read_bytes()

    def bind(self, spec: TrainingSpec, *tables: Matrix) -> None:
        """Bind the folder, the first time, to what the training is: its specification, its spend and its data.

        Raises
        ------
        LearningRefused
            When it was bound to another training before.
        """
        told = hmac.new(self.key(), digestmod=hashlib.sha256)
        told.update(json.dumps([spec.to_json(), self._spend]).encode())
        for each in tables:
            told.update(f"{each.shape}{each.dtype}".encode() + each.tobytes())
        digest = told.hexdigest().encode()
        if not (self._folder / _BOUND).exists():
            self._write(_BOUND, digest)
        if not hmac.compare_digest((self._folder / _BOUND).read_bytes(), digest):
            raise LearningRefused(
                "The checkpoint is of another training: its specification, its data or its spend differ",
                where=_BOUND,
                todo="Begin in a folder of its own",
            )

    def keep(self, state: State) -> None:
        """Write where the training stands, whole or not at all."""
        staged = self._folder / f".{_STATE}"
        vectors = {name: getattr(state, name).cpu() for name in _VECTORS}
        save_file(vectors, staged, metadata={"step": str(state.step)})
        os.replace(staged, self._folder / _STATE)

    def state(self) -> State | None:
        """Return where the training stood, or nothing when it had not begun.

        Raises
        ------
        LearningRefused
            When the file is damaged.
        """
        path = self._folder / _STATE
        if not path.exists():
            return None
        try:
            with safe_open(path, framework="pt") as held:
                step = int((held.metadata() or {})["step"])
                vectors = {name: held.get_tensor(name).clone() for name in _VECTORS}
        except (SafetensorError, KeyError, ValueError):
            raise LearningRefused(
                "The training's checkpoint is damaged", where=path.name, todo="Begin anew in an empty folder, and pay"
            ) from None
        return State(step, **vectors)

    def of_trial(self, trial: int) -> Checkpoint:
        """Return where one trial of a search stands; its noise comes of this training's key."""
        return Checkpoint(self._folder / f"{_TRIAL}{trial}", self._spend)

    def end(self) -> None:
        """Remove the state and, last, the key: the training is done and its model is where it belongs."""
        for trial in self._folder.glob(f"{_TRIAL}*"):
            shutil.rmtree(trial)
        for name in (_STATE, _BOUND, _KEY):
            (self._folder / name).unlink(missing_ok=True)

    def _write(self, name: str, content: bytes) -> None:
        staged = self._folder / f".{name}"
        with open(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(content)
        os.replace(staged, self._folder / name)
