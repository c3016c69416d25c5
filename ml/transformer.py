"""A tabular transformer whose every layer clips in closed form.

Each feature becomes a token, a number by a learned direction and a code by a vector of its own (Gorishniy and others,
"Revisiting deep learning models for tabular data", 2021, section 3.3); blocks of attention, normalised before, mix
them, and a token of its own is read out. No dropout: noise is added to the gradients already.
"""

from __future__ import annotations

import torch
from torch import nn

from ml.layers import Affine, Embedding, Linear, Offsets


class TabularTransformer(nn.Module):
    """Maps features to one score.

    Parameters
    ----------
    numbers : int
        How many features are numbers; they come first.
    codes : tuple of int
        For each other feature, how many codes it has.
    width, depth, heads : int
        Width of a token, number of blocks, heads of attention in each.
    """

    starts: torch.Tensor

    def __init__(self, numbers: int, codes: tuple[int, ...], width: int = 32, depth: int = 2, heads: int = 4) -> None:
        super().__init__()
        self.numbers = numbers
        starts = torch.tensor([sum(codes[:at]) for at in range(len(codes))], dtype=torch.int64)
        self.register_buffer("starts", starts, persistent=False)
        self.directions = Affine(numbers, width) if numbers else None
        self.vectors = Embedding(sum(codes), width) if codes else None
        self.places = Offsets(1 + numbers + len(codes), width)
        self.blocks = nn.Sequential(*(_Block(width, heads) for _ in range(depth)))
        self.last = nn.Sequential(*_normal(width), Linear(width, 1))
        for each in (self.places.values, *([self.directions.factors] if self.directions else [])):
            nn.init.normal_(each, std=width**-0.5)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return scores, shape (persons, ..., 1), of features, shape (persons, ..., features)."""
        numbers, codes = features[..., : self.numbers], features[..., self.numbers :]
        parts = [features.new_zeros((*features.shape[:-1], 1, self.places.values.shape[1]))]
        if self.directions is not None:
            width = self.places.values.shape[1]
            parts.append(self.directions(numbers[..., None].expand(*numbers.shape, width)))
        if self.vectors is not None:
            parts.append(self.vectors(codes.to(torch.int64) + self.starts))
        held: torch.Tensor = self.last(self.blocks(self.places(torch.cat(parts, dim=-2)))[..., 0, :])
        return held


def _normal(width: int) -> tuple[nn.Module, nn.Module]:
    return nn.LayerNorm(width, elementwise_affine=False), Affine(width)


class _Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before = nn.Sequential(*_normal(width), Linear(width, 3 * width))
        self.mixed = Linear(width, width)
        self.after = nn.Sequential(*_normal(width), Linear(width, 2 * width), nn.GELU(), Linear(2 * width, width))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        split = [
            each.unflatten(-1, (self.heads, -1)).transpose(-2, -3) for each in self.before(tokens).chunk(3, dim=-1)
        ]
        heads = nn.functional.scaled_dot_product_attention(*split)
        tokens = tokens + self.mixed(heads.transpose(-2, -3).flatten(-2))
        return tokens + self.after(tokens)
