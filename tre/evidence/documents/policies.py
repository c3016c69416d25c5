"""The policies in force, told in words from their own syntax trees."""

from __future__ import annotations

import hashlib

from tre.evidence.content import Document, Section, table
from tre.evidence.installation import Installation
from tre.policy.decision import FOLDER
from tre.web.policies import Act, told_acts


def document(here: Installation) -> Document:
    """Return who may do what and why, and the policy files with their hashes."""
    files = [
        (path.name, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted(FOLDER.iterdir())
        if path.is_file()
    ]
    return Document(
        "policies",
        "Policies: who may do what, and why",
        "Every decision is asked of one decision point, which answers by these policies; what none permits is denied.",
        (
            Section(
                "Acts and the rules about them",
                tables=(
                    table("Rules by act", ("Act", "Permitted", "Forbidden whatever else"), map(_row, told_acts())),
                ),
            ),
            Section(
                "Policy files",
                (
                    "Policies are code: each change is a commit with its author, its date and its reason, and is tried "
                    "against policies/cases.yaml and proved before it is merged.",
                ),
                (table("Files in force", ("File", "SHA-256"), files),),
            ),
        ),
    )


def _row(act: Act) -> tuple[str, str, str]:
    permits, forbids = (" ".join(each.sentence for each in told) for told in (act.permits, act.forbids))
    return act.words.capitalize(), permits or "Nobody: the platform alone does it", forbids
