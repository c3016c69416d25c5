"""What the attacker is assumed to know, and the judgement of what the probes brought back."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyseccomp

from tests.security import probes
from tre.config.options import REPOSITORY, load
from tre.workspace.sandbox import MLFLOW_PORT, SPARK_PORT
from tre.workspace.seccomp import REFUSED

_API_PORT, _SERVER_PORT = 8081, 8888
_ALLOWED = ("SPARK_REMOTE=",)  # the project's own
_SENTENCES = {
    "routes": "no route anywhere: no interface, no address, no name",
    "names": "no answer to a question by any kind of network, and no socket of the host",
    "services": "no port or socket but this workspace's own",
    "files": "no file of the platform, another person or another project",
    "links": "no way around a path by a link, a handle or a mount",
    "writable": "nothing writable but the own folders",
    "processes": "no process of the host",
    "tracing": "no other process's memory, and no limit raised",
    "environment": "no key and no secret of the platform in any environment",
    "powers": "no capability, namespace or mount",
    "kernel": "no memory, device, setting or control group of the kernel",
    "calls": "no system call that reaches past the namespaces or deep into the kernel",
    "control_plane": "no module of the control plane",
    "hub": "no Hub secret, no page and no interface beyond the own server",
}


def known(names: Sequence[str] = tuple(_SENTENCES), **more: Any) -> dict[str, Any]:
    """Return what the attacker knows: every path, port and name of this installation."""
    options = load()
    home = options.home
    return {
        "probes": list(names),
        "addresses": sorted({each[4][0] for each in socket.getaddrinfo(socket.gethostname(), None)} - {"127.0.0.1"}),
        "ports": [
            options.portal_port, options.hub_port, options.hub_api_port, options.proxy_api_port, options.registry_port,
        ],
        "own_ports": [_SERVER_PORT, _API_PORT, SPARK_PORT, MLFLOW_PORT],
        "api_port": _API_PORT,
        "abstract": "tre",
        "paths": [str(home), *(str(home / each) for each in ("secrets", "keys", "db", "landing", "warehouse"))]
        + [str(REPOSITORY / each) for each in ("tre", "pyproject.toml", ".git", "policies")],
        "file_names": [path.name for path in (home / "secrets").glob("*")] + ["root.key", "pepper", "cookie_secret"],
        "calls": {name: number(name) for names in REFUSED.values() for name in names if number(name) >= 0}
        | {"clone3": number("clone3")},
        "families": [*range(3, 10), *range(11, 16), *range(17, 50)],
        "other_person": "researcher-two",
        "other_project": "asthma",
        **more,
    }  # fmt: skip


def number(call: str) -> int:
    """Return a system call's number on this machine; below 0 where it has none."""
    return int(pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, call))


def source(told: Mapping[str, Any]) -> str:
    """Return the source of a cell or program that runs the probes and prints what they reached."""
    return f"{Path(probes.__file__).read_text()}\n\ntell({json.dumps(told)!r})\n"


def judge(printed: str) -> dict[str, list[str]]:
    """Return what was reached, by promise: each list is empty where the promise holds."""
    found: dict[str, list[str]] = json.loads(printed.strip().splitlines()[-1])
    if "environment" in found:
        found["environment"] = [each for each in found["environment"] if _tells(each)]
    return {_SENTENCES[name]: reached for name, reached in found.items()}


def _tells(pair: str) -> bool:
    """Return whether an environment's entry holds a secret of the platform."""
    if pair.startswith(_ALLOWED):
        return False
    secrets = [path.read_bytes() for folder in ("secrets", "keys") for path in load().path(folder).glob("*")]
    texts = [each.decode("utf-8", "ignore").strip() for each in secrets] + [each.hex() for each in secrets]
    return any(len(text) >= 16 and text in pair for text in texts)
