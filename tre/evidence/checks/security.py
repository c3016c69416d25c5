"""Live checks of security: the audit log, encryption at rest and in transit, keys, and what is tracked."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from django.db import connection

from tre.audit.models import Entry
from tre.config.at_rest import protection
from tre.evidence.checks.people import holding
from tre.evidence.domain import Found, judged, met, not_met, not_shown
from tre.evidence.installation import Installation
from tre.runs.models import Job
from tre.runs.queue import failed
from tre.workspace.models import WorkspaceSession

_SECONDS = 5.0
_OTHERS = 0o077
_LOCAL = frozenset({"", "localhost", "127.0.0.1", "::1"})
# What SATRE 2.5.03 names at a minimum, by what the log calls it.
KINDS = {
    "sign-ins": ("people.signed_in", "people.sign_in_failed", "people.second_factor_failed"),
    "changes of access": (
        "people.account_created",
        "people.roles_changed",
        "people.account_closed",
        "projects.approved",
    ),
    "access to data": ("workspace.opened", "projects.provisioned"),
    "egress": ("airlock.submitted", "airlock.released", "airlock.downloaded"),
}


def security_logs(here: Installation) -> Found:
    """Verify the audit log, its signed checkpoints and its triggers, and count who can read it."""
    verified = here.audit
    if isinstance(verified, str):
        return not_met(verified)
    readers = len(holding("auditor"))
    counted = {name: Entry.objects.filter(event__in=events).count() for name, events in KINDS.items()}
    told = ", ".join(f"{number} of {name}" for name, number in counted.items())
    return judged(
        [] if readers else ["nobody holds the auditor's role, so nobody reads the log"],
        f"{verified} entries were recomputed and verified against their signed checkpoints: {told}. The database's "
        f"triggers refuse to change them. {readers} auditors may read it; how often they do is the operator's to show",
    )


def issues_tracked(here: Installation) -> Found:
    """Look for work that was given up and not taken up again, and verify the log that tells of deviations."""
    verified = here.audit
    if isinstance(verified, str):
        return not_met(verified)
    left = failed()
    kinds = sorted({each.kind for each in left})
    ever = Job.objects.filter(state=Job.State.DONE, attempts__gt=1).count()
    refused = Entry.objects.filter(event__in=("airlock.blocked", "airlock.release_halted", "catalogue.landing_refused"))
    return judged(
        [f"{len(left)} jobs were given up and wait for somebody: {', '.join(kinds)}"] if left else [],
        f"No job is given up; {ever} needed more than one attempt. {refused.count()} refusals and halts are in the "
        "audit log. Incidents that software does not see go into the operator's register",
    )


def at_rest(here: Installation) -> Found:
    """Ask the kernel what encrypts the home folder and the folder of the checkpoints."""
    lacks = [str(name) for name, path in _stores(here) if not protection(path, here.kernel)]
    if lacks:
        return not_met(f"Nothing is known to encrypt {' and '.join(lacks)}")
    return met(f"The home folder is encrypted by {protection(here.options.home, here.kernel)}" + _database_apart(here))


def _stores(here: Installation) -> list[tuple[str, Path]]:
    stores = [("the home folder", here.options.home), ("the folder of checkpoints", here.options.checkpoints)]
    return [(name, path) for name, path in stores if path.is_dir()]


def _database_apart(here: Installation) -> str:
    return ". The database server's own storage is the operator's to show" if connection.vendor == "postgresql" else ""


def in_transit(here: Installation) -> Found:
    """Shake hands with the portal and the Hub over TLS, and look at the ways to the database, the mail and the keys."""
    options = here.options
    plain = [each for each in (options.portal, options.hub) if not each.startswith("https://")]
    if plain and options.demonstration:
        return not_shown(
            "This is a demonstration: it answers this machine alone, over plain HTTP. Production refuses to start so"
        )
    faults = [f"{each} is not under HTTPS" for each in plain]
    faults += [fault for each in (options.portal, options.hub) if not plain and (fault := _handshake(each))]
    ways = {"the database": options.database_url, "Vault": options.vault_address, "mail": options.mail_server}
    faults += [f"the way to {name} is not encrypted" for name, url in ways.items() if url and not _encrypted(url)]
    return judged(
        faults, "The portal and the Hub answer with a valid certificate; database, mail and keys are under TLS"
    )


def _encrypted(url: str) -> bool:
    parts = urlsplit(url)
    if parts.scheme in ("https", "smtps", "smtp"):  # smtp:// is told to start TLS, and sends nothing before
        return True
    local = (parts.hostname or "") in _LOCAL  # a socket or the loopback leaves no machine
    return local or "sslmode=verify" in parts.query or "sslmode=require" in parts.query


def _handshake(url: str) -> str:
    """Return why a server's TLS is not in order, or nothing."""
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or 443)
    try:
        with socket.create_connection(address, _SECONDS) as plain:
            context = ssl.create_default_context()
            with context.wrap_socket(plain, server_hostname=address[0]) as secured:
                until = str((secured.getpeercert() or {}).get("notAfter", ""))
    except (OSError, ssl.SSLError) as error:
        return f"{address[0]} does not answer over TLS ({type(error).__name__})"
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(until), UTC) if until else datetime.now(UTC)
    return "" if ends > datetime.now(UTC) else f"the certificate of {address[0]} has ended"


def keys(here: Installation) -> Found:
    """Look at the modes of every file that holds a key or a secret."""
    folders = [here.options.path(name) for name in ("keys", "secrets")]
    held = [path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir()) if path.is_file()]
    open_ones = [path.relative_to(here.options.home) for path in held if path.stat().st_mode & _OTHERS]
    where = "in HashiCorp Vault" if here.options.keystore == "vault" else "in files apart from the data"
    return judged(
        [f"{each} can be read by others" for each in map(str, open_ones)],
        f"The root key is kept {where}; {len(held)} files of keys and secrets are their owner's alone (mode 0600). "
        "Each purpose has a key of its own, derived by HKDF, and keys have generations",
    )


def datasets_accessed(here: Installation) -> Found:
    """Hold every workspace that was opened to the audit log's entry of who opened it on which extract."""
    opened = set(WorkspaceSession.objects.values_list("pk", flat=True))
    if not opened:
        return not_shown("No workspace has been opened yet")
    entries = Entry.objects.filter(event="workspace.opened")
    told = {entry.data.get("session") for entry in entries if entry.data.get("extract") is not None}
    lacks = len(opened - told)
    return judged(
        [f"the audit log does not tell who opened {lacks} workspaces on which extract"] if lacks else [],
        f"For each of {len(opened)} workspaces the audit log tells who opened it, when, and on which extract of which "
        "datasets. Single queries inside a workspace are not recorded",
    )
