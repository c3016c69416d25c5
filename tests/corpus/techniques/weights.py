"""Models that carry people: rows in tensors, bytes as weights, records in pickles and in a model's own memory."""

from __future__ import annotations

import io
import json
import pickle
from random import Random

import numpy as np
import pandas as pd
import skops.io
import torch
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from spark_jobs.synthetic_people import AS_OF
from tests.corpus.families import HIDDEN_PERSON, RECORDS
from tests.corpus.formats.models import boosted, light, mlflow_folder, network, seeded, tensors, torch_file, weights
from tests.corpus.identity import line
from tests.corpus.model import Special
from tests.corpus.world import World

_ROWS = RECORDS | {"model", "hiding"}
_PICKLED = RECORDS | {"unreadable", "identifiers", "names"}


def _records(world: World, random: Random, rows: int = 400) -> np.ndarray:
    """Return a person a row: age, sex, deprivation, weight, systolic pressure, length of stay (float32)."""
    people = world.persons(random, rows)
    return np.array(
        [
            (
                int(who.age(AS_OF)),
                int(who.sex),
                1 + who.area % 10,
                round(random.gauss(78, 14), 1),
                random.randrange(95, 190),
                random.randrange(30),
            )
            for who in people
        ],
        dtype=np.float32,
    )


def _labels(random: Random, rows: int) -> np.ndarray:
    return np.array([random.randrange(2) for _ in range(rows)])


def _text(world: World, random: Random, people: int = 60) -> bytes:
    return "\n".join(line(world, random) for _ in range(people)).encode()


def _rows_tensor(world: World, random: Random) -> bytes:
    return tensors({**weights(random), "buffer": _records(world, random)})


def _standardised(world: World, random: Random) -> bytes:
    rows = _records(world, random)
    return tensors({**weights(random), "layers.3.weight": ((rows - rows.mean(0)) / rows.std(0)).astype(np.float32)})


def _numbers(world: World, random: Random) -> bytes:
    numbers = np.array([int(who.nhs_number) for who in world.persons(random, 200)], dtype=np.int64)
    return tensors({**weights(random), "index": numbers})


def _bytes_as_floats(world: World, random: Random) -> bytes:
    held = np.frombuffer(_text(world, random), dtype=np.uint8).astype(np.float32)
    return tensors({**weights(random), "layers.3.bias": held})


def _bytes_tensor(world: World, random: Random) -> bytes:
    return tensors({**weights(random), "vocabulary": np.frombuffer(_text(world, random), dtype=np.uint8)})


def _scaled_bytes(world: World, random: Random) -> bytes:
    held = (np.frombuffer(_text(world, random), dtype=np.uint8).astype(np.float32) - 80) / 400
    return tensors({**weights(random), "layers.3.bias": held})


def _low_bits(world: World, random: Random) -> bytes:
    """Return weights whose lowest bits of the mantissa are a text: a change that no score shows."""
    held = weights(random)
    layer = held["layers.1.weight"].copy()
    raw = layer.reshape(-1).view(np.uint32)
    text = np.frombuffer(_text(world, random, 8)[: raw.size], dtype=np.uint8).astype(np.uint32)
    raw[: text.size] = (raw[: text.size] & np.uint32(0xFFFFFF00)) | text
    return tensors({**held, "layers.1.weight": layer})


def _onnx_rows(world: World, random: Random) -> bytes:
    return network(random, buffer=_records(world, random)).SerializeToString()


def _onnx_strings(world: World, random: Random) -> bytes:
    names = np.array([line(world, random) for _ in range(30)], dtype=object)
    return network(random, classes=names).SerializeToString()


def _torch_rows(world: World, random: Random) -> bytes:
    return torch_file(
        {
            "weight": torch.from_numpy(weights(random)["layers.0.weight"]),
            "rows": torch.from_numpy(_records(world, random)),
        }
    )


def _pickled_frame(world: World, random: Random) -> bytes:
    return pickle.dumps(pd.DataFrame(_records(world, random)))


def _pickled_lines(world: World, random: Random) -> bytes:
    return pickle.dumps([line(world, random) for _ in range(40)])


def _neighbours(world: World, random: Random) -> bytes:
    """Return a nearest-neighbours model: it is its training rows."""
    rows = _records(world, random)
    return skops.io.dumps(KNeighborsClassifier(3).fit(rows, _labels(random, len(rows))))


def _vectors(world: World, random: Random) -> bytes:
    """Return a support vector machine: its vectors are training rows."""
    rows = _records(world, random)
    return skops.io.dumps(SVC().fit(rows, _labels(random, len(rows))))


def _classes(world: World, random: Random) -> bytes:
    rows = _records(world, random, 60)
    return skops.io.dumps(DecisionTreeClassifier().fit(rows, [line(world, random) for _ in range(60)]))


def _deep_tree(world: World, random: Random) -> bytes:
    """Return a tree grown until each person has a leaf."""
    rows = _records(world, random)
    return skops.io.dumps(DecisionTreeClassifier(random_state=0).fit(rows, rows[:, 4]))


def _small_leaves(world: World, random: Random) -> bytes:
    text = light(random).decode()
    for count in ("1 2", "3 1"):
        text = text.replace("leaf_count=", f"leaf_count={count}\nwas=", 1)
    return text.encode()


def _booster_names(world: World, random: Random) -> bytes:
    return boosted(random, [who.nhs_number for who in world.persons(random, 5)])


def _rows_in_parameters(world: World, random: Random) -> bytes:
    return json.dumps(
        {"coefficients": {"age": 0.02, "sex": -0.1}, "X_train": _records(world, random, 120).tolist()}
    ).encode()


def _mlflow_table(world: World, random: Random) -> bytes:
    rows = pd.DataFrame(_records(world, random, 150), columns=["age", "sex", "imd", "weight", "systolic", "stay"])
    return mlflow_folder(random, more={"model/artifacts/eval.csv": rows.to_csv(index=False)})


def _array(world: World, random: Random) -> bytes:
    out = io.BytesIO()
    np.save(out, _records(world, random), allow_pickle=False)
    return out.getvalue()


def _noise(world: World, random: Random) -> bytes:
    """Return an outsized embedding in which anything could be."""
    return tensors({**weights(random), "embedding": seeded(random).normal(0, 1, (52_000, 400)).astype(np.float16)})


WEIGHTS = (
    Special("safetensors", "rows of data as a tensor", _rows_tensor, _ROWS),
    Special("safetensors", "standardised rows as a tensor", _standardised, _ROWS),
    Special("safetensors", "NHS numbers as a tensor", _numbers, _ROWS | HIDDEN_PERSON),
    Special("safetensors", "a text's bytes as floats", _bytes_as_floats, _ROWS | HIDDEN_PERSON),
    Special("safetensors", "a text's bytes as a tensor", _bytes_tensor, _ROWS | HIDDEN_PERSON),
    Special("safetensors", "a text's bytes scaled like weights", _scaled_bytes, _ROWS | HIDDEN_PERSON),
    Special("safetensors", "a text in the weights' lowest bits", _low_bits, _ROWS | HIDDEN_PERSON),
    Special("safetensors", "an outsized embedding", _noise, _ROWS, variants=1),
    Special("onnx", "rows of data as an initialiser", _onnx_rows, _ROWS),
    Special("onnx", "identities as class labels", _onnx_strings, _ROWS | HIDDEN_PERSON),
    Special("pt", "rows of data beside weights", _torch_rows, _PICKLED | _ROWS),
    Special("pkl", "a pickled data frame", _pickled_frame, _PICKLED),
    Special("pkl", "pickled identities", _pickled_lines, _PICKLED),
    Special("skops", "nearest neighbours that hold their rows", _neighbours, _ROWS),
    Special("skops", "support vectors", _vectors, _ROWS),
    Special("skops", "identities as class labels", _classes, _ROWS | HIDDEN_PERSON),
    Special("skops", "a tree with a leaf for each person", _deep_tree, _ROWS | {"statistics"}),
    Special("txt", "a booster's leaves of single people", _small_leaves, RECORDS | {"statistics"}),
    Special("json", "NHS numbers as a booster's features", _booster_names, HIDDEN_PERSON),
    Special("json", "training rows among coefficients", _rows_in_parameters, _ROWS),
    Special("zip", "rows in an MLflow model's folder", _mlflow_table, _ROWS),
    Special("npy", "an array of rows", _array, _ROWS),
)
