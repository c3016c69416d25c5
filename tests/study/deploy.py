"""The deployer's part: the registry, the signature, ``mlflow models serve``; and the auditor's proof."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.study.product import REPOSITORY
from tests.study.report import Report
from tests.study.work import Asked
from tre.config.options import load
from tre.config.secrets import secret

MODEL, ALIAS = "frailty-risk-model", "champion"


def deploy(report: Report, asked: Asked) -> None:
    """Take the approved model out as a deployer does, serve it, and try to get another one in."""
    version = _named()
    tags = {each["key"]: each["value"] for each in version["tags"]}
    told = {"epsilon", "delta", "data_version", "code_hash", "release", "request"} <= tags.keys()
    report.promise("the registry holds the model with its epsilon, data version and code hash", told, str(tags))
    report.promise("it came by the request that was approved", tags.get("request") == str(asked.safe))
    report.figure("the model's epsilon", tags.get("epsilon"))
    with tempfile.TemporaryDirectory() as scratch:
        release = tags["release"]
        folder = Path(scratch) / "model"
        fetched = _tre("fetch-model", f"{MODEL}@{ALIAS}", str(folder), "--release", release)
        report.promise("the deployer fetches it, verified", fetched.returncode == 0, fetched.stderr[-200:])
        other = _tre("fetch-model", f"{MODEL}@{ALIAS}", f"{folder}-other", "--release", "release-0")
        report.promise("as another release it is refused", other.returncode != 0 and "another model" in other.stderr)
        report.promise("its card came with it", any(path.name == "card.md" for path in folder.rglob("*")))
        with _served(folder) as address:
            answer = httpx.post(f"{address}/invocations", json={"dataframe_split": _example(folder)}, timeout=60)
            probability = answer.json()["predictions"][0]["probability"] if answer.is_success else -1
            report.promise("`mlflow models serve` loads it and answers", 0 <= probability <= 1, answer.text[:200])
        _try_changed(report, folder, release)
    _try_to_register(report, asked)


def _registry(method: str, path: str, **query: str) -> httpx.Response:
    return httpx.request(
        method, f"{load().registry_internal}/api/2.0/mlflow/{path}", params=query if method == "GET" else None,
        json=query if method != "GET" else None, auth=("deployer", secret("registry-deployer")), timeout=60,
    )  # fmt: skip


def _named(seconds: float = 120) -> dict[str, Any]:
    """Return the version that the alias names, once the platform has said so: that follows the release."""
    deadline = time.monotonic() + seconds
    while True:
        answer = _registry("GET", "registered-models/alias", name=MODEL, alias=ALIAS)
        if answer.is_success or time.monotonic() > deadline:
            found: dict[str, Any] = answer.raise_for_status().json()["model_version"]
            return found
        time.sleep(1)


def _client_environment() -> dict[str, str]:
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": tempfile.gettempdir(),
        "PYTHONPATH": str(REPOSITORY),
        "MLFLOW_TRACKING_URI": load().registry_internal,
        "MLFLOW_TRACKING_USERNAME": "deployer",
        "MLFLOW_TRACKING_PASSWORD": secret("registry-deployer"),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "TRE_MODEL_PUBLIC_KEY": str(load().path("registry", "release-key.pem")),
    }


def _tre(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tre.cli", *words]
    return subprocess.run(command, env=_client_environment(), capture_output=True, text=True)


def _try_changed(report: Report, folder: Path, release: str) -> None:
    """Change a bit of the weights, then the file that names the loader, and see neither served."""
    weights = next(folder.rglob("weights.safetensors"))
    good = weights.read_bytes()
    weights.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    report.promise("a model with one bit changed is not served", not _loads(folder))
    weights.write_bytes(good)
    report.promise("mended, it loads again", _loads(folder))
    proof = folder.with_name("proof")
    described = folder / "MLmodel"
    changed = described.read_text().replace("loader_module: ml.serving", "code: code\n    loader_module: other")
    described.write_text(changed)
    (folder / "code").mkdir()
    (folder / "code" / "other.py").write_text(f"open({str(proof)!r}, 'w')\n")
    refused = _tre("serve", MODEL, str(folder), "--release", release)
    told = refused.returncode != 0 and "signature" in refused.stderr
    report.promise("a changed MLmodel is refused before anything of it runs", told and not proof.exists())
    _loads(folder)
    report.promise("which would have run where MLflow alone loads it", proof.exists())


def _example(folder: Path) -> dict[str, Any]:
    """Return one row in the middle of the model's public bounds."""
    spec = json.loads(next(folder.rglob("model.json")).read_text())["spec"]
    row = {each["name"]: (each["low"] + each["high"]) / 2 for each in spec["numeric"]}
    row |= {each["name"]: each["values"][0] for each in spec["categories"]}
    return {"columns": list(row), "data": [list(row.values())]}


@contextlib.contextmanager
def _served(folder: Path, seconds: float = 90) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", str(folder), "--env-manager", "local"]
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)], env=_client_environment(), start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address, deadline = f"http://127.0.0.1:{port}", time.monotonic() + seconds
    try:
        with httpx.Client(timeout=5) as client:
            while time.monotonic() < deadline and process.poll() is None:
                with contextlib.suppress(httpx.TransportError):
                    if client.get(f"{address}/health").is_success:
                        break
                time.sleep(0.5)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _loads(folder: Path) -> bool:
    code = "import sys, mlflow.pyfunc; mlflow.pyfunc.load_model(sys.argv[1])"
    done = subprocess.run([sys.executable, "-c", code, str(folder)], env=_client_environment(), capture_output=True)
    return done.returncode == 0


def _try_to_register(report: Report, asked: Asked) -> None:
    """Try, as the deployer, to put in a model that nobody approved."""
    tried = {
        "registered-models/create": {"name": "unapproved"},
        "model-versions/create": {"name": MODEL, "source": "mlflow-artifacts:/0/x/artifacts/model"},
        "registered-models/alias": {"name": MODEL, "alias": ALIAS, "version": "1"},
        "experiments/create": {"name": "unapproved"},
        "runs/create": {"experiment_id": "0"},
    }
    statuses = {path: _registry("POST", path, **body).status_code for path, body in tried.items()}
    refused = all(status == 403 for status in statuses.values())
    report.promise("a deployer cannot put a model in, or move an alias", refused, str(statuses))
    names = [each["name"] for each in _registry("GET", "registered-models/search").json()["registered_models"]]
    report.promise("a model that was not approved is not there", names == [MODEL], str(names))
    anonymous = httpx.get(f"{load().registry_internal}/api/2.0/mlflow/registered-models/search", timeout=30)
    report.promise("without an account the registry tells nothing", anonymous.status_code == 401)


def prove(report: Report) -> None:
    """Verify the audit log, then alter a copy of it as an insider would: one entry, the whole log, what covers it."""
    _await_checkpoint(_reviewed())
    done = _verify(load().home)
    report.say(f"          {done.stdout.strip()}")
    report.promise("the audit log verifies", done.returncode == 0, done.stderr.strip())
    entries, checkpoints = _every_proof()
    report.promise("each entry has its proof, and each checkpoint is continued", entries > 0 < checkpoints)
    _once(report)
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch)
        (copy / "db").mkdir()
        for part in ("keys", "secrets"):
            shutil.copytree(load().path(part), copy / part)
        shutil.copytree(load().checkpoints, copy / "audit")  # before the database: it covers no more than that holds
        number = _tamper(copy)
        done = _verify(copy)
        told = _told(report, done)
        report.promise("an altered entry makes it fail and say where", done.returncode != 0 and str(number) in told)
        _rewrite(copy)
        done = _verify(copy)
        rewritten = done.returncode != 0 and "rewritten" in _told(report, done)
        report.promise("a log rewritten whole, right in itself, makes it fail by a checkpoint", rewritten)
        shutil.rmtree(copy / "audit")
        done = _verify(copy)
        missing = done.returncode != 0 and "checkpoint" in _told(report, done)
        report.promise("and so does a log without its checkpoints", missing)


def _every_proof() -> tuple[int, int]:
    from tests.audit import every_proof

    return every_proof()


def _told(report: Report, done: subprocess.CompletedProcess[str]) -> str:
    told = done.stderr.strip()
    report.say(f"          told: {told}")
    return told


def _reviewed() -> int:
    """Return the number of the first review's entry: what the tampering begins with."""
    from tre.audit.models import Entry

    number = Entry.objects.filter(event="airlock.reviewed").order_by("number").values_list("number", flat=True).first()
    return int(number or 0)


def _await_checkpoint(number: int, seconds: float = 180) -> None:
    """Wait until the running platform has covered an entry by a checkpoint of its own accord."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        covered = [int(path.stem.rpartition("-")[2]) for path in load().checkpoints.glob("checkpoint-*.json")]
        if max(covered, default=0) >= number:
            return
        time.sleep(1)


def _rewrite(copy: Path) -> None:
    """Write every hash of the copy's log anew, as someone with the database's password could."""
    code = "import django; django.setup(); from tests.insider import rewrite_log; rewrite_log()"
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, env=_environment(copy), check=True)


def _environment(home: Path) -> dict[str, str]:
    return {**os.environ, "TRE_HOME": str(home), "DJANGO_SETTINGS_MODULE": "tre.config.settings"}


def _verify(home: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tre.cli", "audit", "verify"]
    return subprocess.run(command, cwd=REPOSITORY, env=_environment(home), capture_output=True, text=True)


def _tamper(copy: Path) -> int:
    """Copy the database and change who approved, as someone with the database's password could."""
    source = sqlite3.connect(f"file:{load().path('db', 'tre.sqlite3')}?mode=ro", uri=True)
    target = sqlite3.connect(copy / "db" / "tre.sqlite3")
    source.backup(target)
    for (name,) in target.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        target.execute(f'DROP TRIGGER "{name}"')
    number = _reviewed()
    target.execute("UPDATE audit_entry SET actor = 'researcher' WHERE number = ?", (number,))
    target.commit()
    target.close()
    source.close()
    return number


def _once(report: Report) -> None:
    """Count what must have happened just once, however often the study was cut off and begun again."""
    from django.db.models import Count

    from tre.audit.models import Entry

    once = [
        "catalogue.landed", "catalogue.built", "projects.approved", "projects.provisioned", "airlock.submitted",
        "airlock.inspection_began", "airlock.approved", "airlock.release_began", "airlock.released",
    ]  # fmt: skip
    counted = Entry.objects.filter(event__in=once).values("event", "subject").annotate(times=Count("number"))
    twice = [f"{each['event']} {each['subject']}" for each in counted if each["times"] > 1]
    seen = {each["event"] for each in counted}
    report.promise("every step is in it", seen == set(once), ", ".join(sorted(set(once) - seen)))
    report.promise("and each happened once", not twice, ", ".join(twice))
