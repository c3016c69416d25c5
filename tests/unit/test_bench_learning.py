"""What private training is measured by: the same work for every way, on a machine that has torch and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch

from tests.bench import learning_gpu
from tests.bench.learning_ways import Data, apart, perceptron, transformer, ways
from tests.conftest import REPOSITORY

SMALL = [perceptron(16), transformer(8, features=3, width=8, depth=1, heads=2)]


@pytest.mark.parametrize("work", SMALL, ids=lambda work: work.name)
def test_ours_clips_the_measured_networks_as_a_loop_over_persons_does(work):
    torch.manual_seed(0)
    assert apart(work, "cpu") < 1e-5


@pytest.mark.parametrize("work", SMALL, ids=lambda work: work.name)
def test_every_way_steps(work):
    data = Data.of(work, 200, "cpu")
    for way in ways().values():
        way(work, data)()


def test_the_script_needs_torch_and_numpy_alone():
    heavy = ("pandas", "django", "sklearn", "scipy", "opacus", "dp_accounting", "cryptography", "safetensors")
    code = f"import sys, tests.bench.learning_gpu; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "[]", done.stderr


def test_the_script_writes_what_it_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["learning_gpu", "--out", str(tmp_path / "out.json"), "--tiny", "--seconds", "1"])
    learning_gpu.main()
    told = json.loads((tmp_path / "out.json").read_text())["works"]
    assert [each["work"] for each in told] == ["mlp", "transformer"]
    assert all(each["rows_a_second"].keys() == ways().keys() for each in told)
