"""Calls through the platform's door. The door adds who is calling; nothing secret is held here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import httpx

from tre.errors import TreError


class PlatformError(TreError):
    """The platform refused or did not answer; its sentence says why."""


def call(method: str, path: str, **more: Any) -> dict[str, Any]:
    """Ask the platform and return its JSON answer.

    Raises
    ------
    PlatformError
        When it refuses or does not answer, or this is not a workspace.
    """
    base = _base()
    try:
        answer = httpx.request(method, f"{base}/{path}", timeout=120, trust_env=False, **more)
        told = answer.json()
    except (httpx.TransportError, ValueError):
        raise PlatformError("The platform does not answer", todo="Try again in a moment") from None
    if answer.is_error:
        raise PlatformError(str(told.get("error", "The platform refused")))
    return dict(told)


def fetch(path: str, target: Path) -> None:
    """Write a file that the platform hands over to a path of one's own.

    Raises
    ------
    PlatformError
        When it refuses or does not answer, or this is not a workspace.
    """
    base = _base()
    try:
        with (
            httpx.stream("GET", f"{base}/{path}", timeout=120, trust_env=False) as answer,
            target.open("wb") as sink,
        ):
            if answer.is_error:
                raise PlatformError("The platform does not hand this over", where=path)
            for chunk in answer.iter_bytes():
                sink.write(chunk)
    except httpx.TransportError:
        raise PlatformError("The platform does not answer", todo="Try again in a moment") from None


def _base() -> str:
    base = os.environ.get("TRE_API")
    if not base:
        raise PlatformError("This is not a workspace", todo="Open a workspace from your project's page")
    return base
