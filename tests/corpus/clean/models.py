"""Harmless models and pictures. A checker looks at each; none may be blocked."""

from __future__ import annotations

from random import Random

import numpy as np
import skops.io
from PIL import Image
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.corpus.formats.images import image, saved
from tests.corpus.formats.models import boosted, fitted, light, mlflow_folder, network, seeded, tensors, weights
from tests.corpus.formats.raster import bars, encoded
from tests.corpus.model import Special
from tests.corpus.world import World


def _embedding(world: World, random: Random) -> bytes:
    return tensors({**weights(random), "embedding": seeded(random).normal(0, 0.1, (300, 16)).astype(np.float32)})


def _convolution(world: World, random: Random) -> bytes:
    draw = seeded(random)
    held = {f"conv{place}.weight": draw.normal(0, 0.1, (16, 8, 3, 3)).astype(np.float32) for place in range(3)}
    return tensors(
        {
            **held,
            "norm.running_mean": draw.normal(0, 1, 16).astype(np.float32),
            "norm.num_batches_tracked": np.array([2_000]),
        }
    )


def _half(world: World, random: Random) -> bytes:
    return tensors({name: value.astype(np.float16) for name, value in weights(random).items()})


def _pipeline(world: World, random: Random) -> bytes:
    draw = seeded(random)
    rows = draw.normal(size=(300, 5))
    return skops.io.dumps(make_pipeline(StandardScaler(), fitted(random)).fit(rows, draw.integers(0, 2, 300)))


def _trees(world: World, random: Random) -> bytes:
    draw = seeded(random)
    rows = draw.normal(size=(2_000, 5))
    wanted = (rows[:, 0] + draw.normal(size=2_000) > 0).astype(int)
    return skops.io.dumps(
        GradientBoostingClassifier(n_estimators=8, max_depth=2, min_samples_leaf=50).fit(rows, wanted)
    )


def _photograph(world: World, random: Random) -> bytes:
    """Return a picture of smooth noise, as a photograph or a map is."""
    small = Image.fromarray(seeded(random).integers(0, 255, (24, 32, 3), dtype=np.uint8))
    return encoded(small.resize((480, 360), Image.Resampling.BICUBIC), "JPEG")


def _noisy(world: World, random: Random) -> bytes:
    return encoded(Image.fromarray(seeded(random).integers(0, 255, (200, 300), dtype=np.uint8)), "PNG")


def _chart(kind: str) -> Special:
    suffix = {"PNG": "png", "JPEG": "jpg", "GIF": "gif", "TIFF": "tif"}[kind]
    return Special(suffix, "a bar chart", lambda world, random: encoded(bars(random), kind), fair="review", variants=5)


MODELS = (
    Special(
        "safetensors", "a small network", lambda world, random: tensors(weights(random)), fair="review", variants=6
    ),
    Special("safetensors", "an embedding", _embedding, fair="review", variants=4),
    Special("safetensors", "a convolution", _convolution, fair="review", variants=4),
    Special("safetensors", "a network of half precision", _half, fair="review", variants=4),
    Special(
        "onnx",
        "a logistic regression",
        lambda world, random: network(random).SerializeToString(),
        fair="review",
        variants=5,
    ),
    Special(
        "skops",
        "a logistic regression",
        lambda world, random: skops.io.dumps(fitted(random)),
        fair="review",
        variants=4,
    ),
    Special("skops", "a pipeline", _pipeline, fair="review", variants=4),
    Special("skops", "boosted trees", _trees, fair="review", variants=4),
    Special("json", "an XGBoost model", lambda world, random: boosted(random), fair="review", variants=4),
    Special("txt", "a LightGBM model", lambda world, random: light(random), fair="review", variants=4),
    Special("zip", "an MLflow model", lambda world, random: mlflow_folder(random), fair="review", variants=4),
    *(_chart(kind) for kind in ("PNG", "JPEG", "GIF", "TIFF")),
    Special("jpg", "a picture without text", _photograph, fair="review", variants=4),
    Special("png", "noise", _noisy, fair="review", variants=3),
    Special(
        "dcm", "an image without an identity", lambda world, random: saved(image(random)), fair="review", variants=5
    ),
)
