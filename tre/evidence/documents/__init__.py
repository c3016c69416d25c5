"""The documents that a pack generates, each from what is so here, by the name of its file."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tre.evidence.content import Document
from tre.evidence.documents import (
    access_review,
    assets,
    audit,
    configuration,
    data_flow,
    disclosure_control,
    guidance,
    policies,
    projects,
    retention,
    roles,
)
from tre.evidence.installation import Installation

DOCUMENTS: Mapping[str, Callable[[Installation], Document]] = {
    "access-review": access_review.document,
    "assets": assets.document,
    "audit": audit.document,
    "configuration": configuration.document,
    "data-flow": data_flow.document,
    "disclosure-control": disclosure_control.document,
    "guidance": guidance.document,
    "policies": policies.document,
    "projects": projects.document,
    "retention": retention.document,
    "roles": roles.document,
}
