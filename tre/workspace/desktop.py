"""A strict workspace: its screen, an X server in a sandbox of its own, and the commands of the desktop shown on it.

The X server is not the researcher's. It runs as another user, without data, home or network, and is reached by two
doors alone: the workspace's programs draw through one, and the gate takes pixels through the other. So what runs in
the workspace is a client of it, and can neither change its options nor speak to the browser. See docs/decisions/0023.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tre.errors import Refused
from tre.workspace.limits import Bounds
from tre.workspace.sandbox import PACKAGES, Bind, Inbound, Sandbox

NOVNC = Path(__file__).resolve().parents[2] / "node_modules" / "@novnc" / "novnc"
_WIDTH, _HEIGHT = 1440, 900
_X_PORT, _RFB_PORT = 6000, 5900  # of the screen's own loopback
_X_SERVER = "Xtigervnc"
_BROWSERS = ("/usr/lib/chromium/chromium", "/usr/bin/chromium-browser")  # Debian's, past its script; others'


def check_shown_as_pixels() -> None:
    """Refuse where a desktop cannot be shown as pixels.

    Raises
    ------
    Refused
        Saying what to install.
    """
    missing = [
        package
        for package, there in (
            ("the package 'tigervnc-standalone-server'", shutil.which(_X_SERVER) is not None),
            ("the package 'chromium'", _browser() is not None),
            ("noVNC (make up installs it)", (NOVNC / "core" / "rfb.js").is_file()),
        )
        if not there
    ]
    if missing:
        raise Refused(
            "This project's workspaces are shown as pixels, which this machine cannot do yet",
            todo=f"Ask an operator to install {' and '.join(missing)}",
        )


def _browser() -> str | None:
    return next((path for path in _BROWSERS if Path(path).is_file()), None)


def rfb_socket(folder: str) -> str:
    """Return where the gate reaches the screen, in a folder that is shown in no sandbox."""
    return f"{folder}/screen/rfb.sock"


def _x_socket(folder: str) -> str:
    return f"{folder}/doors/x.sock"


def display(folder: str) -> Bind:
    """Return the door by which a workspace's programs draw on its screen: display :0, as X programs look for it."""
    return Bind(_x_socket(folder), "/tmp/.X11-unix/X0")  # noqa: S108 - inside the sandbox


def screen(name: str, folder: str, uid: int, gid: int, log: str, bounds: Bounds) -> Sandbox:
    """Return the sandbox of a workspace's screen.

    Parameters
    ----------
    folder : str
        The workspace's own at its launcher.
    uid, gid : int
        Not the workspace's.
    bounds : Bounds
        The workspace's: its screen counts in what it may use.
    """
    return Sandbox(
        name=name,
        uid=uid,
        gid=gid,
        username="screen",
        home="/tmp",  # noqa: S108 - inside the sandbox
        commands=(_x_command(),),
        environment={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/tmp"},  # noqa: S108
        folder=f"{folder}/screen",
        log=log,
        inbound=(Inbound(_x_socket(folder), _X_PORT), Inbound(rfb_socket(folder), _RFB_PORT)),
        bounds=bounds,
    )


def _x_command() -> tuple[str, ...]:
    """Return the X server's command. Xvnc(1).

    Its clients may change none of its options (``AllowOverride``): by default they may switch the clipboard on again.
    It takes no file by descriptor and no shared memory, which its clients could otherwise hand over.
    """
    return (
        f"/usr/bin/{_X_SERVER}", ":0", "-geometry", f"{_WIDTH}x{_HEIGHT}", "-depth", "24",
        "-listen", "tcp", "-nolisten", "unix", "-nolisten", "local", "-localhost", "-rfbport", str(_RFB_PORT),
        "-SecurityTypes", "None", "-AlwaysShared", "-AllowOverride=", "-noclipboard", "-SendCutText=0",
        "-AcceptCutText=0", "-SendPrimary=0", "-SetPrimary=0", "-AcceptSetDesktopSize=0", "-desktop", "workspace",
        "-UseBlacklist=0", "-FrameRate", "20", "-extension", "MIT-SHM", "-extension", "RECORD", "-extension", "XTEST",
    )  # fmt: skip


def commands(home: str, base: str, port: int) -> tuple[tuple[str, ...], ...]:
    """Return what runs in a strict workspace: JupyterLab for its own loopback alone, and a browser that shows it.

    Nobody signs in there: whoever reaches that loopback is inside, as the researcher. Who sees it the gate says.
    """
    server = (
        sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}",
        "--ServerApp.port_retries=0", f"--ServerApp.root_dir={home}", f"--ServerApp.base_url={base}",
        "--IdentityProvider.token=", "--ServerApp.terminals_enabled=False",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    )  # fmt: skip
    shows = (
        sys.executable, "-I", "-S", f"{PACKAGES}/tre/workspace/kiosk.py", str(port), _browser() or _BROWSERS[0],
        # Its own sandbox would need namespaces, which are refused here; it guards the researcher from their own pages.
        "--no-sandbox", "--kiosk", "--window-position=0,0", f"--window-size={_WIDTH},{_HEIGHT}",
        "--user-data-dir=/tmp/browser", "--no-first-run", "--no-default-browser-check", "--disable-sync",
        "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
        "--disable-breakpad", "--disable-infobars", "--test-type", "--no-proxy-server", "--password-store=basic",
        f"--app=http://127.0.0.1:{port}{base}lab",
    )  # fmt: skip
    return server, shows
