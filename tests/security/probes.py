"""Tries every way out of a workspace, from inside it. Standard library alone: its source is run in a notebook.

Each probe returns what it reached, as a list that must be empty. What the attacker is assumed to know (paths, ports and
names of the platform) is handed in, for hiding them is no protection.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import http.client
import json
import os
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Known = dict[str, Any]
_ELSEWHERE = (("1.1.1.1", 443), ("8.8.8.8", 53), ("169.254.169.254", 80), ("10.0.0.1", 80), ("2606:4700::1111", 443))
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_MOST_FILES = 200_000


def routes(known: Known) -> list[str]:
    """Look for a network interface, a route, and anybody who answers."""
    reached = [f"interface {name}" for _, name in socket.if_nameindex() if name != "lo"]
    reached += [line.split()[0] for line in Path("/proc/net/route").read_text().splitlines()[1:]]
    for host, port in [*_ELSEWHERE, *((address, port) for address in known["addresses"] for port in known["ports"])]:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(family, kind) as probe:
                probe.settimeout(1)
                try:
                    probe.connect((host, port))
                    probe.send(b"x")
                except OSError:
                    continue
                reached.append(f"{host}:{port}")
    with contextlib.suppress(OSError):
        reached.append(str(socket.getaddrinfo("example.org", 443)[0][4]))
    return reached


def services(known: Known) -> list[str]:
    """Look for a listening port of the loopback, or a socket, that is none of this workspace's own."""
    reached = [f"port {port}" for port in known["ports"] if _answers(port)]
    table = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = {int(each[1].split(":")[1], 16): each[9] for each in table if each[3] == "0A"}
    opened_here = _sockets_of_notebooks()
    foreign = {port for port, inode in listening.items() if inode not in opened_here} - set(known["own_ports"])
    reached += [f"port {port}" for port in sorted(foreign)]
    sockets = Path("/proc/net/unix").read_text().splitlines()[1:]
    named = {line.split()[7] for line in sockets if len(line.split()) > 7}
    return reached + sorted(name for name in named if name.startswith("@") and known["abstract"] in name)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _sockets_of_notebooks() -> set[str]:
    """Return the sockets that this person's own kernels and server hold, by inode: what they open is their own."""
    held: set[str] = set()
    for entry in (each for each in os.listdir("/proc") if each.isdigit()):
        if re.search("ipykernel|singleuser", _read(f"/proc/{entry}/cmdline")):
            for number in os.listdir(f"/proc/{entry}/fd"):
                try:
                    target = os.readlink(f"/proc/{entry}/fd/{number}")
                except OSError:
                    continue
                if target.startswith("socket:["):
                    held.add(target.removeprefix("socket:[").removesuffix("]"))
    return held


def files(known: Known) -> list[str]:
    """Walk everything that can be read, for what belongs to the platform, to another person or another project."""
    reached = [path for path in known["paths"] if os.path.lexists(path)]
    for path in _walk():
        name = os.path.basename(path)
        if name in known["file_names"] or (name.endswith((".sqlite", ".sqlite3", ".db")) and not _own(path)):
            reached.append(path)
    homes = [name for name in os.listdir("/home") if name != os.environ["USER"]] if os.path.isdir("/home") else []
    return reached + homes


def _own(path: str) -> bool:
    own = (str(Path.home()), "/project/service", "/tmp", "/usr", *known_packages())
    return path.startswith(own)


def known_packages() -> tuple[str, ...]:
    """Return the folders of installed packages: they are on the package index for anybody to read."""
    import sys

    return (sys.prefix, sys.base_prefix)


def _walk() -> Iterator[str]:
    seen = 0
    skipped = {"/proc", "/sys", "/usr", "/dev", *known_packages()}
    for folder, folders, names in os.walk("/", onerror=None):
        folders[:] = [each for each in folders if os.path.join(folder, each) not in skipped]
        for name in names:
            seen += 1
            if seen > _MOST_FILES:
                return
            yield os.path.join(folder, name)


def writable(known: Known) -> list[str]:
    """Look for a place outside the own folders that can be written."""
    reached = []
    for folder in (
        "/",
        "/usr/bin",
        "/etc",
        "/opt/tre",
        "/doors",
        "/project/data",
        "/project/doors",
        "/proc/sys/kernel",
    ):
        probe = os.path.join(folder, "probe")
        try:
            with open(probe, "w"):
                reached.append(folder)
            os.unlink(probe)
        except OSError:
            continue
    return reached


def processes(known: Known) -> list[str]:
    """Look for a process of the host."""
    reached = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            command = _read(f"/proc/{entry}/cmdline").replace("\0", " ")
            if re.search(r"tre\.cli|uvicorn|configurable-http-proxy|jupyterhub --config|workspace\.launch", command):
                reached.append(command)
    return reached


def environment(known: Known) -> list[str]:
    """Collect the environment of every process that can be read; the host compares it with its secrets."""
    found = {_read(f"/proc/{entry}/environ") for entry in os.listdir("/proc") if entry.isdigit()}
    return sorted({pair for each in found for pair in each.split("\0") if pair})


def _read(path: str) -> str:
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def powers(known: Known) -> list[str]:
    """Try what only root, or a namespace of one's own, could do."""
    libc = ctypes.CDLL(None, use_errno=True)
    reached = []
    if libc.unshare(_CLONE_NEWUSER) == 0:
        reached.append("a user namespace")
    if libc.unshare(_CLONE_NEWNET) == 0:
        reached.append("a network namespace")
    if libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0:
        reached.append("a mount")
    for act, name in ((os.setuid, "setuid"), (os.setgid, "setgid")):
        try:
            act(0)
            reached.append(name)
        except OSError:
            continue
    for entry in (each for each in os.listdir("/proc") if each.isdigit()):
        told = _read(f"/proc/{entry}/status")
        status = dict(line.split(":\t", 1) for line in told.splitlines() if ":\t" in line)
        reached += [f"{name} of process {entry}" for name in ("CapEff", "CapPrm") if int(status.get(name, "0"), 16)]
        if status.get("NoNewPrivs", "1").strip() != "1":
            reached.append(f"new privileges of process {entry}")
    return reached


def calls(known: Known) -> list[str]:
    """Make system calls that have been a way into the kernel, or past a namespace: each must be refused at the door."""
    libc = ctypes.CDLL(None, use_errno=True)
    reached = []
    for name, number in known["calls"].items():
        ctypes.set_errno(0)
        if libc.syscall(number, 0, 0, 0, 0, 0, 0) != -1 or ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS):
            reached.append(name)
    for family in known["families"]:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, 5):
            try:
                socket.socket(family, kind).close()
                reached.append(f"a socket of family {family}")
            except PermissionError:
                continue
            except OSError:
                reached.append(f"the code of family {family}")
    terminal, _ = os.openpty()
    for request in (0x5412, 0x541C, 0x5412 | 1 << 32):  # TIOCSTI, TIOCLINUX, and the first with bits that do not count
        ctypes.set_errno(0)
        if libc.ioctl(terminal, ctypes.c_ulong(request), b"x") != -1 or ctypes.get_errno() != errno.EPERM:
            reached.append(f"ioctl {request:x}")
    return reached


def names(known: Known) -> list[str]:
    """Look for a way out by the kinds of network that need no route: resolvers, multicast, broadcast, packets."""
    reached = []
    resolvers = re.findall(r"nameserver (\S+)", _read("/etc/resolv.conf"))
    question = b"\x12\x34\x01\x00\x00\x01" + bytes(6) + b"\x07example\x03org\x00\x00\x01\x00\x01"
    for host, port in (
        *((each, 53) for each in (*resolvers, "127.0.0.53", "127.0.0.11")), ("224.0.0.251", 5353),
        ("255.255.255.255", 67), ("ff02::1%lo", 5353), ("ff02::fb", 5353),
    ):  # fmt: skip
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.settimeout(0.2)
            try:
                if ":" not in host:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
                probe.connect((host, port))
                probe.send(question)
                probe.recv(512)  # that it could be sent to oneself is no way out; that somebody answers is
            except OSError:
                continue
            reached.append(f"an answer of {host}:{port}")
    kinds = {
        "raw": (socket.AF_INET, socket.SOCK_RAW, 1), "ping": (socket.AF_INET, socket.SOCK_DGRAM, 1),
        "packet": (17, socket.SOCK_RAW, 3), "bluetooth": (31, socket.SOCK_RAW, 1), "vsock": (40, 1, 0),
    }  # fmt: skip
    for name, (family, kind, protocol) in kinds.items():
        with contextlib.suppress(OSError), socket.socket(family, kind, protocol) as probe:
            probe.settimeout(0.2)
            if family == socket.AF_INET:
                probe.connect(("1.1.1.1", 0))
            reached.append(f"a {name} socket that leads out")
    for path in ("/var/run/docker.sock", "/run/containerd/containerd.sock", "/run/dbus/system_bus_socket",
                 "/run/systemd/private", "/run/nscd/socket", "/tmp/.X11-unix/X0", "\0/tmp/.X11-unix/X0",
                 "\0/com/ubuntu/upstart", "\0/org/kernel/linux/storage/multipathd"):  # fmt: skip
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(path) == 0:
                reached.append(f"the socket {path}")
    return reached


def links(known: Known) -> list[str]:
    """Go around a path by a link, a handle or another process's own view of the files."""
    reached = []
    home, secret_of_host = Path.home(), known["paths"][0]
    for target in (secret_of_host, f"{secret_of_host}/secrets", "/proc/1/root" + secret_of_host, "/etc/shadow"):
        link = home / ".probe-link"
        with contextlib.suppress(OSError):
            link.unlink(missing_ok=True)
            link.symlink_to(target)
            if os.access(link, os.R_OK):
                reached.append(f"{target} by a link")
            link.unlink()
        with contextlib.suppress(OSError):
            os.link(target, home / ".probe-hard")
            reached.append(f"{target} by a hard link")
    for entry in (each for each in os.listdir("/proc") if each.isdigit()):
        for view in ("root", "cwd"):
            if os.path.lexists(f"/proc/{entry}/{view}{secret_of_host}"):
                reached.append(f"the files of the host by process {entry}'s {view}")
        for number in _listed(f"/proc/{entry}/fd"):
            with contextlib.suppress(OSError):
                target = os.readlink(f"/proc/{entry}/fd/{number}")
                if target.startswith(secret_of_host) or ("(deleted)" in target and secret_of_host in target):
                    reached.append(f"a handle of process {entry} on {target}")
    with contextlib.suppress(OSError):
        above = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
        if os.path.lexists(f"/proc/self/fd/{above}/../../..{secret_of_host}"):
            reached.append("what lies above the root")
    return reached


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def tracing(known: Known) -> list[str]:
    """Look into another's process, and take more than is given. That tracing itself is refused, ``calls`` looks at."""
    reached = []
    for entry in (each for each in _listed("/proc") if each.isdigit()):
        with contextlib.suppress(OSError):
            if os.stat(f"/proc/{entry}").st_uid != os.getuid():  # what is one's own may be looked at
                with open(f"/proc/{entry}/mem", "rb", buffering=0) as memory:
                    memory.seek(int(_read(f"/proc/{entry}/maps").split("-")[0] or "0", 16))
                    if memory.read(8):
                        reached.append(f"the memory of process {entry}")
    with contextlib.suppress(OSError):
        os.nice(-5)
        reached.append("more of the processor than is given")
    import resource

    for what in (resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        _, hard = resource.getrlimit(what)
        with contextlib.suppress(OSError, ValueError):
            if hard != resource.RLIM_INFINITY:
                resource.setrlimit(what, (hard, resource.RLIM_INFINITY))
                reached.append(f"limit {what} raised")
    return reached


def kernel(known: Known) -> list[str]:
    """Look for what the kernel shows or takes beyond system calls: memory, devices, control groups, settings."""
    devices = (
        "mem", "kmem", "kmsg", "port", "fuse", "kvm", "loop0", "sda", "vda", "nvme0n1", "net/tun", "uinput",
    )  # fmt: skip
    reached = [
        f"/dev/{name}" for name in devices if any(os.access(f"/dev/{name}", each) for each in (os.R_OK, os.W_OK))
    ]
    for path in ("/proc/kcore", "/proc/kmsg", "/proc/vmallocinfo", "/sys/kernel/debug/sched", "/sys/kernel/security"):
        with contextlib.suppress(OSError), open(path, "rb", buffering=0) as file:
            if file.read(1):
                reached.append(path)
    addresses = {line.split()[0] for line in _read("/proc/kallsyms").splitlines()[:50]}
    reached += [f"the kernel's address {each}" for each in sorted(addresses) if int(each or "0", 16)]
    for path in ("/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe",
                 "/proc/sys/vm/drop_caches", "/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/release_agent",
                 "/sys/kernel/uevent_helper", "/proc/sys/fs/binfmt_misc/register"):  # fmt: skip
        if os.access(path, os.W_OK):
            reached.append(f"{path} can be written")
    with contextlib.suppress(OSError):
        os.mknod("/tmp/probe-device", 0o600 | 0o060000, os.makedev(8, 0))
        reached.append("a device made")
        os.unlink("/tmp/probe-device")
    shared = [name for name in _listed("/dev/shm") if os.stat(f"/dev/shm/{name}").st_uid != os.getuid()]
    reached += [f"memory shared by another: {name}" for name in shared]
    for table in ("shm", "sem", "msg"):
        reached += [f"{table} of another" for _ in _read(f"/proc/sysvipc/{table}").splitlines()[1:]]
    return reached


def control_plane(known: Known) -> list[str]:
    """Try to import what only the platform's own processes hold."""
    reached = []
    for name in ("tre.config.secrets", "tre.keys.custody", "tre.people.models", "tre.airlock.models", "spark_jobs"):
        try:
            __import__(name)
            reached.append(name)
        except Exception:
            continue
    return reached


def hub(known: Known) -> list[str]:
    """Ask the Hub and the portal, through the doors and with the server's own token, for what is not one's own."""
    token, user = os.environ.get("JUPYTERHUB_API_TOKEN", ""), os.environ["USER"]
    asked = [
        ("GET", "/hub/api/users"),
        ("GET", f"/hub/api/users/{known['other_person']}"),
        ("GET", "/hub/api/proxy"),
        ("GET", "/hub/api/services"),
        ("GET", "/hub/api/user"),
        ("GET", f"/hub/api/users/{user}"),
        ("POST", f"/hub/api/users/{user}/tokens"),
        ("PUT", f"/hub/api/users/{user}/servers/{known['other_project']}"),
        ("PATCH", f"/hub/api/users/{user}/servers/{known['other_project']}"),
        ("POST", f"/hub/api/users/{user}/servers/{known['other_project']}"),
        ("POST", f"/hub/api/users/{known['other_person']}/servers/{known['other_project']}"),
        ("POST", "/hub/api/shutdown"),
        ("GET", "/hub/home"),
        ("GET", "/hub/api/../home"),
        ("GET", "/hub/api/%2e%2e/home"),
        ("GET", "/tre/api/../../accounts/login/"),
        ("GET", "/tre/api/%2e%2e/hub/open"),
        ("POST", "/tre/api/../hub/open"),
        ("GET", "/tre/api/requests/../../../health"),
        ("GET", "http://127.0.0.1/health"),
    ]
    reached = []
    for method, path in asked:
        connection = http.client.HTTPConnection("127.0.0.1", known["api_port"], timeout=10)
        try:
            connection.request(method, path, headers={"Authorization": f"token {token}", "Content-Length": "0"})
            status = connection.getresponse().status
        except OSError:
            continue
        finally:
            connection.close()
        if status < 400:
            reached.append(f"{method} {path}: {status}")
    return reached


PROBES: tuple[Callable[[Known], list[str]], ...] = (
    routes, names, services, files, links, writable, processes, tracing, environment, powers, kernel, calls,
    control_plane, hub,
)  # fmt: skip


def tell(told: str) -> None:
    """Run every probe that is asked for and print what each reached, as one line of JSON."""
    known: Known = json.loads(told)
    print(json.dumps({each.__name__: each(known) for each in PROBES if each.__name__ in known["probes"]}))
