"""A researcher's own model behind a process of its own: no network, no file, bounded memory and time.

What comes back from it is trusted no further than its form. A process that was ended is begun anew with the next
question.
"""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import numpy as np

from ml.errors import LearningRefused
from ml.own.policy import FILE, models
from ml.own.schema import Asked, OwnSchema

_CODE = Path(__file__).resolve().parents[2]
_SHOWN = ("ml", "tre/__init__.py", "tre/errors.py")
_SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache")
_MOST_HEAD, _MOST_SENTENCE = 1024 * 1024, 300
_NO_ANSWER = "The program that runs the model gave no proper answer"


class Bounded:
    """A model that is run elsewhere; several threads may ask it, one after the other.

    Parameters
    ----------
    kind : str
        ``onnx`` or ``skops``.
    weights : bytes
        Its file.
    confined : bool
        In a bubblewrap sandbox, without network and files. Only in a notebook, where its author is who runs it and a
        sandbox is around both, it has its bounds of memory and time alone.
    """

    def __init__(self, kind: str, weights: bytes, schema: OwnSchema, *, confined: bool = True) -> None:
        self._kind, self._weights, self._schema, self._confined = kind, weights, schema, confined
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._shapes: list[tuple[int, ...]] = []
        self._fitted = 0

    def load(self) -> None:
        """Have the model loaded and checked.

        Raises
        ------
        LearningRefused
            It is none that may be run, or takes too much; or bubblewrap is not installed.
        """
        with self._lock:
            self._running()

    def predict(self, asked: Asked) -> Asked:
        """Return an answer for each row, shape (rows,).

        Parameters
        ----------
        asked : array
            Of :func:`ml.own.schema.encoded`, shape (rows, features).

        Raises
        ------
        LearningRefused
            It cannot answer, or takes too long.
        """
        most = models().process.rows
        parts = [self._predicted(asked[start : start + most]) for start in range(0, len(asked), most)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def trained_again(self, trained: Asked, wanted: Asked, seed: int, asked: Asked) -> Asked:
        """Return what another model answers, that is trained by this one's settings on other rows, and then forgotten.

        Parameters
        ----------
        trained, wanted : array
            Its rows and their outcomes, 0 or 1, shapes (rows, features) and (rows,).
        seed : int
            Of what the training draws.
        asked : array
            What it is asked, shape (others, features).

        Raises
        ------
        LearningRefused
            It cannot be trained, or takes longer than an answer may.
        """
        with self._lock, self._within(models().process.seconds_to_answer) as process:
            body = b"".join(np.ascontiguousarray(each, "<f8").tobytes() for each in (asked, trained, wanted))
            _send(process, {"rows": len(asked), "trained": len(trained), "seed": seed}, body)
            return _answers(process, len(asked))

    def arrays(self) -> list[Asked]:
        """Return the numbers that the model's file holds, fitted or not."""
        with self._lock, self._within(models().process.seconds_to_answer) as process:
            _send(process, {"arrays": True})
            _head(process)
            return [_numbers(process, math.prod(shape)).reshape(shape) for shape in self._shapes]

    @property
    def is_trained_again(self) -> bool:
        """Whether others can be trained as it was: a graph does not tell how."""
        return self._kind == "skops" and self._schema.answer() == "probability"

    @property
    def parameters(self) -> int:
        """How many numbers of the model were fitted; it was loaded before."""
        return self._fitted

    def close(self) -> None:
        """End its process."""
        with self._lock:
            if self._process is not None:
                _end(self._process)
                self._process = None

    def _predicted(self, asked: Asked) -> Asked:
        with self._lock, self._within(models().process.seconds_to_answer) as process:
            _send(process, {"rows": len(asked)}, np.ascontiguousarray(asked, "<f8").tobytes())
            return _answers(process, len(asked))

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                self._command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                env=_ENVIRONMENT, cwd="/",
            )  # fmt: skip
            weakref.finalize(self, _end, self._process)
            with _ended_after(self._process, models().process.seconds_to_load):
                told = {"kind": self._kind, "schema": self._schema.to_json(), "bytes": len(self._weights)}
                _send(self._process, told, self._weights)
                head = _head(self._process)
                self._shapes, self._fitted = _shapes(head), int(head["fitted"])
        return self._process

    @contextmanager
    def _within(self, seconds: int) -> Iterator[subprocess.Popen[bytes]]:
        process = self._running()
        with _ended_after(process, seconds):
            yield process

    def _command(self) -> list[str]:
        program = [sys.executable, "-m", "ml.own.worker"]
        return [*sandbox(), *program] if self._confined else program


_ENVIRONMENT = {
    "PYTHONPATH": str(_CODE), "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
}  # fmt: skip


def sandbox() -> list[str]:
    """Return the command that shows a process the interpreter, this package and its policy, and nothing else."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise LearningRefused(
            "A researcher's own model is run inside bubblewrap, which is not installed", todo="Install bubblewrap"
        )
    shown = [Path(each) for each in _SYSTEM if Path(each).exists()]
    shown += sorted({Path(sys.prefix), Path(sys.base_prefix), FILE, *(_CODE / each for each in _SHOWN)})
    binds = [part for each in shown for part in ("--ro-bind", str(each), str(each))]
    return [
        bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--dev", "/dev", *binds,
        "--remount-ro", "/", "--chdir", "/",
    ]  # fmt: skip


@contextmanager
def _ended_after(process: subprocess.Popen[bytes], seconds: int) -> Iterator[None]:
    """End the process when it takes longer, or when anything goes wrong: what it would say next answers nothing."""
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    try:
        yield
    except Refusal:
        raise
    except BaseException as error:
        _end(process)
        if not isinstance(error, OSError | ValueError | TypeError | KeyError | LearningRefused):
            raise
        raise LearningRefused(
            "The program that runs the model stopped, or took too long", where="model", todo="Make the model smaller"
        ) from None
    finally:
        timer.cancel()


class Refusal(LearningRefused):
    """What the model's process refused in a sentence: it goes on."""


def _send(process: subprocess.Popen[bytes], head: dict[str, Any], body: bytes = b"") -> None:
    out = _pipe(process.stdin)
    out.write(json.dumps(head).encode() + b"\n" + body)
    out.flush()


def _head(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    told = json.loads(_pipe(process.stdout).readline(_MOST_HEAD))
    if not isinstance(told, dict):
        raise LearningRefused(_NO_ANSWER, where="model")
    if "refused" in told:
        sentence = "".join(each for each in str(told["refused"])[:_MOST_SENTENCE] if each.isprintable())
        raise Refusal(sentence.removesuffix("."))
    return told


def _answers(process: subprocess.Popen[bytes], count: int) -> Asked:
    _head(process)
    told = _numbers(process, count)
    if not np.isfinite(told).all():
        raise LearningRefused(_NO_ANSWER, where="model")
    return told


def _numbers(process: subprocess.Popen[bytes], count: int) -> Asked:
    raw = _pipe(process.stdout).read(count * 8)
    return np.frombuffer(raw, "<f8", count)


def _shapes(told: dict[str, Any]) -> list[tuple[int, ...]]:
    shapes = [tuple(int(size) for size in shape) for shape in told["arrays"]]
    if any(size < 0 for shape in shapes for size in shape) or sum(map(math.prod, shapes)) > models().onnx.numbers:
        raise LearningRefused(_NO_ANSWER, where="model")
    return shapes


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise LearningRefused(_NO_ANSWER, where="model")
    return pipe


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):  # what was not yet written has nobody to read it
                pipe.close()
