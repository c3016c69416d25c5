"""Whether the home folder lies on storage that is encrypted at rest, as the kernel tells it.

Known are dm-crypt (LUKS or plain; also beneath LVM, RAID and partitions), folders that ext4, F2FS or UBIFS encrypt
(fscrypt), eCryptfs, gocryptfs, EncFS, and encrypted ZFS datasets. What is not known counts as not encrypted. Parquet's
own encryption is not used: see docs/decisions/0013.
"""

from __future__ import annotations

import array
import fcntl
import os
import stat
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tre.config.options import Options
from tre.errors import SettingsError

_GET_FLAGS = 0x80086601  # FS_IOC_GETFLAGS, linux/fs.h
_ENCRYPT_FLAG = 0x00000800  # FS_ENCRYPT_FL, linux/fs.h
_ENCRYPTING = {"ecryptfs": "eCryptfs", "fuse.gocryptfs": "gocryptfs", "fuse.encfs": "EncFS"}
_DM_CRYPT = "CRYPT-"  # how cryptsetup's names of device-mapper targets begin


def folder_flags(folder: Path) -> int:
    """Return a folder's inode flags (ioctl_iflags(2)), 0 where the file system has none."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        flags = array.array("l", [0])
        fcntl.ioctl(descriptor, _GET_FLAGS, flags)
        return flags[0]
    except OSError:
        return 0
    finally:
        os.close(descriptor)


def zfs_encryption(dataset: str) -> str:
    """Return what ZFS says of a dataset's encryption, such as ``aes-256-gcm`` or ``off``; nothing when it cannot."""
    asked = ["zfs", "get", "-H", "-o", "value", "encryption", dataset]
    try:
        return subprocess.run(asked, capture_output=True, text=True, check=False, timeout=10).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _device_of(source: str) -> str | None:
    """Return ``major:minor`` of a block device by its path."""
    try:
        told = os.stat(source)
    except OSError:
        return None
    return f"{os.major(told.st_rdev)}:{os.minor(told.st_rdev)}" if stat.S_ISBLK(told.st_mode) else None


@dataclass(frozen=True)
class Kernel:
    """Where the kernel tells of mounts, devices and folders."""

    mounts: Path = Path("/proc/self/mountinfo")
    devices: Path = Path("/sys/dev/block")
    flags: Callable[[Path], int] = field(default=folder_flags)
    zfs: Callable[[str], str] = field(default=zfs_encryption)
    device_of: Callable[[str], str | None] = field(default=_device_of)


@dataclass(frozen=True)
class _Mount:
    """One line of mountinfo: proc_pid_mountinfo(5)."""

    device: str
    point: Path
    kind: str
    source: str


def protection(folder: Path, kernel: Kernel | None = None) -> str:
    """Return what encrypts a folder at rest, in a few words; empty when nothing does that is known.

    Parameters
    ----------
    folder : Path
        There, and absolute.
    """
    told = kernel or Kernel()
    mount = _mount(folder.resolve(), told.mounts)
    if told.flags(folder) & _ENCRYPT_FLAG:
        return "a folder that the file system encrypts (fscrypt)"
    if mount is None:
        return ""
    if mount.kind in _ENCRYPTING:
        return _ENCRYPTING[mount.kind]
    if mount.kind == "zfs":
        return "encrypted ZFS" if told.zfs(mount.source) not in ("", "off", "-") else ""
    device = told.device_of(mount.source) or mount.device  # btrfs tells of a device number that is no device
    return "dm-crypt" if _encrypted(told.devices / device) else ""


def _encrypted(device: Path) -> bool:
    """Tell whether a block device, or every device beneath it, is a dm-crypt target."""
    try:
        if (device / "dm" / "uuid").read_text().startswith(_DM_CRYPT):
            return True
    except OSError:
        pass  # it is no device-mapper target
    beneath = sorted((device / "slaves").glob("*"))
    if not beneath and (device / "partition").exists():
        return _encrypted(device.resolve().parent)
    return bool(beneath) and all(_encrypted(each) for each in beneath)


def _mount(folder: Path, mounts: Path) -> _Mount | None:
    """Return the mount that a folder lies on: of those above it the deepest, and of those the last made."""
    found: _Mount | None = None
    for line in mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        left, _, right = line.partition(" - ")
        place, source = left.split(), right.split()
        if len(place) < 5 or len(source) < 2:
            continue
        point = Path(_unescaped(place[4]))
        deeper = found is None or len(point.parts) >= len(found.point.parts)
        if deeper and folder.is_relative_to(point):
            found = _Mount(place[2], point, source[0], _unescaped(source[1]))
    return found


def _unescaped(text: str) -> str:
    r"""Return a path of mountinfo, in which a space is ``\040``."""
    for code, mark in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, mark)
    return text


def check(options: Options, say: Callable[[str], None], kernel: Kernel | None = None) -> None:
    """Refuse production on storage that is not encrypted; say it of a demonstration.

    Raises
    ------
    SettingsError
        In production, when nothing is known to encrypt the home folder.
    """
    options.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if protection(options.home, kernel):
        return
    if not options.demonstration:
        raise SettingsError(
            "Production needs storage that is encrypted at rest, and nothing is known to encrypt the home folder",
            where=str(options.home),
            todo="Put it on a LUKS volume, an encrypted ZFS dataset or a folder under fscrypt",
        )
    say("The home folder is not on encrypted storage: production would refuse it.")
