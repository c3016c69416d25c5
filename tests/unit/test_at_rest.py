"""Encryption at rest: what the kernel tells, on trees written as it writes them, and what start-up makes of it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from tre.config import at_rest
from tre.config.at_rest import Kernel, check, protection
from tre.errors import SettingsError

ENCRYPT = 0x800
LUKS = "CRYPT-LUKS2-0123456789abcdef0123456789abcdef-home\n"


class Machine:
    """A made-up /proc/self/mountinfo and /sys/dev/block."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "srv" / "tre home"
        self.home.mkdir(parents=True)
        self._sys, self._mounts = folder / "sys", folder / "mountinfo"
        (self._sys / "dev" / "block").mkdir(parents=True)
        self._lines = ["22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw"]
        self.kernel = Kernel(
            self._mounts, self._sys / "dev" / "block", lambda path: 0, lambda dataset: "", lambda source: None
        )

    def mount(self, device: str, kind: str = "ext4", source: str = "/dev/x", at: Path | None = None) -> None:
        point = str(at or self.home).replace(" ", "\\040")
        self._lines.append(f"30 22 {device} / {point} rw,relatime shared:2 - {kind} {source} rw")

    def device(self, number: str, uuid: str = "", slaves: tuple[str, ...] = (), partition_of: str = "") -> None:
        real = self._sys / "devices" / (partition_of.replace(":", "_") or "") / number.replace(":", "_")
        real.mkdir(parents=True, exist_ok=True)
        if uuid:
            (real / "dm").mkdir()
            (real / "dm" / "uuid").write_text(uuid)
        (real / "slaves").mkdir(exist_ok=True)
        for slave in slaves:
            (real / "slaves" / slave.replace(":", "_")).symlink_to(self._sys / "dev" / "block" / slave)
        if partition_of:
            (real / "partition").write_text("1\n")
        (self._sys / "dev" / "block" / number).symlink_to(real)

    def asked(self, **more: object) -> str:
        self._mounts.write_text("\n".join([*self._lines, "no line of the kernel's", ""]))
        return protection(self.home, Kernel(**{**self.kernel.__dict__, **more}))


@pytest.fixture
def machine(tmp_path) -> Machine:
    return Machine(tmp_path)


def luks(machine: Machine) -> None:
    machine.device("253:0", LUKS)
    machine.mount("253:0", source="/dev/mapper/home")


def plain_disk(machine: Machine) -> None:
    machine.device("8:1")
    machine.mount("8:1")


def lvm_on_luks(machine: Machine) -> None:
    machine.device("253:0", LUKS)
    machine.device("253:1", "LVM-abc", slaves=("253:0",))
    machine.mount("253:1")


def lvm_on_a_plain_disk(machine: Machine) -> None:
    machine.device("8:1")
    machine.device("253:1", "LVM-CRYPT-abc", slaves=("8:1",))
    machine.mount("253:1")


def raid_half_encrypted(machine: Machine) -> None:
    machine.device("253:0", LUKS)
    machine.device("8:1")
    machine.device("9:0", slaves=("253:0", "8:1"))
    machine.mount("9:0")


def raid_encrypted(machine: Machine) -> None:
    machine.device("253:0", LUKS)
    machine.device("253:1", "CRYPT-PLAIN-other")
    machine.device("9:0", slaves=("253:0", "253:1"))
    machine.mount("9:0")


def partition_of_luks(machine: Machine) -> None:
    machine.device("253:0", LUKS)
    machine.device("259:1", partition_of="253:0")
    machine.mount("259:1")


def only_the_root_is_encrypted(machine: Machine) -> None:
    machine.device("8:1", LUKS)
    machine.device("8:2")
    machine.mount("8:2")


def the_root_is_encrypted(machine: Machine) -> None:
    machine.device("8:1", LUKS)


def another_mount_over_it(machine: Machine) -> None:
    luks(machine)
    machine.mount("0:44", kind="tmpfs", source="tmpfs")


def a_neighbour_is_encrypted(machine: Machine) -> None:
    machine.device("253:0", LUKS)
    machine.device("8:1")
    machine.mount("253:0", at=machine.home.with_name("tre"))


def ecryptfs(machine: Machine) -> None:
    machine.mount("0:50", kind="ecryptfs", source="/home/.private")


def unknown_device(machine: Machine) -> None:
    machine.mount("0:60", kind="nfs4", source="server:/export")


@pytest.mark.parametrize(
    ("made", "found"),
    [
        (luks, "dm-crypt"),
        (lvm_on_luks, "dm-crypt"),
        (raid_encrypted, "dm-crypt"),
        (partition_of_luks, "dm-crypt"),
        (the_root_is_encrypted, "dm-crypt"),
        (ecryptfs, "eCryptfs"),
        (plain_disk, ""),
        (lvm_on_a_plain_disk, ""),
        (raid_half_encrypted, ""),
        (only_the_root_is_encrypted, ""),
        (another_mount_over_it, ""),
        (a_neighbour_is_encrypted, ""),
        (unknown_device, ""),
    ],
)
def test_what_the_kernel_tells_of_the_home_folder(machine, made, found):
    made(machine)
    assert machine.asked() == found


@pytest.mark.parametrize(("said", "found"), [("aes-256-gcm", "encrypted ZFS"), ("off", ""), ("-", ""), ("", "")])
def test_zfs_is_believed_only_when_it_says_so(machine, said, found):
    machine.mount("0:45", kind="zfs", source="pool/tre")
    assert machine.asked(zfs=lambda dataset: said if dataset == "pool/tre" else "wrong") == found


@pytest.mark.parametrize(("flags", "found"), [(ENCRYPT, True), (ENCRYPT | 0x80000, True), (0x80000, False), (0, False)])
def test_a_folder_under_fscrypt_has_the_flag(machine, flags, found):
    plain_disk(machine)
    assert bool(machine.asked(flags=lambda folder: flags)) == found


def test_btrfs_is_known_by_its_source(machine):
    machine.device("253:0", LUKS)
    machine.mount("0:33", kind="btrfs", source="/dev/mapper/home")
    assert machine.asked(device_of={"/dev/mapper/home": "253:0"}.get) == "dm-crypt"


def test_the_kernel_of_this_machine_is_asked_without_an_error(tmp_path):
    assert isinstance(protection(tmp_path), str)
    assert at_rest.folder_flags(Path("/proc")) == 0
    assert at_rest._device_of("/dev/null") is None
    assert at_rest._device_of("no such") is None


@pytest.mark.parametrize("production", [True, False])
@pytest.mark.parametrize("encrypted", [True, False])
def test_production_starts_on_encrypted_storage_alone_and_the_demonstration_says_so(machine, production, encrypted):
    (luks if encrypted else plain_disk)(machine)
    machine.asked()
    options, said = SimpleNamespace(home=machine.home, demonstration=not production), []
    if production and not encrypted:
        with pytest.raises(SettingsError, match="encrypted at rest") as told:
            check(options, said.append, machine.kernel)
        assert "\n" not in told.value.sentence()
    else:
        check(options, said.append, machine.kernel)
    assert len(said) == (not production and not encrypted)
