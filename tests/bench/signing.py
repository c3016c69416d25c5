"""Signing a model of a gigabyte and verifying it as a deployer does, beside SHA-256 of the same files alone."""

from __future__ import annotations

import hashlib
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ml.released import PACKAGE, SIGNATURE, Statement, package_digest, verify_released
from ml.signing import new_key, public_key, sign
from tests.bench.harness import Row, row

BYTES = 10**9
TURNS = {"small": 5, "medium": 9, "large": 9}
_CHUNK = 2**20
# Of memory where there is some: the disk would weigh more on both than what is compared.
_MEMORY = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else None


def rows(size: str, seed: int) -> Iterator[Row]:
    """Measure each in turn; the ratio is the median over the turns, by the clock and by the processor."""
    with tempfile.TemporaryDirectory(dir=_MEMORY) as scratch:
        folder, key = Path(scratch) / "model", new_key()
        public = Path(scratch) / "key.pem"
        public.write_bytes(public_key(key))
        files = _model(folder, seed)
        works: dict[str, Callable[[], object]] = {
            "plain": lambda: [_sha256(path) for path in files],
            "sign": lambda: sign(folder, folder / SIGNATURE, key),
            "verify": lambda: verify_released(folder, public, name="frailty-risk", release="release-1"),
        }
        works["sign"]()
        took = [{name: _took(work) for name, work in works.items()} for _ in range(TURNS[size])]
    for name in ("sign", "verify"):
        for nth, clock in enumerate(("wall", "processor")):
            ratio = statistics.median(turn[name][nth] / turn["plain"][nth] for turn in took)
            yield row("learning", f"{name} a model of 1 GB, {clock}, times SHA-256", ratio, "<= 1.5", size, seed)


def _model(folder: Path, seed: int) -> list[Path]:
    """Make a signed model's folder, all of it noise, and return its files; the last is as large as all others."""
    drawn = random.Random(seed)
    chunk = drawn.randbytes(_CHUNK)
    (folder / PACKAGE).mkdir(parents=True)
    sizes = {"model.json": BYTES // 4, "card.json": BYTES // 4, "weights.safetensors": BYTES // 2}
    for name, length in sizes.items():
        with (folder / PACKAGE / name).open("wb") as out:
            for first in range(0, length, _CHUNK):
                out.write(chunk[: length - first])
    files = [folder / PACKAGE / name for name in sizes]
    digest = package_digest({path.name: _sha256(path) for path in files})
    Statement("frailty-risk", "release-1", "risk", digest).write(folder)
    return files


def _sha256(path: Path) -> str:
    with path.open("rb") as read:
        return hashlib.file_digest(read, "sha256").hexdigest()


def _took(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds that it took, by the clock and by the processor, of all threads."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - processor
