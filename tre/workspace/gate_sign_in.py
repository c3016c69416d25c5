"""Who may pass the gate: the server's own person, signed in at the Hub, whose word is asked again and again.

The gate is the Hub's OAuth client for this server in place of the server itself, which is the researcher's: what the
Hub gives for a sign-in code stays out here (authorization code with PKCE, RFC 6749 and 7636). A browser gets the name
of a session that the gate remembers, in a cookie that no page can read. Of who has not signed in yet nothing is kept
here: what a sign-in was begun with is in a cookie of its own, under a key of this process's.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

import httpx
from cryptography.fernet import Fernet, InvalidToken

from tre.workspace.gate_rules import below
from tre.workspace.hub_door import Server

RECHECK_SECONDS = 30.0  # so long may somebody who signed out, or who may no longer, still pass
_STATE_SECONDS = 600
_MOST_STATES = 4  # of one browser, the newest: node, which the Hub's proxy runs on, takes 16 KiB of headers
_MOST_WANTED = 700  # characters of an address, for the same reason
_MOST_SESSIONS = 50
_TAG = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Public:
    """How browsers know the server.

    Parameters
    ----------
    hub : str
        The Hub's public address.
    origin, base : str
        The server's own origin, and its path there, which ends in a slash.
    seconds : int
        How long a sign-in lasts.
    """

    hub: str
    origin: str
    base: str
    seconds: int

    @property
    def https(self) -> bool:
        """Return whether browsers come by HTTPS."""
        return self.origin.startswith("https:")


class HubSilent(Exception):
    """The Hub did not say whether somebody may pass: it is away, or something is wrong with it."""


@dataclass
class _Session:
    token: str
    began: float
    asked: float
    good: bool = True
    asking: asyncio.Future[bool | None] | None = None


@dataclass
class SignIns:
    """The sessions of one server's gate."""

    server: Server
    public: Public
    hub: httpx.AsyncClient
    _states: Fernet = field(default_factory=lambda: Fernet(Fernet.generate_key()))
    _sessions: OrderedDict[str, _Session] = field(default_factory=OrderedDict)

    @property
    def cookie(self) -> str:
        """Return the cookie's name: one for each server, for a person's servers share an origin."""
        return f"{'__Host-' if self.public.https else ''}gate-{self.server.name}"

    async def passes(self, cookies: str) -> str | None:
        """Return the session that the cookies name, when its person may pass; the Hub is asked every 30 seconds.

        Raises
        ------
        HubSilent
            When it must be asked and does not answer. The session is kept, and nobody passes by it.
        """
        name = _value(cookies, self.cookie)
        session = self._sessions.get(name) if name else None
        if name is None or session is None:
            return None
        return name if await self.stands(name) else None

    async def stands(self, name: str) -> bool:
        """Return whether a session still stands: that it is young enough, and the Hub still knows its token.

        Raises
        ------
        HubSilent
            When the Hub must be asked and does not answer.
        """
        session = self._sessions.get(name)
        if session is None or not session.good:
            return False
        now = time.monotonic()
        if now - session.began > self.public.seconds:
            session.good = False
        elif now - session.asked > RECHECK_SECONDS:
            session.good = await self._ask_again(session)
        if not session.good:
            self._sessions.pop(name, None)
        return session.good

    async def _ask_again(self, session: _Session) -> bool:
        """Ask the Hub again, by one question for all who wait for the same word."""
        if session.asking is None or session.asking.done():
            session.asking = asyncio.ensure_future(self._is_theirs(session.token))
        theirs = await asyncio.shield(session.asking)
        if theirs is None:
            raise HubSilent
        session.asked = time.monotonic()
        return theirs

    def begin(self, path: str, cookies: str) -> tuple[str, list[str]]:
        """Return where a browser signs in, and the cookies to set: the one that binds the sign-in to it, old ones gone.

        Parameters
        ----------
        path : str
            The path and query that it wanted; one that is not below the server's own, or is very long, is not kept.
        cookies : str
            What the browser sent.
        """
        state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        kept = json.dumps({"state": state, "verifier": verifier, "path": self._local(path)})
        made = self._set(self._state_cookie(state), self._states.encrypt(kept.encode()).decode(), _STATE_SECONDS)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        asked = urlencode(
            {
                "client_id": self.server.client,
                "redirect_uri": self.server.callback,
                "response_type": "code",
                "state": state,
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            }
        )
        gone = [self._set(name, "", 0) for name in self._old_states(cookies)]
        return f"{self.public.hub}/hub/api/oauth2/authorize?{asked}", [made, *gone]

    async def finish(self, query: dict[str, list[str]], cookies: str) -> tuple[str, list[str]] | None:
        """Return the path that a browser wanted and its cookies, when the Hub says that it is the server's person.

        That a sign-in is finished once alone is the Hub's to see to: a code is good once.

        Raises
        ------
        HubSilent
            When the Hub does not answer.
        """
        state, code = _one(query, "state"), _one(query, "code")
        begun = self._begun(state, _value(cookies, self._state_cookie(state)) or "")
        if begun is None or not code:  # a code of another browser's sign-in, or of long ago
            return None
        token = await self._token(code, begun["verifier"])
        theirs = await self._is_theirs(token) if token is not None else False
        if theirs is None:
            raise HubSilent
        if token is None or not theirs:
            return None
        name, now = secrets.token_urlsafe(32), time.monotonic()
        self._sessions[name] = _Session(token, now, now)
        while len(self._sessions) > _MOST_SESSIONS:
            self._sessions.popitem(last=False)
        gone = self._set(self._state_cookie(state), "", 0)
        return self._local(begun["path"]), [self._set(self.cookie, name, self.public.seconds), gone]

    def _state_cookie(self, state: str) -> str:
        """Return the name of the cookie of one sign-in: two tabs have two. The name of a server has no dot."""
        return f"{self._states_begin}{hashlib.sha256(state.encode()).hexdigest()[:16]}"

    @property
    def _states_begin(self) -> str:
        return f"{'__Host-' if self.public.https else ''}gate-state.{self.server.name}."

    def _begun(self, state: str, sealed: str) -> dict[str, str] | None:
        """Return what a sign-in was begun with, when this gate sealed it, for this state, not long ago."""
        try:
            begun: dict[str, str] = json.loads(self._states.decrypt(sealed.encode(), ttl=_STATE_SECONDS))
        except InvalidToken:
            return None
        return begun if secrets.compare_digest(begun["state"].encode(), state.encode()) else None

    def _old_states(self, cookies: str) -> list[str]:
        """Return the names of the cookies that a browser is to forget, so that with a new one it has not too many."""
        aged = []
        for pair in cookies.split(";"):
            name, _, sealed = pair.strip().partition("=")
            if name.startswith(self._states_begin) and _TAG.fullmatch(name.removeprefix(self._states_begin)):
                try:
                    aged.append((self._states.extract_timestamp(sealed.encode()), name))
                except InvalidToken:  # of a gate before this one
                    aged.append((0, name))
        return [name for _, name in sorted(aged, reverse=True)[_MOST_STATES - 1 :]]

    def _local(self, path: str) -> str:
        """Return a path and query below the server's own: another one, or a long one, is the server's first page."""
        base = self.public.base
        short = len(path) <= _MOST_WANTED and path.isascii()
        return path if short and below(path.partition("?")[0], base) is not None else base

    async def _token(self, code: str, verifier: str) -> str | None:
        form = {
            "client_id": self.server.client,
            "client_secret": self.server.token,
            "grant_type": "authorization_code",
            "redirect_uri": self.server.callback,
            "code": code,
            "code_verifier": verifier,
        }
        try:
            answer = await self.hub.post(f"{self.server.hub}/hub/api/oauth2/token", data=form)
            token = answer.json().get("access_token") if answer.status_code == httpx.codes.OK else None
        except (httpx.TransportError, ValueError, AttributeError):
            raise HubSilent from None
        if _says_nothing(answer):
            raise HubSilent
        return token if isinstance(token, str) else None

    async def _is_theirs(self, token: str) -> bool | None:
        """Return whether a token is the server's person's; None when the Hub does not say."""
        headers = {"authorization": f"token {token}"}
        try:
            answer = await self.hub.get(f"{self.server.hub}/hub/api/user", headers=headers)
            told = answer.json() if answer.status_code == httpx.codes.OK else {}
        except (httpx.TransportError, ValueError):
            return None
        if _says_nothing(answer) or not isinstance(told, dict):
            return None
        return bool(set(told.get("scopes", ())) & self.server.access()) and told.get("name") == self.server.username

    def _set(self, name: str, value: str, seconds: int) -> str:
        secure, path = ("; Secure", "/") if self.public.https else ("", self.public.base)
        return f"{name}={value}; Max-Age={seconds}; Path={path}; HttpOnly; SameSite=Lax{secure}"


def origin_of(hub: str, username: str) -> str:
    """Return the origin of a person's servers: their own subdomain of the Hub's name."""
    parts = urlsplit(hub)
    return f"{parts.scheme}://{username}.{parts.netloc}"


def _value(cookies: str, name: str) -> str | None:
    """Return one cookie's value; what else stands in the header, in whatever form, is somebody else's."""
    for pair in cookies.split(";"):
        found, _, value = pair.strip().partition("=")
        if found == name:
            return value
    return None


def _one(query: dict[str, list[str]], name: str) -> str:
    values = query.get(name, [])
    return values[0] if len(values) == 1 else ""


def _says_nothing(answer: httpx.Response) -> bool:
    """Return whether the Hub is in no state to answer: it starts or ends, or has too much to do."""
    return answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS
