"""Closed-form clipping is per-person clipping: the same gradients as an explicit loop over persons gives, to 1e-5."""

from __future__ import annotations

from itertools import pairwise
from unittest import mock

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from ml import kernels
from ml.captured import Captured
from ml.clipping import clipped_gradients
from ml.descent import Mechanism, Pace, State, clipped_sum, place, step
from ml.kernels import mapped, summed
from ml.layers import Affine, Embedding, Linear, Offsets
from ml.noise import Noise, ahead, chacha20, noisy_sum


def one_by_one(model, losses, persons: int, clip: float):
    """Return the sum of gradients, each person's made alone by plain autograd and cut."""
    totals = [torch.zeros_like(each) for each in model.parameters()]
    for person in range(persons):
        parts = torch.autograd.grad(losses(slice(person, person + 1)).sum(), list(model.parameters()))
        norm = torch.sqrt(sum(part.square().sum() for part in parts))
        for total, part in zip(totals, parts, strict=True):
            total += part * min(1.0, clip / float(norm.clamp_min(1e-12)))
    return totals


def agrees(model, losses, persons: int, clip: float) -> None:
    wanted = one_by_one(model, losses, persons, clip)
    clipped_gradients(model, lambda: losses(slice(None)), clip)
    for name, total in zip(dict(model.named_parameters()), wanted, strict=True):
        told = dict(model.named_parameters())[name].grad
        assert torch.allclose(told, total, rtol=1e-5, atol=1e-5 * clip), name


LEAST = st.sampled_from((0, kernels._LEAST))  # at 0 every product is made by the library that large ones are made by
WIDTHS = st.integers(1, 40)


@settings(max_examples=60, deadline=None)
@given(
    persons=st.integers(1, 9),
    rows=st.lists(st.integers(1, 4), max_size=2),
    widths=st.lists(st.integers(1, 9), min_size=2, max_size=4),
    clip=st.sampled_from((0.01, 0.5, 3.0, 1000.0)),
    least=LEAST,
    seed=st.integers(0, 99),
)
def test_networks_of_linear_layers(persons, rows, widths, clip, least, seed):
    torch.manual_seed(seed)
    layers = [part for a, b in pairwise(widths) for part in (Linear(a, b), nn.Tanh())]
    model = nn.Sequential(*layers)
    inputs = torch.randn(persons, *rows, widths[0])

    def losses(which: slice) -> torch.Tensor:
        return model(inputs[which]).square().reshape(len(inputs[which]), -1).sum(1)

    with mock.patch.object(kernels, "_LEAST", least):
        agrees(model, losses, persons, clip)


@settings(max_examples=40, deadline=None)
@given(
    persons=st.integers(1, 9), before=WIDTHS, after=WIDTHS, layout=st.sampled_from(("whole", "turned", "one for all")),
    seed=st.integers(0, 99),
)  # fmt: skip
def test_products_are_what_they_say_however_their_factors_lie_in_memory(persons, before, after, layout, seed):
    torch.manual_seed(seed)

    def made(width: int) -> torch.Tensor:
        if layout == "turned":
            return torch.randn(width, persons).T
        return torch.randn(persons, width) if layout == "whole" else torch.randn(1, 1).expand(persons, width)

    inputs, told, weight, bias = made(before), made(after), torch.randn(after, before), torch.randn(after)
    near = {"rtol": 1e-5, "atol": 1e-4}
    with mock.patch.object(kernels, "_LEAST", 0):
        assert torch.allclose(summed(told, inputs, weight), told.T @ inputs, **near)
        inputs = inputs.detach().requires_grad_()
        output = mapped(inputs, weight, bias)
        assert torch.allclose(output, inputs @ weight.T + bias, **near)
        (gradient,) = torch.autograd.grad(output, inputs, told)
    assert torch.allclose(gradient, told @ weight, **near)


@settings(max_examples=40, deadline=None)
@given(persons=st.integers(1, 600), rate=st.floats(0.01, 1), divisor=st.floats(1, 600), seed=st.integers(0, 99))
def test_whoever_fills_a_batch_up_gives_nothing_to_its_sum(persons, rate, divisor, seed):
    torch.manual_seed(seed)
    noise, model = Noise.under(seed.to_bytes(32, "big")), nn.Sequential(Linear(17, 17), nn.Tanh(), Linear(17, 1))
    inputs, sizes = torch.randn(persons, 17), []

    def losses(which: torch.Tensor | slice) -> torch.Tensor:
        sizes.append(len(inputs[which]))
        return (model(inputs[which]) - 9).square().sum(1)

    mechanism = Mechanism(noise=1e-9, rate=rate, steps=1, clip=0.7, divisor=divisor)
    drawn = torch.from_numpy(noise.drawn(0, persons, rate))
    wanted = torch.cat([each.reshape(-1) for each in one_by_one(model, lambda at: losses(drawn[at]), len(drawn), 0.7)])
    state, sizes[:] = State.of(model), []
    before = state.weights.clone()
    place(model, state.weights)
    step(model, state, losses, persons, mechanism, Pace(1.0), noise)
    assert torch.allclose((before - state.weights) * divisor, wanted, rtol=1e-4, atol=1e-5 * (divisor + len(drawn)))
    unit = max(1, int(divisor) // 32)
    filled = [size + -size % unit for size in sizes]  # so many as all are everybody: up to there none is filled
    assert all(size in (persons, full) or full == persons for size, full in zip(sizes, filled, strict=True))


def test_what_was_captured_is_run_again_on_whoever_is_drawn_then():
    torch.manual_seed(0)
    model, inputs, recordings = nn.Sequential(Linear(5, 7), nn.Tanh(), Linear(7, 1)), torch.randn(40, 5), []

    def losses(which: torch.Tensor) -> torch.Tensor:
        return model(inputs[which]).square().sum(1)

    def recorder(work):  # stands for a CUDA graph: it fills again the place that it returned
        told = work()
        recordings.append(len(recordings))
        return lambda: told.copy_(work()), told

    sums = Captured(recorder)
    for at in (range(8), range(30, 38), range(12), range(20, 28)):
        which, counted = torch.tensor(list(at)), (torch.arange(len(at)) < 6).float()
        assert torch.equal(sums(model, losses, which, counted, 0.5), clipped_sum(model, losses, which, counted, 0.5))
    assert len(recordings) == 2  # one for each size


def test_bytes_made_ahead_are_the_same_bytes():
    source, told = chacha20(bytes(32)), []
    quick = ahead(lambda *asked: told.append(asked) or source(*asked))
    for asked in ((1, 0, 40), (2, 0, 99), (1, 1, 40), (2, 1, 99), (1, 1, 40), (1, 2, 80), (2, 7, 99)):
        assert quick(*asked) == source(*asked)
    assert (1, 2, 40) in told


class Everything(nn.Module):
    """One layer of each kind, on codes that repeat within a person."""

    def __init__(self) -> None:
        super().__init__()
        self.vectors, self.places, self.gains = Embedding(5, 6), Offsets(3, 6), Affine(6)
        self.within, self.last = Linear(6, 6), Linear(6, 1)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        held = self.gains(self.places(self.vectors(codes)))
        mixed = nn.functional.scaled_dot_product_attention(held, self.within(held), held)
        return self.last(torch.tanh(mixed)).squeeze(-1)


@settings(max_examples=30, deadline=None)
@given(
    persons=st.integers(1, 7),
    rows=st.integers(0, 4),
    clip=st.sampled_from((0.05, 1.0, 1000.0)),
    seed=st.integers(0, 99),
)
def test_every_layer_with_attention_and_several_rows_of_a_person(persons, rows, clip, seed):
    torch.manual_seed(seed)
    model = Everything()
    codes = torch.randint(0, 5, (persons, *([rows] if rows else []), 3))

    def losses(which: slice) -> torch.Tensor:
        return model(codes[which]).sin().reshape(len(codes[which]), -1).sum(1)

    agrees(model, losses, persons, clip)


def test_a_layer_used_twice_is_refused_rather_than_clipped_wrongly():
    layer = Linear(3, 3)
    with pytest.raises(ValueError, match="used twice"):
        clipped_gradients(layer, lambda: layer(layer(torch.ones(2, 3))).sum(1), 1.0)


@settings(max_examples=30, deadline=None)
@given(rows=st.integers(1, 30), size=st.floats(0.1, 1000), seed=st.integers(0, 99))
def test_a_whole_person_changes_the_sum_by_no_more_than_the_bound(rows, size, seed):
    torch.manual_seed(seed)
    model = nn.Sequential(Linear(4, 8), nn.Tanh(), Linear(8, 1))
    others, person = torch.randn(6, rows, 4), size * torch.randn(1, rows, 4)

    def total(inputs: torch.Tensor) -> torch.Tensor:
        clipped_gradients(model, lambda: (model(inputs) - 9).square().sum((1, 2)), 0.7)
        return torch.cat([each.grad.reshape(-1) for each in model.parameters()])

    moved = (total(torch.cat([others, person])) - total(others)).norm()
    assert moved <= 0.7 * (1 + 2**-10)
    assert moved > 0.69  # the loss is far off, so the bound is what holds it: without clipping it would be passed


def test_the_noise_is_normal_and_of_the_spread_that_was_asked():
    from scipy import stats

    told = Noise.under(bytes(32)).gaussian(0, 200_001)
    assert len(told) == 200_001
    assert stats.kstest(told.numpy(), "norm").pvalue > 1e-3
    noisy = noisy_sum(torch.zeros(200_000), Noise.under(bytes(32)).gaussian(1, 200_000), 0.5, 3.0)
    assert abs(float(noisy.std()) / 1.5 - 1) < 0.01


def test_streams_repeat_under_their_key_and_differ_by_step_and_key():
    noise, again, other = Noise.under(bytes(32)), Noise.under(bytes(32)), Noise.under(b"k" * 32)
    assert torch.equal(noise.gaussian(3, 9), again.gaussian(3, 9))
    assert not torch.equal(noise.gaussian(3, 9), noise.gaussian(4, 9))
    assert not torch.equal(noise.gaussian(3, 9), other.gaussian(3, 9))


def test_what_leaves_lies_on_the_grid_whatever_went_in():
    noise = Noise.under(bytes(32))
    for shift in (0.0, 0.1, 1 / 3):
        out = noisy_sum(torch.full((50,), shift, dtype=torch.float64), noise.gaussian(0, 50), 0.5, 1.0)
        steps = out / (0.5 * 2.0**-24)
        assert torch.equal(steps, steps.round())


@settings(max_examples=20, deadline=None)
@given(persons=st.integers(1, 4000), rate=st.floats(0.0005, 0.999), seed=st.integers(0, 99))
def test_each_person_is_drawn_alone_with_the_rate(persons, rate, seed):
    noise = Noise.under(seed.to_bytes(32, "big"))
    drawn = [noise.drawn(step, persons, rate) for step in range(30)]
    for each in drawn:
        assert (each[1:] > each[:-1]).all()
        assert each.size == 0 or (each[0] >= 0 and each[-1] < persons)
    total, expected = sum(each.size for each in drawn), 30 * persons * rate
    assert abs(total - expected) <= 6 * (expected * (1 - rate)) ** 0.5 + 6


def test_a_full_batch_is_everybody_and_a_small_rate_gives_empty_ones():
    noise = Noise.under(bytes(32))
    assert noise.drawn(0, 5, 1.0).tolist() == [0, 1, 2, 3, 4]
    assert sum(noise.drawn(step, 10, 0.001).size == 0 for step in range(100)) > 90
