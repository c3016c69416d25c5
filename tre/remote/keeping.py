"""Where a person's token is kept on their own machine: one file that nobody else reads."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tre.errors import Refused

_NEAR = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Login:
    """The portal's address, and the token that is shown to it.

    Raises
    ------
    Refused
        When the address is none, or would send the token over a network unencrypted.
    """

    address: str
    token: str = field(repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.address)
        if parts.scheme not in {"https", "http"} or not parts.hostname or parts.username:
            raise Refused("This is no address of a portal", where=self.address, todo="Give it as https://HOST")
        if parts.scheme == "http" and parts.hostname not in _NEAR and not parts.hostname.endswith(".localhost"):
            raise Refused("A token is not sent unencrypted", where=self.address, todo="Use https")
        if not self.token.isascii() or (not self.token.isalnum() and not self.token.replace("_", "").isalnum()):
            raise Refused("This is no token", todo="Copy it from your account's page")


def place() -> Path:
    """Return the file: in the folder of settings (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "tre" / "login.json"


def keep(login: Login) -> Path:
    """Keep a login, in place of the one before, and return the file."""
    path = place()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = path.with_suffix(".new")
    made.unlink(missing_ok=True)
    with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(login), file)
    made.replace(path)
    return path


def kept() -> Login:
    """Return the login that is kept.

    Raises
    ------
    Refused
        When there is none, others could read it, or it is damaged.
    """
    path = place()
    if not path.exists():
        raise Refused("You are not signed in", todo="Run `tre login ADDRESS`")
    if path.stat().st_mode & 0o077:
        raise Refused("Others could read your token", where=str(path), todo="Revoke it, and run `tre login` again")
    try:
        told = json.loads(path.read_text())
        return Login(str(told["address"]), str(told["token"]))
    except (ValueError, KeyError, TypeError):
        raise Refused("What is kept of your login is damaged", where=str(path), todo="Run `tre login` again") from None


def forget() -> bool:
    """Forget the login; return whether there was one."""
    path = place()
    found = path.exists()
    path.unlink(missing_ok=True)
    return found
