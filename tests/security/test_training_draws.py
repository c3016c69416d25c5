"""Who was not drawn into a step of private training moves nothing of it: the price is that of the draw."""

from __future__ import annotations

import pytest
import torch

from ml.descent import Mechanism, Pace, State, place, step
from ml.losses import losses_by_person
from ml.networks import network
from ml.noise import Noise
from ml.spec import Numeric, TrainingSpec

SPEC = TrainingSpec("pseudonym", "died", (Numeric("age", 0, 100),), (), epsilon=4.0, delta=1e-6)


@pytest.mark.parametrize("persons", [62, 63, 64])
def test_who_was_not_drawn_moves_nothing_though_the_batch_is_filled_up_to_as_many_as_there_are(persons: int):
    mechanism = Mechanism(noise=1.0, rate=0.98, steps=40, clip=1.0, divisor=32 * 2.0)
    features, wanted = torch.linspace(-1, 1, persons).reshape(-1, 1), torch.zeros(persons)
    noise, rows = Noise.under(bytes(32)), torch.arange(persons).reshape(-1, 1)

    def moved(at: int, wanted: torch.Tensor) -> torch.Tensor:
        torch.manual_seed(0)
        model = network(SPEC)
        state = State.of(model)
        state.step = at
        place(model, state.weights)
        losses = losses_by_person(SPEC, model, features, wanted, rows)
        step(model, state, losses, persons, mechanism, Pace(1.0), noise)
        return state.weights.clone()

    left_out = 0
    for at in range(mechanism.steps):
        drawn = torch.zeros(persons).index_fill_(0, torch.from_numpy(noise.drawn(at, persons, mechanism.rate)), 1.0)
        before = moved(at, wanted)
        assert torch.equal(before, moved(at, 1 - drawn))  # those who were not drawn answer otherwise
        assert not torch.equal(before, moved(at, drawn))
        left_out += int((drawn == 0).sum())
    assert left_out > 10
