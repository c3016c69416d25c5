"""Who may pass the gate: the server's own person, signed in at the Hub, whose word is asked again and again.

The gate is the Hub's OAuth client for this server in place of the server itself, which is the researcher's: what the
Hub gives for a sign-in code stays out here (authorization code with PKCE, RFC 6749 and 7636). A browser gets the name
of a session that the gate remembers, in a cookie that no page can read.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

import httpx

from tre.workspace.hub_door import Server

RECHECK_SECONDS = 30.0  # so long may somebody who signed out, or who may no longer, still pass
_STATE_SECONDS = 600.0
_MOST_STATES, _MOST_SESSIONS = 200, 50


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


@dataclass
class _Session:
    token: str
    began: float
    asked: float
    good: bool = True


@dataclass(frozen=True)
class _State:
    verifier: str
    path: str
    browser: str
    at: float


@dataclass
class SignIns:
    """The sessions of one server's gate."""

    server: Server
    public: Public
    hub: httpx.AsyncClient
    _states: OrderedDict[str, _State] = field(default_factory=OrderedDict)
    _sessions: OrderedDict[str, _Session] = field(default_factory=OrderedDict)

    @property
    def cookie(self) -> str:
        """Return the cookie's name: one for each server, for a person's servers share an origin."""
        return f"{'__Host-' if self.public.https else ''}gate-{self.server.name}"

    async def passes(self, cookies: str) -> str | None:
        """Return the session that the cookies name, when its person may pass; the Hub is asked every 30 seconds."""
        name = _value(cookies, self.cookie)
        session = self._sessions.get(name) if name else None
        if name is None or session is None:
            return None
        return name if await self.stands(name) else None

    async def stands(self, name: str) -> bool:
        """Return whether a session still stands: that it is young enough, and the Hub still knows its token."""
        session = self._sessions.get(name)
        if session is None or not session.good:
            return False
        now = time.monotonic()
        if now - session.began > self.public.seconds:
            session.good = False
        elif now - session.asked > RECHECK_SECONDS:
            session.asked = now
            session.good = await self._is_theirs(session.token)
        if not session.good:
            self._sessions.pop(name, None)
        return session.good

    def begin(self, path: str) -> tuple[str, str]:
        """Return where a browser signs in, and the cookie that binds the sign-in to it.

        Parameters
        ----------
        path : str
            The path and query that it wanted.
        """
        state, verifier, browser = (secrets.token_urlsafe(32) for _ in range(3))
        self._states[state] = _State(verifier, path, _hash(browser), time.monotonic())
        while len(self._states) > _MOST_STATES:
            self._states.popitem(last=False)
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
        return f"{self.public.hub}/hub/api/oauth2/authorize?{asked}", self._set(f"{self.cookie}-state", browser, 600)

    async def finish(self, query: dict[str, list[str]], cookies: str) -> tuple[str, list[str]] | None:
        """Return the path that a browser wanted and its cookies, when the Hub says that it is the server's person."""
        state = self._states.pop(_one(query, "state"), None)
        code = _one(query, "code")
        if state is None or not code or time.monotonic() - state.at > _STATE_SECONDS:
            return None
        browser = _value(cookies, f"{self.cookie}-state") or ""
        if not secrets.compare_digest(_hash(browser), state.browser):  # a code of another browser's sign-in
            return None
        token = await self._token(code, state.verifier)
        if token is None or not await self._is_theirs(token):
            return None
        name, now = secrets.token_urlsafe(32), time.monotonic()
        self._sessions[name] = _Session(token, now, now)
        while len(self._sessions) > _MOST_SESSIONS:
            self._sessions.popitem(last=False)
        gone = self._set(f"{self.cookie}-state", "", 0)
        return state.path, [self._set(self.cookie, name, self.public.seconds), gone]

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
            return None
        return token if isinstance(token, str) else None

    async def _is_theirs(self, token: str) -> bool:
        headers = {"authorization": f"token {token}"}
        try:
            answer = await self.hub.get(f"{self.server.hub}/hub/api/user", headers=headers)
            told = answer.json() if answer.status_code == httpx.codes.OK else {}
        except (httpx.TransportError, ValueError):
            return False
        scopes = set(told.get("scopes", ())) if isinstance(told, dict) else set()
        return bool(scopes & self.server.access()) and told.get("name") == self.server.username

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


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
