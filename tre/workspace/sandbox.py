"""What a sandbox is: which folders are shown, which doors there are, and the bubblewrap command that makes it so.

Isolation by construction: a new namespace of every kind, nothing shown but what is listed here, no network but its
own loopback, no capability, no new user namespace, a read-only root, a filter of system calls. See bwrap(1) and
docs/decisions/0001.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tre.errors import SettingsError
from tre.workspace import seccomp
from tre.workspace.limits import Bounds

if TYPE_CHECKING:  # a launcher starts the sooner without the settings
    from tre.config.options import Options
    from tre.progress import Say

PACKAGES = "/opt/tre"  # where the platform's own few modules stand inside
WHEELS = "/opt/packages"  # and the packages that people may install: see tre.workspace.packages
JUPYTER_PATH = f"{PACKAGES}/tre/workspace/client/share/jupyter"  # where JupyterLab finds the launcher's cards
DOORS = "/doors"
SPARK_PORT, MLFLOW_PORT = 15002, 5000  # the projects' own, at the same place in every sandbox
_REPOSITORY = Path(__file__).resolve().parents[2]
_OWN_SETTINGS = _REPOSITORY / "tre" / "workspace" / "client" / "etc"

# What the launcher's cards open, by its name in a home folder.
_CARDS = {
    "Data.ipynb": "cards/data.ipynb",
    "Requests.ipynb": "cards/requests.ipynb",
    "Welcome.ipynb": "00_welcome.ipynb",
}

# Of the host's system, what programs need to run; nothing that tells of the host.
_SYSTEM = ("/usr", "/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime", "/etc/mime.types")
_LINKS = {"/bin": "usr/bin", "/sbin": "usr/sbin", "/lib": "usr/lib", "/lib64": "usr/lib64"}

# Of the platform's own code, what a notebook imports: the client, safe tables, private learning. No control plane.
_OWN = (
    "tre/__init__.py",
    "tre/errors.py",
    "tre/workspace/__init__.py",
    "tre/workspace/inside.py",
    "tre/workspace/forward.py",
    "tre/workspace/latecomer.py",
    "tre/workspace/kiosk.py",
    "tre/workspace/client",
    "tre/contracts",
    "tre/disclosure",
    "policies/codelists",
    "policies/disclosure.yaml",
    "policies/models.yaml",
    "ml",
    "notebooks",
)


def pip_settings(home: str) -> dict[str, str]:
    """Return what has pip look into one folder and nowhere else, and put what it finds where a kernel looks last."""
    return {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": WHEELS,
        "PIP_PREFIX": f"{home}/.packages",
        "PIP_NO_CACHE_DIR": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def check_available() -> None:
    """Make a sandbox and leave it, so that a machine which cannot is told of at the start.

    Raises
    ------
    SettingsError
        When bubblewrap or libseccomp is missing, or the machine does not let it make namespaces.
    """
    program = shutil.which("bwrap")
    if program is None:
        raise SettingsError("bubblewrap is not installed", todo="Install the package 'bubblewrap' and start again")
    calls = seccomp.program()
    trial = [
        program,
        "--unshare-all",
        "--unshare-user",
        "--disable-userns",
        "--seccomp",
        str(calls),
        "--ro-bind",
        "/",
        "/",
    ]
    try:
        done = subprocess.run([*trial, "true"], capture_output=True, text=True, check=False, pass_fds=[calls])
    finally:
        os.close(calls)
    if done.returncode != 0:
        raise SettingsError(
            "This machine does not let bubblewrap make a sandbox",
            where=(done.stderr.strip().splitlines() or ["bwrap"])[-1],
            todo="Allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1) and start again",
        )


def check_own_users(options: Options, say: Say) -> None:
    """Refuse production without a user of its own for each sandbox; a demonstration is told of it.

    Only root may give a process to another user. Without, what is inside runs as the platform's own user: whoever
    broke out of one sandbox would hold every key.

    Raises
    ------
    SettingsError
        In production, when this process is not root.
    """
    if os.geteuid() == 0:
        return
    if not options.demonstration:
        raise SettingsError(
            "Production gives each sandbox a user of its own, which only root may do",
            where="TRE_MODE",
            todo="Start it as root, or in a container whose root is an ordinary user outside",
        )
    say("This is not root: sandboxes run as the platform's own user, which will do for a demonstration alone.")


@dataclass(frozen=True)
class Bind:
    """A folder or file of the host shown inside."""

    source: str
    target: str
    writable: bool = False


@dataclass(frozen=True)
class Inbound:
    """A door inwards: a listening Unix socket of the host, handed in, whose callers reach a port inside."""

    socket: str
    port: int
    host_port: int = 0  # where the gate before it listens on the host's loopback; 0 when it is reached as a file alone


@dataclass(frozen=True)
class Outbound:
    """A door outwards: a port inside whose callers reach a Unix socket bound in read-only."""

    port: int
    socket: str


@dataclass(frozen=True)
class First:
    """A file that the sandbox's own user begins with: copied inside, before the commands start, unless one is there.

    Inside, because the privileged side makes nothing by name in a folder that a sandbox can write.
    """

    source: str
    target: str


def begins_with(home: str) -> tuple[First, ...]:
    """Return the notebooks that a person finds in a home folder: those that the launcher's cards open."""
    return tuple(First(f"{PACKAGES}/notebooks/{source}", f"{home}/{name}") for name, source in _CARDS.items())


@dataclass(frozen=True)
class Later:
    """A command that leaves the machine to another at the start: see :class:`tre.workspace.latecomer.Latecomer`."""

    command: tuple[str, ...]
    port: int
    after: int
    again: float
    within: float


@dataclass(frozen=True)
class Sandbox:
    """One sandbox, as plain values that travel as JSON to the launcher.

    Parameters
    ----------
    name : str
        What logs call it.
    uid, gid : int
        Whom its processes run as, when the launcher may choose; 0 keeps the launcher's own.
    username : str
        What its user is called inside.
    home : str
        The home folder inside.
    commands : sequence of commands
        What runs in it; it ends when any of them ends.
    later : tuple of Later
        What runs in it besides, and starts when it is called or the others have had their time.
    environment : mapping
        The whole environment of the commands. It is never on a command line.
    folder : str
        The launcher's own folder for this sandbox, outside everybody's reach.
    log : str
        The file that receives what the commands print, through a pipe: see :mod:`tre.workspace.kept_log`.
    api_door : mapping
        Where the platform's door and gate lead: the ``portal``'s address, the workspace's ``token`` there, the
        ``server`` as :class:`tre.workspace.hub_door.Server`, its ``public`` address as
        :class:`tre.workspace.gate_sign_in.Public`, and the token by which the gate is ``opened``; of a strict workspace
        also the socket of its ``screen``. Empty for none. It stays outside with the launcher.
    bounds : Bounds
        What its processes may use together.
    groups : tuple of str
        Files of the control group that the launcher made: see :func:`tre.workspace.limits.group`.
    marked : bool
        Whether it ends when the marker in its folder is taken away: see :mod:`tre.workspace.marker`.
    beside : tuple of Sandbox
        Others that begin and end with it, within the same bounds: a strict workspace's screen.
    watch : int
        The process whose end is this sandbox's end; 0 for none.
    """

    name: str
    uid: int
    gid: int
    username: str
    home: str
    commands: tuple[tuple[str, ...], ...]
    environment: Mapping[str, str]
    folder: str
    log: str
    binds: tuple[Bind, ...] = ()
    inbound: tuple[Inbound, ...] = ()
    outbound: tuple[Outbound, ...] = ()
    firsts: tuple[First, ...] = ()
    later: tuple[Later, ...] = ()
    api_door: Mapping[str, Any] = field(default_factory=dict)
    bounds: Bounds = field(default_factory=Bounds)
    groups: tuple[str, ...] = ()
    marked: bool = False
    beside: tuple[Sandbox, ...] = ()
    watch: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the sandbox as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Sandbox:
        """Return the sandbox that :meth:`to_json` told of."""
        return cls(
            **{
                **told,
                "commands": tuple(tuple(command) for command in told["commands"]),
                "binds": tuple(Bind(**each) for each in told["binds"]),
                "inbound": tuple(Inbound(**each) for each in told["inbound"]),
                "outbound": tuple(Outbound(**each) for each in told["outbound"]),
                "firsts": tuple(First(**each) for each in told["firsts"]),
                "later": tuple(Later(**{**each, "command": tuple(each["command"])}) for each in told["later"]),
                "bounds": Bounds(**told["bounds"]),
                "groups": tuple(told["groups"]),
                "beside": tuple(cls.from_json(each) for each in told["beside"]),
            }
        )


def shown(sandbox: Sandbox) -> tuple[Bind, ...]:
    """Return everything that the sandbox shows: the system, the interpreter, the client's code, and its own folders."""
    system = [Bind(str(path), str(path)) for path in host_paths()]
    own = [Bind(str(_REPOSITORY / part), f"{PACKAGES}/{part}") for part in _OWN]
    own += [Bind(str(_OWN_SETTINGS / part), f"/etc/{part}") for part in _settings_of_kernels()]
    accounts = [
        Bind(f"{sandbox.folder}/etc/{name}", f"/etc/{name}") for name in ("passwd", "group", "hosts", "jupyter")
    ]
    return (*system, *own, *accounts, *sandbox.binds)


def host_paths() -> list[Path]:
    """Return what of the host's system every sandbox shows: programs, their settings, and the interpreter."""
    pythons = {Path(sys.prefix), Path(sys.base_prefix)}
    return [
        *(Path(each) for each in _SYSTEM if Path(each).exists()),
        *_settings_of_packages(),
        *sorted(each for each in pythons if not each.is_relative_to("/usr")),
    ]


def links() -> list[str]:
    """Return how bubblewrap is told of the links that stand in the root of a system."""
    return [part for target, source in _LINKS.items() for part in ("--symlink", source, target)]


def _settings_of_packages() -> Sequence[Path]:
    """Return the folders that a packaged Java (whose security settings are links to them) and R keep outside ``/usr``.

    Without its own, R does not start at all.
    """
    return sorted([*Path("/etc").glob("java-*-openjdk"), *Path("/etc").glob("R")])


def _settings_of_kernels() -> Sequence[str]:
    """Return which of the client's settings stand below ``/etc``; R's stand in its own folder, where it has one."""
    return ("ipython", "gitconfig", *(("R/Rprofile.site",) if Path("/etc/R/Rprofile.site").exists() else ()))


def bubblewrap(sandbox: Sandbox, binds: Sequence[Bind], descriptors: Sequence[int], calls: int) -> list[str]:
    """Return the command that makes the sandbox and runs :mod:`tre.workspace.inside` in it.

    Parameters
    ----------
    binds : sequence of Bind
        What is shown, as seen by whoever runs the command.
    descriptors : sequence of int
        The listening sockets handed in, one for each door inwards.
    calls : int
        A descriptor of the filter of system calls: see :mod:`tre.workspace.seccomp`.
    """
    shows = [part for bind in binds for part in ("--bind" if bind.writable else "--ro-bind", bind.source, bind.target)]
    return [
        "bwrap", "--unshare-user", "--unshare-all", "--disable-userns", "--die-with-parent", "--new-session",
        "--cap-drop", "ALL", "--seccomp", str(calls), "--hostname", "workspace", *links(),
        "--proc", "/proc", "--dev", "/dev",
        "--size", str(2 * 1024**3), "--tmpfs", "/tmp",  # noqa: S108 - inside the sandbox
        *shows, "--remount-ro", "/", "--chdir", sandbox.home, "--",
        sys.executable, "-I", "-S", f"{PACKAGES}/tre/workspace/inside.py",
        ",".join(str(number) for number in descriptors),
    ]  # fmt: skip
