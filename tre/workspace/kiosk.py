"""Shows JupyterLab on a strict workspace's screen, and again whenever its window was closed.

It is run as a file inside the sandbox, as the researcher: arguments are JupyterLab's port and the browser's command.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time

_DISPLAY = "/tmp/.X11-unix/X0"  # noqa: S108 - inside the sandbox
_WAIT_SECONDS = 0.2
_AGAIN_SECONDS = 1.0


def main(port: int, command: list[str]) -> None:
    """Wait for the screen and for JupyterLab, then keep the browser open."""
    _await(socket.AF_UNIX, _DISPLAY)
    _await(socket.AF_INET, ("127.0.0.1", port))
    while True:
        subprocess.run(command, check=False)
        time.sleep(_AGAIN_SECONDS)


def _await(family: socket.AddressFamily, address: str | tuple[str, int]) -> None:
    """Wait until somebody answers at an address, and hangs up on nobody who says nothing."""
    while True:
        with socket.socket(family) as probe:
            probe.settimeout(_WAIT_SECONDS)
            try:
                probe.connect(address)
                if probe.recv(1):
                    return
            except TimeoutError:
                return
            except OSError:
                pass
        time.sleep(_WAIT_SECONDS)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
