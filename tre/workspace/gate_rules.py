"""What passes between a browser and a notebook server, as plain rules: no I/O.

The server is the researcher's own code, so nothing that it says of itself is believed. These rules stand outside of it:
which addresses there are, which of its answers' headers reach the browser, and what the pages may reach from there.
What they cannot stop is told in docs/decisions/0017.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

Headers = list[tuple[bytes, bytes]]

# A page of the server may load from the server and talk to the server; nothing else, in no way that CSP Level 3 knows.
# JupyterLab compiles validators and templates at run time ('unsafe-eval'), begins from an inline script, and keeps its
# workers and previews in blobs. 'webrtc' is W3C's draft; where it is not known it is passed over.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "media-src 'self' data: blob:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "child-src 'self' blob:",
        "frame-src 'self' blob:",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
        "base-uri 'self'",
        "object-src 'none'",
        "webrtc 'block'",
    )
)
OWN_HEADERS: Headers = [
    (b"Content-Security-Policy", CONTENT_SECURITY_POLICY.encode()),
    (b"Referrer-Policy", b"no-referrer"),
    (b"X-Content-Type-Options", b"nosniff"),
    (b"X-DNS-Prefetch-Control", b"off"),
    (b"Cross-Origin-Opener-Policy", b"same-origin"),
    (b"Cross-Origin-Resource-Policy", b"same-origin"),
    (b"Permissions-Policy", b"camera=(), microphone=(), geolocation=(), display-capture=(), usb=(), serial=()"),
]

# What JupyterLab asks of its server, by the first parts of the path below the server's own. Read from jupyterlab 4.6
# and jupyter_server 2; whatever else a server may offer (a proxy to a port, another program's pages) is not reached.
_PAGES = ("lab", "doc", "static", "kernelspecs", "favicon.ico", "logo", "")
_INTERFACES = (
    "contents",
    "events",
    "kernels",
    "kernelspecs",
    "me",
    "sessions",
    "shutdown",
    "status",
    "config",
)
_SOCKETS = (re.compile(r"api/kernels/[\w-]{1,64}/channels"), re.compile(r"api/events/subscribe"))
_LAB_INTERFACES = (
    "plugins",
    "build",
    "extensions",
    "settings",
    "themes",
    "translations",
    "workspaces",
    "listings",
)

# Request headers that the server gets. No cookie of the gate's or of anybody else, no credentials but the gate's own.
_ASKED = frozenset(
    {
        b"accept", b"accept-encoding", b"accept-language", b"cache-control", b"content-encoding", b"content-length",
        b"content-type", b"host", b"if-match", b"if-modified-since", b"if-none-match", b"origin", b"pragma",
        b"transfer-encoding", b"user-agent", b"x-xsrftoken", b"x-requested-with",
    }
)  # fmt: skip
_ASKED_BY_SOCKETS = frozenset(
    {
        b"connection", b"upgrade", b"sec-websocket-key", b"sec-websocket-version", b"sec-websocket-protocol",
        b"sec-websocket-extensions",
    }
)  # fmt: skip
# Response headers that reach the browser. Those left out could send it elsewhere (Refresh, Link, Report-To, Alt-Svc),
# plant cookies, loosen the policy above, or make a file of what is shown (Content-Disposition).
_TOLD = frozenset(
    {
        b"cache-control", b"content-encoding", b"content-length", b"content-type", b"date", b"etag", b"last-modified",
        b"transfer-encoding", b"vary", b"x-jupyterhub-version",
    }
)  # fmt: skip
# What JupyterLab's own files and interfaces are (every kind of file below share/jupyter and jupyter_server/static, and
# every type that its handlers set), less what is there to be kept: tables, archives, plain text, whatever has no name.
_SHOWN = frozenset(
    {
        "text/html", "text/css", "text/javascript", "application/javascript", "application/json", "image/png",
        "image/svg+xml", "image/x-icon", "image/vnd.microsoft.icon",
    }
)  # fmt: skip
# Servers name fonts by what their system knows of them, often not at all; so the gate names them, by their address.
_FONTS = {
    ".woff2": b"font/woff2",
    ".woff": b"font/woff",
    ".ttf": b"font/ttf",
    ".eot": b"application/vnd.ms-fontobject",
}
_STATIC = "static/"  # JupyterLab's own files, with the hash of their content in their names: they alone are kept
_TOLD_TO_SOCKETS = frozenset(
    {b"connection", b"upgrade", b"sec-websocket-accept", b"sec-websocket-protocol", b"sec-websocket-extensions"}
)

_MOST_PARTS = 300_000  # lists and mappings of a body: each is a hundred times its bytes once it is read
DOWNLOAD = "Files leave this room by the airlock alone: use tre.submit in a notebook."
UPLOAD = "Files come into this room by the airlock alone. A notebook may be written here."
NOWHERE = "There is nothing at this address."


@dataclass(frozen=True)
class Asked:
    """One request: its method, and its path and query as the browser sent them."""

    method: str
    path: str
    query: str
    upgrade: bool = False


def below(path: str, base: str) -> str | None:
    """Return the part of a path below the server's base, or None when it leads elsewhere however it is decoded.

    Parameters
    ----------
    base : str
        Ends in a slash.
    """
    plain = path
    for _ in range(3):  # servers differ in how often they decode
        plain = unquote(plain)
    # What is decoded twice, or hides a slash, is one path to one reader and another to the next.
    unclear = (
        plain != unquote(path)
        or "%2f" in path.lower()
        or "\\" in plain
        or "//" in plain
        or any(ord(letter) < 32 for letter in plain)
    )
    if unclear or f"{posixpath.normpath(plain)}/".find(base) != 0:
        return None
    if plain.rstrip("/") != posixpath.normpath(plain).rstrip("/"):  # dots in it
        return None
    return plain.removeprefix(base) if plain.startswith(base) else ""


def refused(asked: Asked, base: str) -> str | None:
    """Return why a request does not pass, in a sentence for the person, or None when it does."""
    rest = below(asked.path, base)
    if rest is None:
        return NOWHERE
    if asked.upgrade:
        return None if any(known.fullmatch(rest) for known in _SOCKETS) else NOWHERE
    if asked.method not in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}:
        return NOWHERE
    first, _, more = rest.partition("/")
    if first in {"files", "nbconvert", "view", "voila"}:
        return DOWNLOAD
    if first == "lab" and more.partition("/")[0] == "api":
        return None if any(part in _LAB_INTERFACES for part in more.split("/")[1:2]) else NOWHERE
    if first in _PAGES or rest in {"api", "api/"}:
        return None if asked.method in {"GET", "HEAD"} else NOWHERE
    if first != "api" or more.partition("/")[0] not in _INTERFACES:
        return NOWHERE
    if more.partition("/")[0] == "contents" and asked.method in {"GET", "HEAD"}:
        return _read(more.partition("/")[2], asked)
    return None


def _read(path: str, asked: Asked) -> str | None:
    """Refuse to read a file that is no notebook: its text in the browser is a copy of it."""
    told = _told(asked.query)
    if told.get("content") == "0" or asked.path.endswith(_CHECKPOINTS):
        return None
    kind = told.get("type", "")
    if kind == "notebook":
        return None if path.endswith(".ipynb") else DOWNLOAD
    return None if kind in {"", "directory"} else DOWNLOAD


_CHECKPOINTS = "/checkpoints"  # as the server routes by it: undecoded


def _told(query: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}


def target(asked: Asked, base: str) -> str:
    """Return the path and query as the server gets them, of a request that passes.

    Where JupyterLab does not say what it wants to read, it is said here: a notebook, or else a folder and no file.
    """
    query = asked.query
    rest = below(asked.path, base) or ""
    unsaid = asked.method in {"GET", "HEAD"} and not _told(query).get("type") and not asked.path.endswith(_CHECKPOINTS)
    if unsaid and (rest == "api/contents" or rest.startswith("api/contents/")) and _told(query).get("content") != "0":
        kind = "notebook" if rest.endswith(".ipynb") else "directory"
        query = f"{query}&type={kind}" if query else f"type={kind}"
    return asked.path + (f"?{query}" if query else "")


def writes(asked: Asked, base: str) -> bool:
    """Return whether a request writes content, so that its body must be looked at: see :func:`refused_body`."""
    rest = below(asked.path, base) or ""
    return asked.method in {"PUT", "PATCH", "POST"} and rest.startswith("api/contents")


def refused_body(body: bytes) -> str | None:
    """Return why a body does not pass where content is written: what is no notebook is an upload."""
    if not body.strip():
        return None
    if body.count(b"[") + body.count(b"{") > _MOST_PARTS:
        return UPLOAD
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return UPLOAD
    if not isinstance(told, dict) or "chunk" in told:
        return UPLOAD
    if told.get("content") is None:  # a new file, a copy, another name: made inside, of what is there
        return None
    return None if told.get("type") in {"notebook", "directory"} else UPLOAD


def onwards(headers: Iterable[tuple[bytes, bytes]], token: str, *, upgrade: bool) -> Headers:
    """Return the headers of a request as the server gets them, with the token that opens it."""
    passed = _ASKED | _ASKED_BY_SOCKETS if upgrade else _ASKED
    kept = [(name, value) for name, value in headers if name.lower() in passed]
    if not upgrade:
        kept.append((b"Connection", b"close"))
    return [*kept, (b"Authorization", f"token {token}".encode())]


def refused_answer(status: int, headers: Iterable[tuple[bytes, bytes]], rest: str) -> str | None:
    """Return why an answer does not pass, or None when it is of a kind that JupyterLab shows.

    Parameters
    ----------
    rest : str
        The path that was asked for, below the server's own.
    """
    told = [(name.lower(), value.decode("latin-1").strip().lower()) for name, value in headers]
    if any(name == b"content-disposition" and not value.startswith("inline") for name, value in told):
        return DOWNLOAD
    if status in {204, 304} or _font(rest) is not None:  # nothing to name, or named by the gate
        return None
    kinds = [value.partition(";")[0].strip() for name, value in told if name == b"content-type"]
    return None if len(kinds) == 1 and kinds[0] in _SHOWN else DOWNLOAD


def _font(rest: str) -> bytes | None:
    return _FONTS.get(posixpath.splitext(rest)[1]) if rest.startswith(_STATIC) else None


def back(headers: Iterable[tuple[bytes, bytes]], origin: str, base: str, rest: str, *, upgrade: bool) -> Headers | None:
    """Return the headers of an answer as the browser gets them, or None when it would be sent elsewhere.

    Parameters
    ----------
    rest : str
        The path that was asked for, below the server's own: what is not one of JupyterLab's own files is not to be
        stored by a browser, and what a font is, is said here.
    """
    passed = _TOLD | _TOLD_TO_SOCKETS if upgrade else _TOLD
    own: Headers = [] if upgrade else list(OWN_HEADERS)
    if not upgrade and not rest.startswith(_STATIC):
        own.append((b"Cache-Control", b"no-store"))
    if (font := _font(rest)) is not None:
        own.append((b"Content-Type", font))
    said = {name.lower() for name, _ in own}
    kept = []
    for name, value in headers:
        if name.lower() == b"location":
            target = _within(value.decode("latin-1"), origin, base)
            if target is None:
                return None
            kept.append((b"Location", target.encode("latin-1")))
        elif name.lower() in passed and name.lower() not in said:
            kept.append((name, value))
    return [*kept, *own]


def _within(target: str, origin: str, base: str) -> str | None:
    """Return a redirect's target as a path below the server's own, or None."""
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    if (parts.scheme or parts.netloc) and f"{parts.scheme}://{parts.netloc}" != origin:
        return None
    if not parts.path.startswith("/") or below(parts.path, base) is None:
        return None
    return parts.path + (f"?{parts.query}" if parts.query else "")


def from_its_own_page(method: str, headers: dict[bytes, bytes], origin: str, *, upgrade: bool) -> bool:
    """Return whether a request that changes something comes from a page of this very server.

    A browser names the page's origin on each of them (Fetch standard, "Origin header"); without one it is no browser's.
    """
    if method in {"GET", "HEAD"} and not upgrade:
        return True
    return headers.get(b"origin", b"").decode("latin-1") == origin
