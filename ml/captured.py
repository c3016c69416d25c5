"""A GPU's sum of clipped gradients, launched as one.

A step of a small network is hundreds of small kernels that take longer to launch, one by one, than to run. A CUDA graph
is recorded once and launched whole. What it works on lies at fixed places, in a fixed size: there is a graph for each
of the few sizes that batches are filled up to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from ml.descent import Losses, clipped_sum

_WARM = 3  # runs before a recording, in which libraries choose their kernels and take their memory

# Given some work, returns what does it again on whatever its tensors then hold, and where its result will lie.
Recorder = Callable[[Callable[[], torch.Tensor]], tuple[Callable[[], None], torch.Tensor]]


class Captured:
    """Does what :func:`ml.descent.clipped_sum` does, for one model and one set of losses on a GPU.

    Parameters
    ----------
    recorder : callable, optional
        What records; by default :func:`on_a_gpu`.
    """

    def __init__(self, recorder: Recorder | None = None) -> None:
        self._recorder = recorder or on_a_gpu()
        self._held: dict[int, tuple[torch.Tensor, torch.Tensor, Callable[[], None], torch.Tensor]] = {}

    def __call__(
        self, model: nn.Module, losses: Losses, at: torch.Tensor, counted: torch.Tensor, clip: float
    ) -> torch.Tensor:
        """Return the sum; it holds until the next call."""
        if len(at) not in self._held:
            places = at.clone(), counted.clone()
            again, total = self._recorder(lambda: clipped_sum(model, losses, *places, clip))
            self._held[len(at)] = (*places, again, total)
        place, weights, again, total = self._held[len(at)]
        place.copy_(at)
        weights.copy_(counted)
        again()
        return total


def on_a_gpu() -> Recorder:
    """Return what records CUDA graphs. They share their memory: only one runs at a time, and its result is read then.

    Parameters and data are read from where they lay while it was recorded.
    """
    pool = torch.cuda.graph_pool_handle()

    def recorded(work: Callable[[], torch.Tensor]) -> tuple[Callable[[], None], torch.Tensor]:
        aside: Any = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(_WARM):
                work()
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=pool):
            total = work()
        return graph.replay, total

    return recorded
