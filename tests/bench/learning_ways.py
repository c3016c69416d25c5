"""One step of training, five ways: plain, ours, explicit per-sample gradients, Opacus by ghost clipping and by hooks.

Needs torch and numpy alone, and Opacus where it is installed, so that it runs on a machine that has nothing else. Ours
pays for secure noise, on a grid; Opacus cannot (its secure mode stands on torchcsprng, which is no longer built), so
its noise is torch's own.
"""

from __future__ import annotations

import importlib.util
import itertools
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from ml.captured import Captured
from ml.descent import Losses, Mechanism, Pace, State, clipped_sum, place, step
from ml.kernels import keep_memory, taken
from ml.layers import Linear
from ml.noise import Noise, ahead, chacha20, from_the_system
from ml.transformer import TabularTransformer

CLIP, NOISE, RATE = 1.0, 1.0, 0.05
_CODES = 16


@dataclass(frozen=True)
class Work:
    """A network to train: as ours, as anybody would write it, and the data it is given."""

    name: str
    ours: Callable[[], nn.Module]
    usual: Callable[[], nn.Module]
    features: Callable[[int], torch.Tensor]
    wanted: Callable[[int], torch.Tensor]
    criterion: Callable[..., nn.Module]
    batch: int


def perceptron(batch: int) -> Work:
    """Return the network 100-256-256-2."""

    def made(linear: Callable[[int, int], nn.Module]) -> nn.Module:
        return nn.Sequential(linear(100, 256), nn.ReLU(), linear(256, 256), nn.ReLU(), linear(256, 2))

    return Work(
        "mlp", lambda: made(Linear), lambda: made(nn.Linear), lambda rows: torch.randn(rows, 100),
        lambda rows: torch.randint(0, 2, (rows,)), nn.CrossEntropyLoss, batch,
    )  # fmt: skip


def transformer(batch: int, features: int = 20, width: int = 128, depth: int = 3, heads: int = 8) -> Work:
    """Return a tabular transformer on binned features."""
    return Work(
        "transformer",
        lambda: TabularTransformer(0, (_CODES,) * features, width, depth, heads),
        lambda: _Usual(features, width, depth, heads),
        lambda rows: torch.randint(0, _CODES, (rows, features)).float(),
        lambda rows: torch.randint(0, 2, (rows, 1)).float(),
        nn.BCEWithLogitsLoss,
        batch,
    )


class _Usual(nn.Module):
    """The same transformer of torch's own layers, which Opacus knows."""

    def __init__(self, features: int, width: int, depth: int, heads: int) -> None:
        super().__init__()
        self.register_buffer("starts", torch.arange(features) * _CODES + 1, persistent=False)
        self.vectors = nn.Embedding(features * _CODES + 1, width)
        self.blocks = nn.Sequential(*(_UsualBlock(width, heads) for _ in range(depth)))
        self.last = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 1))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        codes = nn.functional.pad(features.long() + self.starts, (1, 0))
        return self.last(self.blocks(self.vectors(codes))[:, 0])


class _UsualBlock(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 3 * width))
        self.mixed = nn.Linear(width, width)
        self.after = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        split = [
            each.unflatten(-1, (self.heads, -1)).transpose(-2, -3) for each in self.before(tokens).chunk(3, dim=-1)
        ]
        mixed = nn.functional.scaled_dot_product_attention(*split).transpose(-2, -3).flatten(-2)
        tokens = tokens + self.mixed(mixed)
        return tokens + self.after(tokens)


@dataclass(frozen=True)
class Data:
    """Rows in the device's memory."""

    features: torch.Tensor
    wanted: torch.Tensor

    @classmethod
    def of(cls, work: Work, rows: int, device: str) -> Data:
        """Return made-up rows."""
        return cls(work.features(rows).to(device), work.wanted(rows).to(device))

    def batch(self, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return rows drawn at random."""
        at = torch.randint(0, len(self.features), (size,), device=self.features.device)
        return self.features[at], self.wanted[at]


def plain(work: Work, data: Data) -> Callable[[], None]:
    """Return a step of training without privacy."""
    model = work.usual().to(data.features.device)
    optimiser, criterion = torch.optim.SGD(model.parameters(), lr=RATE), work.criterion()

    def once() -> None:
        features, wanted = data.batch(work.batch)
        optimiser.zero_grad()
        criterion(model(features), wanted).backward()
        optimiser.step()

    return once


def ours(work: Work, data: Data) -> Callable[[], None]:
    """Return a step of ours: Poisson draw, closed-form clipping, secure noise."""
    model = work.ours().to(data.features.device)
    state = State.of(model)
    place(model, state.weights)
    rows, criterion = len(data.features), work.criterion(reduction="none")
    mechanism = Mechanism(NOISE, work.batch / rows, 10**6, CLIP, work.batch)
    secure = importlib.util.find_spec("cryptography") is not None
    source, on_gpu = chacha20(bytes(32)) if secure else from_the_system, data.features.is_cuda
    noise, sums = (Noise(ahead(source)), Captured()) if on_gpu else (Noise(source), clipped_sum)

    def losses(drawn: torch.Tensor) -> torch.Tensor:
        return criterion(model(taken(data.features, drawn)), taken(data.wanted, drawn)).reshape(len(drawn))

    return lambda: step(model, state, losses, rows, mechanism, Pace(RATE), noise, sums)


def explicit(work: Work, data: Data) -> Callable[[], None]:
    """Return a step that makes every person's gradient, by torch.func."""
    model = work.usual().to(data.features.device)
    criterion = work.criterion()
    held = {name: each.detach() for name, each in model.named_parameters()}

    def loss(parameters: dict[str, torch.Tensor], row: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        return criterion(torch.func.functional_call(model, parameters, (row[None],)), wanted[None])

    each_one = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))

    def once() -> None:
        with sdpa_kernel(SDPBackend.MATH):  # torch.func has no rule for the fused kernels and would loop over persons
            parts = each_one(held, *data.batch(work.batch))
        norms = torch.stack([part.flatten(1).norm(dim=1) for part in parts.values()]).norm(dim=0)
        weights = (CLIP / norms.clamp_min(1e-12)).clamp_max(1)
        for name, part in parts.items():
            total = torch.tensordot(weights, part, 1)
            total += torch.normal(0.0, CLIP * NOISE, total.shape, device=total.device)
            held[name] -= RATE / work.batch * total

    return once


def opacus(mode: str, loader: bool) -> Callable[[Work, Data], Callable[[], None]]:
    """Return a way that steps by Opacus, in one of its modes, with its own loader or on rows drawn as ours are."""

    def way(work: Work, data: Data) -> Callable[[], None]:
        from opacus import PrivacyEngine
        from torch.utils.data import DataLoader, TensorDataset

        model = work.usual().to(data.features.device)
        rows = TensorDataset(data.features.cpu(), data.wanted.cpu())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model, optimiser, *criterion, drawn = PrivacyEngine(accountant="prv").make_private(
                module=model, optimizer=torch.optim.SGD(model.parameters(), lr=RATE), criterion=work.criterion(),
                data_loader=DataLoader(rows, batch_size=work.batch), noise_multiplier=NOISE, max_grad_norm=CLIP,
                grad_sample_mode=mode,
            )  # fmt: skip
        judge = criterion[0] if criterion else work.criterion()
        batches: Iterator[tuple[torch.Tensor, torch.Tensor]] = (
            batch for _ in itertools.count() for batch in (drawn if loader else [data.batch(work.batch)])
        )

        def once() -> None:
            features, wanted = (each.to(data.features.device) for each in next(batches))
            optimiser.zero_grad()
            judge(model(features), wanted).backward()
            optimiser.step()

        return once

    return way


def ways() -> dict[str, Callable[[Work, Data], Callable[[], None]]]:
    """Return what can be measured here, by name."""
    told: dict[str, Callable[[Work, Data], Callable[[], None]]] = {
        "plain": plain, "ours": ours, "explicit per-sample gradients": explicit,
    }  # fmt: skip
    if importlib.util.find_spec("opacus") is not None:
        told |= {
            "Opacus ghost": opacus("ghost", loader=True),
            "Opacus ghost, without its loader": opacus("ghost", loader=False),
            "Opacus hooks": opacus("hooks", loader=True),
            "Opacus hooks, without its loader": opacus("hooks", loader=False),
        }
    return told


def seconds(once: Callable[[], None], device: str) -> float:
    """Return what one step takes."""
    if device == "cuda":
        torch.cuda.synchronize()
    started = time.perf_counter()
    once()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


def measure(work: Work, data: Data, device: str, within: float) -> dict[str, list[float]]:
    """Return the seconds of single steps of each way, taken in turn so that all meet the same load.

    Parameters
    ----------
    within : float
        Seconds that all of it may take. A way that is slow has fewer steps.
    """
    keep_memory()  # as a training does; it is the process's, so every way gains by it
    steps = {name: way(work, data) for name, way in ways().items()}
    for once in steps.values():
        seconds(once, device)
    took: dict[str, list[float]] = {name: [] for name in steps}
    ends = time.perf_counter() + within
    while time.perf_counter() < ends:
        for name, once in steps.items():
            if sum(took[name]) <= within / len(steps):
                took[name].append(seconds(once, device))
    return took


def rows_a_second(work: Work, took: list[float]) -> float:
    """Return rows per second at the median step."""
    return work.batch / statistics.median(took)


def apart(work: Work, device: str, persons: int = 64) -> float:
    """Return how far ours is from the sum of explicit clipped gradients, as a part of its norm (TF32 off)."""
    torch.backends.cuda.matmul.allow_tf32 = False
    model = work.ours().to(device)
    features, wanted = work.features(persons).to(device), work.wanted(persons).to(device)
    criterion, parameters = work.criterion(reduction="none"), list(model.parameters())
    total = [torch.zeros_like(each) for each in parameters]
    for at in range(persons):
        parts = torch.autograd.grad(criterion(model(features[at : at + 1]), wanted[at : at + 1]).sum(), parameters)
        norm = torch.stack([part.norm() for part in parts]).norm()
        for held, part in zip(total, parts, strict=True):
            held += part * (CLIP / norm).clamp_max(1)
    off = _told_by_ours(model, lambda at: criterion(model(features[at]), wanted[at]).reshape(len(at)), persons, device)
    held = torch.cat([each.reshape(-1) for each in total])
    return float((off - held).norm() / held.norm())


def _told_by_ours(model: nn.Module, losses: Losses, persons: int, device: str) -> torch.Tensor:
    """Return the clipped sum of all persons as a step makes it, on a GPU by launching what was recorded of others."""
    sums = Captured() if device == "cuda" else clipped_sum
    at = torch.arange(persons + 8, device=device) % persons
    for last in (1, persons):
        told = sums(model, losses, at, (torch.arange(len(at), device=device) < last).float(), CLIP)
    return told
