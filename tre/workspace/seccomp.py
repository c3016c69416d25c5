"""Which system calls a sandbox may not make: a filter that the kernel runs before each of them (seccomp(2)).

Namespaces keep a sandbox away from what is not shown to it; the kernel itself is shared. What is refused here has no
use in a notebook and has been the way into the kernel before, or reaches past a namespace. The list follows Flatpak's
(``common/flatpak-run.c``) and what Docker's default profile leaves out (``profiles/seccomp/default.json``, moby).
libseccomp knows each call's number on each architecture, and makes the program; a call of another architecture than the
machine's own ends the process that makes it.
"""

from __future__ import annotations

import errno
import os
import socket
from dataclasses import dataclass
from typing import Any

from tre.errors import SettingsError

# By what they are refused for; each with "operation not permitted".
REFUSED: dict[str, tuple[str, ...]] = {
    "other namespaces and mounts": (
        "unshare", "setns", "mount", "umount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount", "fsopen",
        "fsconfig", "fsmount", "fspick", "mount_setattr", "open_by_handle_at", "name_to_handle_at",
    ),
    "other processes' memory": ("ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd"),
    "programs in the kernel, and what watches it": (
        "bpf", "perf_event_open", "fanotify_init", "lookup_dcookie", "userfaultfd", "init_module", "finit_module",
        "delete_module", "kexec_load", "kexec_file_load",
    ),
    "a second way to every call, past this filter": ("io_uring_setup", "io_uring_enter", "io_uring_register"),
    "the kernel's own keys": ("add_key", "request_key", "keyctl"),
    "the machine": (
        "reboot", "swapon", "swapoff", "syslog", "acct", "quotactl", "quotactl_fd", "settimeofday", "clock_settime",
        "clock_adjtime", "adjtimex", "iopl", "ioperm", "modify_ldt", "vm86", "vm86old", "uselib", "ustat", "sysfs",
        "nfsservctl", "vhangup", "move_pages", "migrate_pages",
    ),
}  # fmt: skip
# Of the flags of clone(2): every new namespace (linux/sched.h).
_NEW_NAMESPACES = {
    "user": 0x10000000, "mount": 0x00020000, "network": 0x40000000, "process": 0x20000000, "host name": 0x04000000,
    "messages": 0x08000000, "control groups": 0x02000000,
}  # fmt: skip
_TERMINAL = {"TIOCSTI": 0x5412, "TIOCLINUX": 0x541C}  # typing into another's terminal (asm-generic/ioctls.h)
# Local, IPv4, IPv6, and the kernel's own table of interfaces: all of these are the network namespace's. Others are not:
# a virtual machine's sockets (AF_VSOCK) reach its host past every namespace.
FAMILIES = frozenset({socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK})
_MOST_FAMILIES = 64  # the kernel has 46


@dataclass(frozen=True)
class Where:
    """A condition on one argument: its bits under ``mask`` are ``value``, or it is at least ``value``."""

    argument: int
    value: int
    mask: int = 0  # 0: all bits
    at_least: bool = False


@dataclass(frozen=True)
class Rule:
    """One refusal: a call, the error that its caller gets, and when; None for always."""

    call: str
    error: int = errno.EPERM
    where: Where | None = None


def rules() -> tuple[Rule, ...]:
    """Return every refusal: the one list that the sandbox's program and a cluster's profile are both made of."""
    terminal = [Rule("ioctl", where=Where(1, request, 0xFFFFFFFF)) for request in _TERMINAL.values()]
    families = [family for family in range(_MOST_FAMILIES) if family not in FAMILIES]
    return (
        *(Rule(name) for names in REFUSED.values() for name in names),
        *(Rule("clone", where=Where(0, flag, flag)) for flag in _NEW_NAMESPACES.values()),
        # Its flags lie in memory, which no filter can read. C libraries do without it where it is not there.
        Rule("clone3", errno.ENOSYS),
        *terminal,
        *(Rule("socket", where=Where(0, family)) for family in families),
        Rule("socket", where=Where(0, _MOST_FAMILIES, at_least=True)),
    )


def program() -> int:
    """Return a file of the filter's program, as bubblewrap reads it (``--seccomp``), ready to be inherited.

    Raises
    ------
    SettingsError
        When libseccomp is not installed, or does not know this machine.
    """
    try:
        import pyseccomp
    except (ImportError, RuntimeError, OSError, AttributeError):
        raise SettingsError(
            "libseccomp is not installed", todo="Install the package 'libseccomp2' and start again"
        ) from None
    made = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for rule in rules():
        if pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, rule.call) == _NO_SUCH_CALL:
            continue
        conditions = [] if rule.where is None else [_condition(pyseccomp, rule.where)]
        made.add_rule(pyseccomp.ERRNO(rule.error), rule.call, *conditions)
    file = os.memfd_create("seccomp", 0)
    with os.fdopen(os.dup(file), "wb") as out:
        made.export_bpf(out)
    os.lseek(file, 0, os.SEEK_SET)
    return file


def _condition(pyseccomp: Any, where: Where) -> Any:
    if where.mask:
        return pyseccomp.Arg(where.argument, pyseccomp.MASKED_EQ, where.mask, where.value)
    return pyseccomp.Arg(where.argument, pyseccomp.GE if where.at_least else pyseccomp.EQ, where.value)


_NO_SUCH_CALL = -1  # what libseccomp answers for a name that it does not know at all
