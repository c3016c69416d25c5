"""The audit log: what was verified, and how often each thing happened."""

from __future__ import annotations

from django.db.models import Count, Max

from tre.audit.checkpoints import kept_sizes, public_key
from tre.audit.models import Entry
from tre.evidence.content import Document, Section, day, table
from tre.evidence.installation import Installation


def document(here: Installation) -> Document:
    """Return the outcome of the verification and the events by kind, with the key that others verify by."""
    verified = here.audit
    said = verified if isinstance(verified, str) else f"All {verified} entries were recomputed and are what was written"
    counted = Entry.objects.values("event").annotate(number=Count("number"), newest=Max("at")).order_by("event")
    events = [(each["event"], each["number"], day(each["newest"])) for each in counted]
    return Document(
        "audit",
        "Verification of the audit log",
        f"{said}. Nobody is named here: the log itself names who did what, and auditors read it.",
        (
            Section(
                "How it is verified",
                (
                    "Each entry is a leaf of a Merkle tree (RFC 9162) and is hashed with what came before it. Signed "
                    f"checkpoints stand outside the database: {len(kept_sizes())} are kept.",
                    f"The key that they are signed with (Ed25519, RFC 8032): {public_key()}",
                    "Anybody who keeps a checkpoint elsewhere can ask later whether the log still continues it: "
                    "tre audit verify --since FILE.",
                ),
            ),
            Section("What happened", tables=(table("Entries by kind", ("Event", "Entries", "Newest"), events),)),
        ),
    )
