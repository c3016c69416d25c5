"""Private training on a GPU beside its peers: ``python -m tests.bench.learning_gpu --out FILE``.

Needs torch and numpy, and Opacus where it is installed. Prints a table and writes the same as JSON: for each network
and each way the rows a second (median of single steps taken in turn), the peak memory of a step, and ours as a ratio
to the others; and how far ours is from clipping each person's gradient explicitly.
"""

from __future__ import annotations

import argparse
import json
import statistics
import warnings
from pathlib import Path
from typing import Any

import torch

from tests.bench import learning_ways
from tests.bench.learning_ways import Data, Work, apart, measure, perceptron, rows_a_second, transformer


def main() -> None:
    """Measure the perceptron and the transformer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=200, help="how long all of it may measure")
    parser.add_argument("--tiny", action="store_true", help="small networks, to try the script itself")
    options = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    told: dict[str, Any] = {"device": torch.cuda.get_device_name() if device == "cuda" else "cpu"}
    told |= {"torch": torch.__version__, "works": []}
    warnings.simplefilter("ignore")  # what Opacus's hooks and torch.func say of themselves
    works = _works(options.tiny)
    for work in works:
        torch.manual_seed(0)
        told["works"].append(_one(work, device, options.seconds / len(works), 2000 if options.tiny else 500_000))
        options.out.write_text(json.dumps(told, indent=2))  # what is known so far outlives a limit


def _works(tiny: bool) -> list[Work]:
    if tiny:
        return [perceptron(64), transformer(32, features=4, width=16, depth=1, heads=2)]
    return [perceptron(4096), perceptron(16_384), transformer(2048), transformer(8192, width=64)]


def _one(work: Work, device: str, within: float, rows: int) -> dict[str, Any]:
    data = Data.of(work, rows, device)
    memory = _memory(work, data) if device == "cuda" else {}
    took = measure(work, data, device, within)
    speeds = {name: rows_a_second(work, each) for name, each in took.items()}
    parameters = sum(each.numel() for each in work.ours().parameters())
    print(f"\n{work.name}, {parameters:,} parameters, batch {work.batch:,}", flush=True)
    for name, speed in speeds.items():
        times, space = speeds["ours"] / speed, f"{memory[name]:>8,.0f} MiB" if name in memory else ""
        print(f"  {name:<34} {speed:>12,.0f} rows/s  ours is {times:>7.2f}x  {space}", flush=True)
    told = apart(work, device)
    print(f"  furthest from explicit clipping: {told:.1e} of the gradient's norm", flush=True)
    spread = {name: [1000 * at for at in statistics.quantiles(each)] for name, each in took.items() if len(each) > 1}
    return {
        "work": work.name, "parameters": parameters, "batch": work.batch, "rows_a_second": speeds,
        "quartiles_ms": spread,
        "steps": {name: len(each) for name, each in took.items()}, "peak_mib": memory, "apart": told,
    }  # fmt: skip


def _memory(work: Work, data: Data) -> dict[str, float]:
    """Return what each way's step takes of the device's memory at most, in MiB, beyond the data's own."""
    told = {}
    for name, way in learning_ways.ways().items():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        once = way(work, data)
        once()
        once()
        torch.cuda.synchronize()
        told[name] = (torch.cuda.max_memory_allocated() - before) / 2**20
        del once
    return told


if __name__ == "__main__":
    main()
