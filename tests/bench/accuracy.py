"""Accuracy against epsilon on public data: what the page of a privacy budget draws, beside what each choice costs.

``python -m tests.bench.accuracy`` writes it anew. Adult is public, so the curve tells of nobody in this environment,
and looking at it costs nothing.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from tests.bench.learning_data import ADULT, DELTA, Way, adult, adult_private, adult_regression, adult_spec, split
from tre.privacy.accuracy import CURVES

EPSILONS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
SEEDS = tuple(range(5))
FEW = 3000  # persons: about what one practice or one ward's cohort has


def curves(path: Path) -> dict[str, Any]:
    """Return the curves as JSON values: of a few persons and of all, each point a mean over seeds and its deviation."""
    frame = adult(path)
    parts = [split(frame, seed, "rich") for seed in SEEDS]
    fewer = [(train.sample(FEW, random_state=seed), test) for seed, (train, test) in zip(SEEDS, parts, strict=True)]
    return {
        "made_by": "python -m tests.bench.accuracy",
        "data": "Adult, UCI Machine Learning Repository (Becker and Kohavi 1996)",
        "source": "https://doi.org/10.24432/C5XW20",
        "model": "logistic regression on public bins, trained by ml.dp",
        "figure": "AUROC",
        "delta": DELTA,
        "seeds": list(SEEDS),
        "curves": [_curve(fewer), _curve(parts)],
    }


def _curve(parts: list[tuple[pd.DataFrame, pd.DataFrame]]) -> dict[str, Any]:
    points = [{"epsilon": epsilon, **_told(parts, adult_private(adult_spec(epsilon)))} for epsilon in EPSILONS]
    return {"persons": len(parts[0][0]), "without_privacy": _told(parts, adult_regression), "points": points}


def _told(parts: list[tuple[pd.DataFrame, pd.DataFrame]], way: Way) -> dict[str, float]:
    scores = [way(*each) for each in parts]
    return {"mean": round(statistics.mean(scores), 4), "spread": round(statistics.stdev(scores), 4)}


def main() -> None:
    """Measure, and write the curves where the page reads them."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.accuracy", description=__doc__)
    parser.add_argument("--adult", type=Path, default=ADULT, help="Adult as one CSV file with a header")
    path = parser.parse_args().adult
    if not path.is_file():
        sys.exit(f"There is no such file: {path}. Name Adult's with --adult.")
    CURVES.write_text(json.dumps(curves(path), indent=2) + "\n")


if __name__ == "__main__":
    main()
