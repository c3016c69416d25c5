"""Becomes a sandbox: shows what may be shown to another user, gives up being root, and turns into bubblewrap.

Runs as a process of its own, between the launcher and the sandbox. The folders that a sandbox shows may stand where
its user cannot reach (an interpreter under a home of mode 0700, the platform's own home). So root binds them into a
small tree of this process's own mount namespace, which nobody else sees, and the user's bubblewrap binds from there.
See mount_namespaces(7).
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import shutil
import sys
from pathlib import Path

from tre.errors import TreError
from tre.workspace import seccomp
from tre.workspace.limits import join
from tre.workspace.sandbox import Bind, Sandbox, bubblewrap, shown

_CLONE_NEWNS = 0x00020000
_MS_RDONLY, _MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
_STAGE = Path("/mnt")


class SandboxError(TreError):
    """A sandbox could not be made; nothing was started."""


def main() -> None:
    """Read the sandbox from the first descriptor named on the command line and become it.

    Arguments: the descriptor of the JSON, and the listening descriptors, comma-separated.
    """
    source, handed = int(sys.argv[1]), [int(number) for number in sys.argv[2].split(",") if number]
    with os.fdopen(source) as told:
        sandbox = Sandbox.from_json(json.load(told))
    program = shutil.which("bwrap")
    if program is None:
        raise SandboxError("bubblewrap is not installed", todo="Install the package 'bubblewrap'")
    calls = seccomp.program()  # while the platform's own files can be read
    binds = shown(sandbox)
    own_user = os.geteuid() == 0 and sandbox.uid != 0
    _limit(sandbox, own_user)
    if own_user:
        binds = _staged(binds)
        os.setgroups([])
        os.setresgid(sandbox.gid, sandbox.gid, sandbox.gid)
        os.setresuid(sandbox.uid, sandbox.uid, sandbox.uid)
    os.umask(0o007)
    os.chdir("/")
    inside = {
        "outbound": _values(sandbox.outbound),
        "inbound": _values(sandbox.inbound),
        "firsts": _values(sandbox.firsts),
        "commands": sandbox.commands,
        "later": _values(sandbox.later),
    }
    environment = {**sandbox.environment, "TRE_INSIDE": json.dumps(inside)}
    for number in (*handed, calls):
        os.set_inheritable(number, True)
    os.execve(program, bubblewrap(sandbox, binds, handed, calls), environment)  # noqa: S606 - this is the purpose


def _values(listed: tuple[object, ...]) -> list[dict[str, object]]:
    return [vars(each) for each in listed]


def _limit(sandbox: Sandbox, own_user: bool) -> None:
    """Bound what the sandbox's processes may use: together by a control group, or else each by itself.

    The number of processes is counted for the whole user, so without a group it is bounded where the sandbox has one of
    its own. An address-space limit breaks Java; of its data alone each process has a bound (setrlimit(2), RLIMIT_DATA).
    """
    join(sandbox.groups)
    bounds = {resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: sandbox.bounds.file}
    if own_user:
        bounds[resource.RLIMIT_NPROC] = sandbox.bounds.processes
    if sandbox.bounds.memory and not sandbox.groups:
        bounds[resource.RLIMIT_DATA] = sandbox.bounds.memory
    for kind, most in bounds.items():
        _, allowed = resource.getrlimit(kind)
        most = most if allowed == resource.RLIM_INFINITY else min(most, allowed)
        resource.setrlimit(kind, (most, most))


def _staged(binds: tuple[Bind, ...]) -> tuple[Bind, ...]:
    """Bind each source below one folder of a private mount namespace that the user can reach."""
    libc = ctypes.CDLL(None, use_errno=True)
    _check(libc.unshare(_CLONE_NEWNS), "a mount namespace of its own")
    _check(libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None), "a private mount namespace")
    _check(libc.mount(b"tmpfs", bytes(_STAGE), b"tmpfs", 0, b"mode=0755,size=1m"), "a folder for staging")
    staged = []
    for place, bind in enumerate(binds):
        target = _STAGE / str(place)
        if Path(bind.source).is_dir():
            target.mkdir(mode=0o755)
        else:
            target.touch(mode=0o644)
        _check(libc.mount(os.fsencode(bind.source), bytes(target), None, _MS_BIND | _MS_REC, None), bind.target)
        if not bind.writable:
            flags = _MS_BIND | _MS_REMOUNT | _MS_RDONLY
            _check(libc.mount(b"none", bytes(target), None, flags, None), bind.target)
        staged.append(Bind(str(target), bind.target, bind.writable))
    return tuple(staged)


def _check(status: int, what: str) -> None:
    if status != 0:
        why = os.strerror(ctypes.get_errno())
        raise SandboxError(
            f"This machine does not allow {what}: {why}", todo="Allow mount namespaces, or do not run as root"
        )


if __name__ == "__main__":
    try:
        main()
    except TreError as error:
        print(error.sentence(), file=sys.stderr)
        raise SystemExit(error.exit_status) from None
