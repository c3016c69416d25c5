"""The flow of data by zone: who reads each, and by which gate it goes on."""

from __future__ import annotations

from tre.airlock.models import Release, Request
from tre.audit.models import Entry
from tre.catalogue.models import DatasetVersion, Submission
from tre.evidence.content import Document, Section, table
from tre.evidence.installation import Installation
from tre.projects.models import Extract
from tre.workspace.sandbox import MLFLOW_PORT, SPARK_PORT

# The zones in the order in which data moves, which is never the other way.
_ZONES = (
    ("Landing", "Submissions as sent, the index of identifiers, the root key", "The landing service alone",
     "Ingest: checked against the data contract, linked, pseudonymised, direct identifiers dropped"),
    ("Warehouse", "Linked tables under one common pseudonym, versioned", "The platform's jobs alone",
     "Provisioning: project approved, agreements live, opt-outs applied, agreed columns and dates, own pseudonyms"),
    ("Workspace", "One project's extract (read only), its shared folder, homes, Spark and MLflow",
     "The project's researchers, in sandboxes without a network", "The airlock: bytes frozen, hashed and inspected"),
    ("Airlock", "Frozen outputs, what inspection found, reviews", "Output checkers, never the author",
     "Release: every file approved by two independent checkers"),
    ("Release", "Approved outputs; approved, signed models", "Who asked; deployers; the register has titles alone", ""),
)  # fmt: skip


def document(here: Installation) -> Document:
    """Return the zones, their gates, what has passed each gate here, and the doors of a workspace."""
    passed = (
        ("Submissions landed", Submission.objects.count()),
        ("Submissions refused", Entry.objects.filter(event="catalogue.landing_refused").count()),
        ("Versions of datasets in the warehouse", DatasetVersion.objects.count()),
        ("Extracts made", Extract.objects.filter(ready=True).count()),
        ("Requests to the airlock", Request.objects.count()),
        ("Releases", Release.objects.count()),
    )
    doors = (
        ("The platform's own interface", "Submitting outputs, the privacy budget, what tables there are"),
        (f"Spark (port {SPARK_PORT} inside)", "The project's own, over its extract alone"),
        (f"MLflow (port {MLFLOW_PORT} inside)", "The project's own"),
        ("The gate, inwards", "The browser of the person whose workspace it is; files pass neither way"),
    )
    return Document(
        "data-flow",
        "Flow of data by zone",
        "Data moves down this list alone, each step by one named gate, each passage in the audit log.",
        (
            Section(
                "Zones and gates",
                tables=(table("Zones", ("Zone", "Holds", "Who reads it", "Gate to the next"), _ZONES),),
            ),
            Section("What has passed the gates here", tables=(table("Passages", ("Gate", "Number"), passed),)),
            Section(
                "The network of a workspace",
                ("A workspace has a network of its own with nothing but its loopback. These doors lead through it.",),
                (table("Doors", ("Door", "What for"), doors),),
            ),
        ),
    )
