"""Which rules of policies/disclosure.yaml tell of what: a rule of a leak's family is the right reason to catch it."""

from __future__ import annotations

RULES: dict[str, frozenset[str]] = {
    "identifiers": frozenset({"held-identifier", "identifier", "possible-identifier", "date-of-birth"}),
    "names": frozenset({"held-identifier", "person-name", "possible-name"}),
    "pseudonyms": frozenset({"pseudonym", "foreign-pseudonym", "person-digest", "possible-person-digest"}),
    "records": frozenset(
        {
            "record-level",
            "possible-records",
            "figure-rows",
            "possible-figure-rows",
            "value-list",
            "tensor-rows",
            "training-rows",
            "unique-persons",
        }
    ),
    "statistics": frozenset(
        {
            "small-count",
            "possible-small-count",
            "class-disclosure",
            "unrounded-count",
            "recoverable-cell",
            "possible-recoverable-cell",
            "dominated-total",
            "extreme-value",
            "small-risk-set",
            "degrees-of-freedom",
            "edge-bin",
            "unnamed-place",
            "differencing",
            "possible-differencing",
            "uncompared",
            "small-leaf",
            "possible-small-leaf",
        }
    ),
    "hiding": frozenset(
        {
            "encoded-text",
            "appended-bytes",
            "hidden-content",
            "concealed-text",
            "hidden-message",
            "hidden-in-pixels",
            "possible-hidden-in-pixels",
            "polyglot",
        }
    ),
    "model": frozenset({"tensor-rows", "outsized-model", "training-rows", "small-leaf", "possible-small-leaf"}),
    # What is blocked because nothing can say what it holds: right for what is made so that it cannot be read.
    "unreadable": frozenset({"unreadable", "pickle", "too-big", "unsafe-path", "xml-entities"}),
    # What a checker is told to look at whatever it holds: never the right reason.
    "looked-at": frozenset(
        {"picture", "model-weights", "active-content", "formula", "stored-query", "organisation-code"}
    ),
}
IDENTIFIERS = frozenset({"identifiers"})
NAMES = frozenset({"names"})
PERSON = frozenset({"identifiers", "names"})
PSEUDONYMS = frozenset({"pseudonyms"})
RECORDS = frozenset({"records"})
STATISTICS = frozenset({"statistics"})
HIDING = frozenset({"hiding"})
HIDDEN_PERSON = PERSON | HIDING


def about(rule: str, families: frozenset[str]) -> bool:
    """Tell whether a rule is of one of the families."""
    return any(rule in RULES[family] for family in families)
