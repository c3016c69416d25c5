"""Randomness that privacy stands on: a ChaCha20 stream under a secret key, Gaussian noise and Poisson draws from it.

Each step and purpose has a stream of its own, so a training that is resumed repeats its very noise and spends nothing
twice. Noise is added on a grid: sums are rounded to multiples of the clipping bound's :data:`GRID`, and so is the
noise. For a sum on the grid, rounding the noise is rounding the noisy sum: the output is post-processing of the exact
Gaussian mechanism and has no low bits that tell of its inputs (Mironov, "On significance of the least significant bits
for differential privacy", 2012). What is left is the distance of 63-bit uniforms from real ones, under 1e-18 a draw.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import torch

KEY_BYTES = 32
GRID = 2.0**-24
# What a step's noise is widened by: it covers the rounding to the grid (at most GRID * sqrt(parameters) / 2 for each of
# two sums, so up to 2**28 parameters) and float32's own error in a norm and in a sum.
SLACK = 2.0**-10
# What a stream is for; each step of each purpose has its own.
DRAWS, STEPS, PREPARING, JUDGING, SEARCHING = 1, 2, 3, 4, 5
_OF_A_TRIAL = 2**32  # steps: no trial has so many
_SPAN = 2.0**-63

Bytes = Callable[[int, int, int], bytes | bytearray]


def chacha20(key: bytes) -> Bytes:
    """Return the source of bytes under a key: ``(purpose, step, count)`` names the stream and how much of it."""
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

    def source(purpose: int, step: int, count: int) -> bytearray:
        # RFC 8439, section 2.3: a 32-bit block counter, then 96 bits that no other stream under this key has.
        told = bytearray(count)
        nonce = struct.pack("<IIQ", 0, purpose, step)
        Cipher(ChaCha20(key, nonce), mode=None).encryptor().update_into(bytes(count), told)
        return told

    return source


def ahead(source: Bytes) -> Bytes:
    """Return a source that gives the same bytes, and makes those of the next step meanwhile, in a thread.

    It is for where a step is done elsewhere, as on a GPU: the cipher then runs beside it, not before it.
    """
    thread, coming = ThreadPoolExecutor(1), dict[tuple[int, int, int], Future[bytes | bytearray]]()

    def told(purpose: int, step: int, count: int) -> bytes | bytearray:
        ready = coming.pop((purpose, step, count), None)
        coming[purpose, step + 1, count] = thread.submit(source, purpose, step + 1, count)
        return ready.result() if ready else source(purpose, step, count)

    return told


def from_the_system(purpose: int, step: int, count: int) -> bytes:
    """Return bytes of the system's own generator: never the same twice, so nothing that is resumed may use it."""
    return os.urandom(count)


class Noise:
    """Draws and noise of one training.

    Parameters
    ----------
    source
        Where the bytes come from: :func:`chacha20` of a key that nobody else holds, or :func:`from_the_system`.
    """

    def __init__(self, source: Bytes) -> None:
        self._source = source

    @classmethod
    def under(cls, key: bytes) -> Noise:
        """Return the randomness under a key of :data:`KEY_BYTES`."""
        return cls(chacha20(key))

    def of_trial(self, trial: int) -> Noise:
        """Return the randomness of one trial of a search, from 1: streams that neither it nor another trial has."""
        first = trial * _OF_A_TRIAL
        return Noise(lambda purpose, step, count: self._source(purpose, first + step, count))

    def uniform(self, step: int, purpose: int) -> float:
        """Return a number from 0 to under 1, of 63 bits."""
        (bits,) = struct.unpack("<Q", self._source(purpose, step, 8))
        return min(float(bits >> 1) * _SPAN, 1 - 2.0**-53)

    def gaussian(self, step: int, count: int, device: torch.device | str = "cpu", purpose: int = STEPS) -> torch.Tensor:
        """Return standard normal numbers, float64, shape (count,): Box and Muller's of 63-bit uniforms."""
        half = (count + 1) // 2
        raw = bytearray(self._source(purpose, step, 16 * half))
        bits = torch.frombuffer(raw, dtype=torch.int64).to(device)
        first, second = (bits & (2**63 - 1)).to(torch.float64).split(half)
        radius = first.add_(0.5).mul_(_SPAN).log_().mul_(-2).sqrt_()
        angle = second.mul_(2 * math.pi * _SPAN)
        return torch.cat([radius * angle.cos(), radius * angle.sin()])[:count]

    def drawn(self, step: int, persons: int, rate: float) -> npt.NDArray[np.int64]:
        """Return which persons are in a step's batch: each with probability ``rate``, independently of all others.

        The gaps between persons drawn are geometric, so the cost follows the batch and not the table.
        """
        if rate >= 1:
            return np.arange(persons)
        expected = persons * rate
        count = int(expected + 10 * math.sqrt(expected) + 20)
        while True:
            bits = np.frombuffer(self._source(DRAWS, step, 8 * count), np.uint64)
            uniforms = (bits >> np.uint64(1)).astype(float) * _SPAN + _SPAN / 2
            at = np.cumsum(np.minimum(np.floor(np.log(uniforms) / math.log1p(-rate)), persons) + 1) - 1
            if at[-1] >= persons:
                return at[at < persons].astype(np.int64)
            count *= 2


def noisy_sum(total: torch.Tensor, noise: torch.Tensor, clip: float, multiplier: float) -> torch.Tensor:
    """Return a sum with Gaussian noise for a sensitivity of ``clip``, both on the grid, in the sum's own type.

    Parameters
    ----------
    total : Tensor
        Sum over persons of what each gives, of norm at most ``clip``; shape (parameters,).
    noise : Tensor
        Standard normal numbers, float64, of the same shape.
    multiplier : float
        Standard deviation as a multiple of the clipping bound.
    """
    unit = clip * GRID
    spread = multiplier * (1 + SLACK) / GRID
    return (total.to(torch.float64).div_(unit).round_() + noise.mul_(spread).round_()).mul_(unit).to(total.dtype)
