"""What a sandbox tries in a trial. Standard library alone: its source is run inside, where the platform is not.

Each of these returns what it reached, as a list that must be empty.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Mapping
from typing import Any

# Of anywhere outside: public resolvers and web servers, a cloud's metadata service, a private network.
ELSEWHERE = (("1.1.1.1", 443), ("8.8.8.8", 53), ("169.254.169.254", 80), ("10.0.0.1", 80), ("2606:4700::1111", 443))
NAME = "example.org"


def outside(known: Mapping[str, Any]) -> list[str]:
    """Call the internet, ask for a name, and call what this machine listens on."""
    reached = [f"{host} port {port}" for host, port in ELSEWHERE if answers(host, port)]
    reached += [f"interface {name}" for _, name in socket.if_nameindex() if name != "lo"]
    with contextlib.suppress(OSError):
        reached.append(f"the address of {NAME}: {socket.getaddrinfo(NAME, 443)[0][4][0]}")
    if answers("127.0.0.1", known["port"]):
        reached.append("this machine's own loopback")
    with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
        probe.connect(f"\0{known['abstract']}")
        reached.append("a socket of this machine")
    return reached


def neighbours(known: Mapping[str, Any]) -> list[str]:
    """Call another sandbox, which is listening."""
    return ["another sandbox"] if answers("127.0.0.1", known["neighbour"]) else []


def files(known: Mapping[str, Any]) -> list[str]:
    """Look for the platform's folders."""
    return [path for path in known["paths"] if os.path.lexists(path)]


def processes(known: Mapping[str, Any]) -> list[str]:
    """Look for processes that were not started in here: the sandbox's own are few and numbered from one."""
    numbers = [int(each) for each in os.listdir("/proc") if each.isdecimal()]
    return [f"process {number}" for number in numbers if number > 100]


def answers(host: str, port: int) -> bool:
    """Return whether somebody takes a connection, or a packet finds a way."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.settimeout(2)
        with contextlib.suppress(OSError):
            probe.connect((host, port))
            return True
    return False


def tell(known: Mapping[str, Any]) -> None:
    """Print what each of them reached, as one line of JSON."""
    print(json.dumps({each.__name__: each(known) for each in (outside, neighbours, files, processes)}))
