"""One attempt at the deployer's webhook: signed as Standard Webhooks 1.0 says, and sent nowhere but where it may go."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import socket
import time
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

import httpx

from tre.airlock.registered.models import Told
from tre.airlock.registered.policy import registry_policy
from tre.config.options import Options, load
from tre.config.secrets import secret

Address = IPv4Address | IPv6Address
_SECRET = "model-webhook"  # noqa: S105 - the name of one
_PHASE_SECONDS = 10.0  # of connecting, of sending, of each byte that comes: the whole has a bound of its own
_GONE = 410  # "the sender should stop": Standard Webhooks 1.0, "Response"


@dataclass(frozen=True)
class Answer:
    """What came of an attempt; after a final one there is no other."""

    words: str
    taken: bool = False
    final: bool = False


class NotThere(Exception):
    """The target is no address that may be sent to."""


def shared_secret() -> str:
    """Return what the receiver verifies with, in the standard's own form."""
    return "whsec_" + base64.b64encode(_key()).decode()


def _key() -> bytes:
    return bytes.fromhex(secret(_SECRET))


def headers(identity: str, moment: int, body: bytes, key: bytes) -> dict[str, str]:
    """Return the three headers of an attempt: HMAC-SHA256 over identity, seconds and body, joined by dots.

    Parameters
    ----------
    moment : int
        Unix time. A receiver refuses what is older than some minutes, and an identity that it had: so nothing is
        replayed.
    """
    signed = b".".join([identity.encode(), str(moment).encode(), body])
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {"webhook-id": identity, "webhook-timestamp": str(moment), "webhook-signature": f"v1,{signature}"}


def attempt(told: Told) -> Answer:
    """Send one thing, once, in no more than the time that a receiver may take; nothing of its answer is kept."""
    try:
        status = asyncio.run(_within(told, registry_policy().patience))
    except NotThere as error:
        return Answer(str(error))
    except TimeoutError:
        return Answer("it did not answer in time")
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        return Answer(f"it could not be reached ({type(error).__name__})"[:80])
    if 200 <= status < 300:
        return Answer(f"status {status}", taken=True)
    return Answer(f"status {status}", final=status == _GONE)


async def _within(told: Told, seconds: float) -> int:
    return await asyncio.wait_for(_send(told), seconds)  # of all of it: a receiver may send a byte now and then


async def _send(told: Told) -> int:
    """Send it to the very address that was looked at, so that a name cannot lead elsewhere the second time."""
    target = urlsplit(load().model_webhook)
    host, body = str(target.hostname), told.body.encode()
    port = target.port or (443 if target.scheme == "https" else 80)
    found = await _resolved(host, port)
    literal = f"[{found}]" if isinstance(found, IPv6Address) else str(found)
    url = httpx.URL(load().model_webhook).copy_with(host=literal, port=port)
    signed = headers(told.identity, int(time.time()), body, _key())
    named = {"Host": target.netloc, "Content-Type": "application/json", "User-Agent": "tre", **signed}
    async with httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=_PHASE_SECONDS) as client:
        # The certificate is held against the name, not against the address that is connected to.
        asking = client.build_request("POST", url, headers=named, content=body, extensions={"sni_hostname": host})
        answer = await client.send(asking, stream=True)
        await answer.aclose()  # its status is all that is wanted of it
        return answer.status_code


async def _resolved(host: str, port: int) -> Address:
    """Return the first address of a name, once every address of it is one that may be sent to."""
    loop = asyncio.get_running_loop()
    infos = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    found = [ip_address(str(info[4][0]).partition("%")[0]) for info in infos]
    if not found or not all(may_be_sent_to(each, load()) for each in found):
        raise NotThere("its address is private, and the settings do not allow it")
    return found[0]


def may_be_sent_to(found: Address, options: Options) -> bool:
    """Return whether an address is public, in a network that the operator allows, or in a demonstration this machine's.

    What is mapped or translated into IPv6 counts as what it stands for (RFC 4291, section 2.5.5.2; RFC 6052; RFC 3056).
    """
    inner = _inner(found)
    if any(inner in ip_network(each) for each in options.model_webhook_networks):
        return True
    if inner.is_loopback:
        return options.demonstration
    public = isinstance(inner, IPv4Address) or inner in _PUBLIC
    return public and inner.is_global and not inner.is_multicast


_TRANSLATED = ip_network("64:ff9b::/96")
_PUBLIC = ip_network("2000::/3")  # what of IPv6 is given out as global unicast (IANA; RFC 4291, section 2.4)


def _inner(found: Address) -> Address:
    if isinstance(found, IPv4Address):
        return found
    if found in _TRANSLATED:
        return IPv4Address(int(found) & 0xFFFFFFFF)
    return found.ipv4_mapped or found.sixtofour or found
