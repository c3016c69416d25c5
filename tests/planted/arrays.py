"""NumPy arrays and pickles."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping

import numpy as np
import pandas as pd

Plant = Mapping[str, str]


def npy(plant: Plant) -> bytes:
    packed = io.BytesIO()
    kind = [("band", "U40"), (plant.get("field name", "n"), "i4")]
    np.save(packed, np.array([(plant.get("cell", "a"), 120), ("b", 130)], dtype=kind))
    return packed.getvalue() + plant.get("appended", "").encode()


def npz(plant: Plant) -> bytes:
    packed = io.BytesIO()
    np.savez(packed, **{plant.get("name", "counts"): np.array([plant.get("cell", "a"), "b"])})
    return packed.getvalue()


def pickled(plant: Plant) -> bytes:
    frame = pd.DataFrame({"a": [plant.get("frame", "x"), "y"]})
    value = {plant.get("key", "k"): [plant.get("list", "x")], "array": np.array([plant.get("array", "x")]), "f": frame,
             "bytes": plant.get("bytes", "x").encode()}  # fmt: skip
    return pickle.dumps(value, protocol=4) + plant.get("appended", "").encode()


def joblib(plant: Plant) -> bytes:
    import joblib as library

    packed = io.BytesIO()
    objects = np.array([plant.get("object array", "x"), None], dtype=object)
    library.dump({"w": np.array([plant.get("array", "x")]), "o": objects, "z": plant.get("after", "x")}, packed)
    return packed.getvalue()


KINDS = {
    "npy": (npy, ("field name", "cell", "appended"), ()),
    "npz": (npz, ("name", "cell"), ()),
    "pickle": (pickled, ("key", "list", "array", "frame", "bytes", "appended"), ("pickle", "training-rows")),
    "joblib": (joblib, ("array", "object array", "after"), ("pickle",)),
}
