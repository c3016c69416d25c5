"""Hostile models for tests: each would write a file, or read one it should not, wherever anything of it is believed.

A package is what a researcher submits and the platform promotes; a registered model is the signed folder that a
deployer fetches. Each hostile one is a clean folder with one thing done to it, so that the clean one is its twin.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import random
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Spoil = Callable[[Path, Path], None]
WEIGHTS = "weights.safetensors"


@dataclass(frozen=True)
class Hostile:
    """One thing done to a clean folder.

    Parameters
    ----------
    spoil : callable
        Does it to a folder; its second argument is the file that a payload writes when it is run.
    submitted : bool
        Whether a submission can hold it: a form sends bytes by name, never links, pipes or sparse files.
    runs_in_mlflow : bool
        Whether MLflow alone, before any loader of ours, believes it: such a folder has to be verified first.
    """

    name: str
    spoil: Spoil
    submitted: bool = True
    runs_in_mlflow: bool = False


class Payload:
    """What writes the proof when it is unpickled."""

    def __init__(self, proof: Path) -> None:
        self._proof = proof

    def __reduce__(self) -> tuple[Any, ...]:
        """Return a call that writes the proof."""
        return (Path.write_text, (self._proof, "run"))


def pickled(proof: Path) -> bytes:
    """Return a pickle that writes the proof."""
    return pickle.dumps(Payload(proof))


def _module(proof: Path) -> str:
    return f"open({str(proof)!r}, 'w').write('run')\n"


def _writes(name: str, content: Callable[[Path], bytes]) -> Spoil:
    def spoil(folder: Path, proof: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content(proof))

    return spoil


def _zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def _cloudpickled(proof: Path) -> bytes:
    import cloudpickle  # type: ignore[import-untyped]

    return bytes(cloudpickle.dumps({"python_model": Payload(proof)}))


def _skops(proof: Path) -> bytes:
    """Return a skops file whose schema names a type of its own and says itself that it is trusted."""
    schema = {
        "__class__": "Payload", "__module__": "tests.models_hostile", "__loader__": "ObjectNode", "protocol": 2,
        "trusted": ["tests.models_hostile.Payload"], "content": {"__class__": "str", "content": str(proof)},
    }  # fmt: skip
    return _zipped({"schema.json": json.dumps(schema).encode(), "1.npy": pickled(proof)})


def _torch(proof: Path) -> bytes:
    return _zipped({"archive/data.pkl": pickled(proof), "archive/version": b"3\n"})


def _slipping(proof: Path) -> bytes:
    return _zipped({f"../../../../../../{proof.relative_to('/')}": b"run", "model.json": b"{}"})


def _onnx(proof: Path) -> bytes:
    """Return an ONNX graph whose one tensor lies in a file outside the package."""
    from onnx import TensorProto, helper

    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value=f"../../../../../..{proof.parent / 'secret'}")
    graph = helper.make_graph([helper.make_node("Identity", ["w"], ["y"])], "g", [], [
        helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    ], [tensor])  # fmt: skip
    return bytes(helper.make_model(graph).SerializeToString())


def _tensors(header: dict[str, Any] | bytes, body: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + body


def _overlapping(proof: Path) -> bytes:
    one = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    return _tensors({"0.weight": one, "0.bias": {**one, "data_offsets": [2, 6]}}, b"\0" * 6)


def _trailing(folder: Path, proof: Path) -> None:
    with (folder / WEIGHTS).open("ab") as out:
        out.write(pickled(proof))


def _links(name: str) -> Spoil:
    def spoil(folder: Path, proof: Path) -> None:
        outside = proof.parent / f"outside-{name.replace('/', '-')}"
        shutil.move(folder / name, outside)
        (folder / name).symlink_to(outside)

    return spoil


def _pipe(folder: Path, proof: Path) -> None:
    (folder / "card.json").unlink()
    os.mkfifo(folder / "card.json")


def _sparse(folder: Path, proof: Path) -> None:
    with (folder / WEIGHTS).open("r+b") as out:
        out.truncate(2**40)


def _changes_json(name: str, change: Callable[[dict[str, Any]], object]) -> Spoil:
    def spoil(folder: Path, proof: Path) -> None:
        told = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps(change(told)))

    return spoil


def _wide(told: dict[str, Any]) -> dict[str, Any]:
    """Return a specification whose network would take terabytes, were it built."""
    spec = {**told["spec"], "model": "mlp", "hidden": [1024] * 200_000}
    return {**told, "spec": spec}


def _yaml_that_runs(proof: Path) -> bytes:
    path = f"!!python/object/apply:pathlib.Path ['{proof}']"
    return f"!!python/object/apply:pathlib.Path.write_text [{path}, 'run']".encode()


PACKAGES: tuple[Hostile, ...] = (
    Hostile("a pickle for weights", _writes(WEIGHTS, pickled)),
    Hostile("torch's archive for weights", _writes(WEIGHTS, _torch)),
    Hostile("a skops file that trusts itself for weights", _writes(WEIGHTS, _skops)),
    Hostile("an ONNX graph with data outside for weights", _writes(WEIGHTS, _onnx)),
    Hostile("an archive that leaves its folder for weights", _writes(WEIGHTS, _slipping)),
    Hostile("a pickle behind the weights", _trailing),
    Hostile("tensors that overlap", _writes(WEIGHTS, _overlapping)),
    Hostile("a header longer than its file", _writes(WEIGHTS, lambda proof: _tensors(b"{}", length=2**62))),
    Hostile("a joblib file beside", _writes("model.joblib", pickled)),
    Hostile("a cloudpickled model beside", _writes("python_model.pkl", _cloudpickled)),
    Hostile("a skops file beside", _writes("model.skops", _skops)),
    Hostile("an ONNX graph beside", _writes("model.onnx", _onnx)),
    Hostile("an MLmodel of its own", _writes("MLmodel", lambda proof: yaml.safe_dump(mlmodel("stranger")).encode())),
    Hostile("a folder of code", _writes("code/stranger.py", lambda proof: _module(proof).encode())),
    Hostile("a name that differs by case", _writes("Model.json", pickled)),
    Hostile("a name that differs by a letter of another script", _writes("mod\u0435l.json", pickled)),
    Hostile("a name with a mark that nobody sees", _writes("model\u200b.json", pickled)),
    Hostile("a description that is YAML and runs", _writes("model.json", _yaml_that_runs)),
    Hostile("a card nested without end", _writes("card.json", lambda proof: b"[" * 200_000)),
    Hostile("a card that is a list", _changes_json("card.json", lambda told: [told])),
    Hostile("a description of a network of terabytes", _changes_json("model.json", _wide)),
    Hostile("weights that are a link", _links(WEIGHTS), submitted=False),
    Hostile("a card that is a link", _links("card.md"), submitted=False),
    Hostile("a card that is a pipe", _pipe, submitted=False),
    Hostile("weights of a terabyte", _sparse, submitted=False),
)


def mlmodel(loader: str, **more: Any) -> dict[str, Any]:
    """Return what an MLmodel file says, with a loader of one's own."""
    return {"flavors": {"python_function": {"loader_module": loader, "python_version": "3.11", **more}}}


def _loads(folder: Path, **flavour: Any) -> None:
    """Let MLflow load the folder in another way than the one that was signed."""
    told = yaml.safe_load((folder / "MLmodel").read_text())
    told["flavors"]["python_function"].update(flavour)
    (folder / "MLmodel").write_text(yaml.safe_dump(told))


def _code_paths(folder: Path, proof: Path) -> None:
    (folder / "code").mkdir()
    (folder / "code" / "stranger.py").write_text(_module(proof))
    _loads(folder, loader_module="stranger", code="code")


def _python_model(folder: Path, proof: Path) -> None:
    (folder / "python_model.pkl").write_bytes(_cloudpickled(proof))
    _loads(folder, loader_module="mlflow.pyfunc.model", python_model="python_model.pkl", cloudpickle_version="3.0.0")


def _sklearn(kind: str, content: Callable[[Path], bytes], **more: Any) -> Spoil:
    def spoil(folder: Path, proof: Path) -> None:
        (folder / f"model.{kind}").write_bytes(content(proof))
        told = {"loader_module": "mlflow.sklearn", "model_path": f"model.{kind}", **more}
        _loads(folder, **told)
        described = yaml.safe_load((folder / "MLmodel").read_text())
        described["flavors"]["sklearn"] = {"pickled_model": f"model.{kind}", "serialization_format": kind, **more}
        (folder / "MLmodel").write_text(yaml.safe_dump(described))

    return spoil


def _flips(name: str) -> Spoil:
    """Change one bit of a file, drawn by the file's own name."""

    def spoil(folder: Path, proof: Path) -> None:
        held = bytearray((folder / name).read_bytes())
        held[random.Random(name).randrange(len(held))] ^= 1
        (folder / name).write_bytes(held)

    return spoil


def _link_to_folder(folder: Path, proof: Path) -> None:
    shutil.move(folder / "package", proof.parent / "outside-package")
    (folder / "package").symlink_to(proof.parent / "outside-package", target_is_directory=True)


def _removes(folder: Path, proof: Path) -> None:
    (folder / "package" / "card.md").unlink()


def _copies(name: str, other: str) -> Spoil:
    def spoil(folder: Path, proof: Path) -> None:
        shutil.copy(folder / name, folder / other)

    return spoil


def _pipes(folder: Path, proof: Path) -> None:
    os.mkfifo(folder / "wait")


REGISTERED: tuple[Hostile, ...] = (
    Hostile("a loader of its own in code_paths", _code_paths, runs_in_mlflow=True),
    Hostile("a cloudpickled pyfunc", _python_model, runs_in_mlflow=True),
    Hostile("a pickled estimator", _sklearn("pickle", pickled), runs_in_mlflow=True),
    Hostile("a skops file that an MLmodel trusts",
            _sklearn("skops", _skops, skops_trusted_types=["tests.models_hostile.Payload"]), runs_in_mlflow=True),
    Hostile("one bit of the MLmodel", _flips("MLmodel"), runs_in_mlflow=True),
    Hostile("one bit of the weights", _flips(f"package/{WEIGHTS}")),
    Hostile("one bit of the description", _flips("package/model.json")),
    Hostile("one bit of the card", _flips("package/card.md")),
    Hostile("one bit of the statement", _flips("statement.json")),
    Hostile("one bit of the requirements", _flips("requirements.txt")),
    Hostile("a signature cut short", lambda folder, proof: os.truncate(folder / "model.sig", 40)),
    Hostile("a file that nobody signed", _writes("sitecustomize.py", lambda proof: _module(proof).encode())),
    Hostile("a pickle that nobody signed", _writes("package/weights.pkl", pickled)),
    Hostile("a file of Git's that nobody signed", _writes(".git/hook", pickled)),
    Hostile("a name that differs by case", _copies("MLmodel", "mlmodel")),
    Hostile("a name with a mark that nobody sees", _copies("MLmodel", "MLmodel\u200b")),
    Hostile("weights that are a link", _links(f"package/{WEIGHTS}")),
    Hostile("a package that is a link", _link_to_folder),
    Hostile("a pipe that nobody signed", _pipes),
    Hostile("a card taken away", _removes),
)  # fmt: skip
