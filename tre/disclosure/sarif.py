"""Inspections as SARIF 2.1.0 (OASIS, Static Analysis Results Interchange Format), for programs that show findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from tre.disclosure.model import Finding, Inspection, Severity
from tre.disclosure.policy import Policy

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
VERSION = "2.1.0"
_LEVEL: dict[Severity, str] = {"block": "error", "review": "warning", "note": "note"}


def sarif(inspections: Mapping[str, Inspection], policy: Policy) -> dict[str, Any]:
    """Return one SARIF log of one run.

    Parameters
    ----------
    inspections : mapping of str to Inspection
        By the file's path as it was given, with forward slashes.
    """
    rules = sorted({finding.rule for each in inspections.values() for finding in each.findings})
    driver = {
        "name": "tre inspect",
        "rules": [_rule(name, policy) for name in rules],
    }
    results = [
        _result(finding, {"uri": quote(path), "index": at}, rules)
        for at, (path, inspection) in enumerate(inspections.items())
        for finding in inspection.findings
    ]
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "artifacts": [_artifact(path, each) for path, each in inspections.items()],
        "results": results,
    }
    return {"$schema": SCHEMA, "version": VERSION, "runs": [run]}


def _rule(name: str, policy: Policy) -> dict[str, Any]:
    rule = policy.rules[name]
    return {
        "id": name,
        "shortDescription": {"text": rule.why},
        "help": {"text": f"{rule.fix} Source: {rule.source}."},
        "defaultConfiguration": {"level": _LEVEL[rule.severity]},
    }


def _artifact(path: str, inspection: Inspection) -> dict[str, Any]:
    verdict = {"verdict": inspection.verdict, "type": inspection.type, "profile": inspection.profile}
    return {
        "location": {"uri": quote(path)},
        "length": inspection.size,
        "hashes": {"sha-256": inspection.sha256},
        "properties": verdict,
    }


def _result(finding: Finding, artifact: dict[str, Any], rules: Sequence[str]) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": artifact}
    if finding.row is not None and not finding.column:  # a row of a table is no line of the file
        place["region"] = {"startLine": finding.row}
    location: dict[str, Any] = {"physicalLocation": place}
    if finding.location:
        location["message"] = {"text": finding.location}
    parts = [("module", finding.sheet), ("member", finding.column)]
    logical = [{"name": name, "kind": kind} for kind, name in parts if name]
    if logical:
        location["logicalLocations"] = logical
    return {
        "ruleId": finding.rule,
        "ruleIndex": rules.index(finding.rule),
        "level": _LEVEL[finding.severity],
        "message": {"text": f"{finding.why} {finding.fix}"},
        "locations": [location],
        "occurrenceCount": max(finding.count, 1),
        "properties": _more(finding),
    }


def _more(finding: Finding) -> dict[str, Any]:
    """Return what SARIF has no place for: how sure, the masked sample, the row of a table, and the pixels."""
    told: dict[str, Any] = {"kind": finding.kind, "confidence": finding.confidence, "maskedSample": finding.sample}
    if finding.row is not None and finding.column:
        told["row"] = finding.row
    return {**told, "pixels": list(finding.box)} if finding.box else told
