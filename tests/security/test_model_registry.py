"""The road of a model into the release registry and out of it, over real servers, from an attacker's seat."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from ml import package, registry, signing
from ml.serving import KEY
from tests.conftest import REPOSITORY
from tests.unit.test_ml_models import SPEC, key, people


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(argv: list[str], env: dict[str, str], url: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen(argv, env=env, stdout=out, stderr=out, cwd=REPOSITORY, start_new_session=True)
    try:
        for _ in range(400):
            try:
                httpx.get(url, timeout=2)
                break
            except httpx.TransportError:
                if process.poll() is not None:
                    break
                time.sleep(0.2)
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, 15)
        process.wait(30)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("registry-home")


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[str]:
    port = _free_port()
    argv, env = registry.command(home, port)
    assert not any(registry.password(home, registry.ADMINISTRATOR) in value for value in [*argv, *env.values()])
    uri = f"http://127.0.0.1:{port}"
    with _running(argv, env, f"{uri}/health", home / "server.log"):
        registry.make_deployer(home, uri)
        registry.make_deployer(home, uri)  # harmless
        yield uri


@pytest.fixture(scope="module")
def private() -> bytes:
    return key()


@pytest.fixture(scope="module")
def model(home: Path) -> Path:
    from ml.dp import train

    folder = home / "released" / "mortality"
    package.save(train(SPEC, people()), package.Card("Risk", "people v1", "Synthetic"), folder)
    return folder


def _promote(server: str, home: Path, folder: Path, private: bytes, hashes: dict[str, str] | None = None) -> Any:
    import hashlib

    expected = hashes or {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    spec = {
        "folder": str(folder), "expected_sha256s": expected, "registry_uri": server, "name": "frailty-mortality",
        "registry_user": registry.ADMINISTRATOR, "alias": "champion", "tags": {"release": "r-1", "project": "frailty"},
    }  # fmt: skip
    keys = {"model-signing": private, "registry-password": registry.password(home, registry.ADMINISTRATOR).encode()}
    request = json.dumps({"spec": spec, "keys": {name: value.hex() for name, value in keys.items()}})
    done = subprocess.run(
        [sys.executable, "-m", "ml", "promote"], input=request, text=True, capture_output=True, cwd=REPOSITORY
    )
    assert done.stdout, done.stderr[-2000:]
    return done.returncode, json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def promoted(server: str, home: Path, model: Path, private: bytes) -> dict[str, Any]:
    status, answer = _promote(server, home, model, private)
    assert status == 0, answer
    return answer


def _deployer(home: Path) -> tuple[str, str]:
    return registry.DEPLOYER, registry.password(home, registry.DEPLOYER)


def test_a_second_run_of_one_release_finds_the_first_version(server, home, model, private, promoted):
    assert _promote(server, home, model, private) == (0, promoted)


def test_bytes_that_were_not_approved_are_refused(server, home, model, private):
    status, answer = _promote(server, home, model, private, {path.name: "0" * 64 for path in model.iterdir()})
    assert status == 3
    assert "not the one that was approved" in answer["error"]


def test_nobody_but_the_platform_writes(server, home, promoted):
    api = f"{server}/api/2.0/mlflow"
    version = {"name": promoted["name"], "source": "mlflow-artifacts:/1/x/artifacts/model"}
    alias = {"name": promoted["name"], "alias": "champion", "version": "1"}
    with httpx.Client(timeout=30) as anyone:
        assert anyone.get(f"{api}/registered-models/get", params={"name": promoted["name"]}).status_code == 401
    with httpx.Client(auth=_deployer(home), timeout=30) as deployer:
        assert deployer.get(f"{api}/registered-models/get", params={"name": promoted["name"]}).status_code == 200
        assert deployer.post(f"{api}/model-versions/create", json=version).status_code == 403
        assert deployer.post(f"{api}/registered-models/alias", json=alias).status_code == 403
        assert deployer.post(f"{api}/users/create", json={"username": "x", "password": "x" * 14}).status_code == 403
        assert deployer.post(f"{api}/registered-models/create", json={"name": "mine"}).status_code == 403


def _serve_environment(home: Path, public: Path) -> dict[str, str]:
    user, secret = _deployer(home)
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(home), "PYTHONPATH": str(REPOSITORY),
        "MLFLOW_TRACKING_USERNAME": user, "MLFLOW_TRACKING_PASSWORD": secret, KEY: str(public), **registry.SHUT,
    }  # fmt: skip


def _download(server: str, home: Path, uri: str, public: Path) -> Path:
    out = home / "deployed"
    env = {**_serve_environment(home, public), "MLFLOW_TRACKING_URI": server}
    argv = [sys.executable, "-m", "mlflow", "artifacts", "download", "-u", uri, "-d", str(out)]
    subprocess.run(argv, env=env, check=True, capture_output=True, cwd=home)
    return out


def test_a_served_model_answers_and_one_changed_byte_keeps_it_shut(server, home, private, promoted):
    public = home / "public.pem"
    public.write_bytes(signing.public_key(private))
    folder = _download(server, home, promoted["uri"], public)
    assert not [path for path in folder.rglob("*") if path.suffix in {".pkl", ".pickle", ".joblib"}]
    port = _free_port()
    argv = [
        sys.executable, "-m", "mlflow", "models", "serve", "-m", str(folder), "--env-manager", "local",
        "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
    ]  # fmt: skip
    env, url = _serve_environment(home, public), f"http://127.0.0.1:{port}"
    question = {"dataframe_split": {"columns": ["age", "score", "sex"], "data": [[90.0, 0.1, "f"], [5.0, 0.1, "m"]]}}
    with _running(argv, env, f"{url}/ping", home / "serve.log"):
        reply = httpx.post(f"{url}/invocations", json=question, timeout=60)
    assert reply.status_code == 200, reply.text
    old, young = reply.json()["predictions"]
    assert 0 <= young < old <= 1
    weights = next(folder.rglob("weights.safetensors"))
    raw = bytearray(weights.read_bytes())
    raw[-1] ^= 1
    weights.write_bytes(raw)
    loads = "import sys, mlflow.pyfunc; mlflow.pyfunc.load_model(sys.argv[1])"
    done = subprocess.run([sys.executable, "-c", loads, str(folder)], env=env, capture_output=True, text=True, cwd=home)
    assert done.returncode != 0
    assert "SignatureRefused" in done.stderr
