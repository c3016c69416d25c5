"""Calls of a portal's API over HTTP. What it refuses is its own sentence; a token stands in no message."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tre.errors import NotAllowed, Refused, TreError
from tre.remote.keeping import Login

_PREFIX = "/api/v1"
_SECONDS = 60
_REFUSED = {401: NotAllowed, 403: NotAllowed, 404: Refused, 409: Refused, 422: Refused, 429: Refused}


class NotReached(TreError):
    """The portal does not answer, or answers what no portal does."""


class Portal:
    """A portal elsewhere.

    Parameters
    ----------
    login : Login
        Its address, and the token that is shown to it.
    transport : httpx.BaseTransport, optional
        What carries the calls; by default the network.
    """

    def __init__(self, login: Login, *, transport: httpx.BaseTransport | None = None) -> None:
        headers = {"Authorization": f"Bearer {login.token}", "Accept": "application/json"}
        # A redirect would show the token to whoever it leads to.
        self._client = httpx.Client(
            base_url=login.address.rstrip("/"), headers=headers, timeout=_SECONDS, follow_redirects=False,
            transport=transport,
        )  # fmt: skip

    def call(self, method: str, path: str, body: object = None, *, code: str = "", **asked: Any) -> Any:
        """Return what a call is answered with, as JSON; None for an empty answer.

        Parameters
        ----------
        path : str
            From ``/`` on, without the API's own prefix.
        body : object, optional
            What is sent as JSON.
        code : str
            A one-time code, for what asks for one.
        asked
            What stands in the address as a question; what is None is left out.

        Raises
        ------
        TreError
            With the portal's own sentence where it refuses.
        """
        told = {name: value for name, value in asked.items() if value is not None}
        headers = {"One-Time-Code": code} if code else {}
        with _reaching():
            answer = self._client.request(
                method, f"{_PREFIX}{path}", params=told, json=body, headers=headers
            )  # fmt: skip
        _check(answer)
        return _json(answer) if answer.content else None

    def fetch(self, path: str, to: Path) -> None:
        """Fetch a file, whole or not at all.

        Raises
        ------
        Refused
            When there is a file of this name already, or the portal refuses.
        """
        if to.exists():
            raise Refused("There is such a file already", where=str(to), todo="Move it away, or choose another folder")
        to.parent.mkdir(parents=True, exist_ok=True)
        part = to.with_name(f"{to.name}.part")
        try:
            with _reaching(), self._client.stream("GET", f"{_PREFIX}{path}") as answer:
                if answer.status_code != httpx.codes.OK:
                    answer.read()
                    _check(answer)
                with part.open("wb") as file:
                    for chunk in answer.iter_bytes():
                        file.write(chunk)
            part.replace(to)
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def _reaching() -> Iterator[None]:
    try:
        yield
    except httpx.HTTPError as error:
        raise NotReached(
            "The portal does not answer", where=type(error).__name__, todo="Check the address and try again"
        ) from None


def _check(answer: httpx.Response) -> None:
    if answer.is_success:
        return
    told = _json(answer) if "json" in answer.headers.get("Content-Type", "") else {}
    detail = told.get("detail") if isinstance(told, Mapping) else None
    if not isinstance(detail, str):
        raise NotReached("This is not how a portal answers", where=f"status {answer.status_code}")
    for each in told.get("errors", ()):
        detail += f" {each['where']}: {each['what']}."
    raise _REFUSED.get(answer.status_code, TreError)(detail)


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise NotReached("This is not how a portal answers", where=f"status {answer.status_code}") from None
