"""Judge one file: hash it, have it read, and let the policy say how bad what was met is."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tre.disclosure.detectors.ner import is_installed
from tre.disclosure.exact_match import ExactFilters
from tre.disclosure.model import Context, DisclosureError, Hit, Inspection, in_order, verdict_of
from tre.disclosure.packs import folder_of
from tre.disclosure.policy import Policy, load_policy
from tre.disclosure.statistics.published import Counts, Published
from tre.disclosure.worker import examine_in_worker

NAMES_MODEL = "dictionary"  # names are found by dictionary and exact match; a model comes on top of them


def inspect(path: Path, context: Context, *, name: str | None = None) -> Inspection:
    """Inspect one file.

    Parameters
    ----------
    path : Path
        The file; its name is not used to tell its type.
    context : Context
        Profile, exact-match filters and whether to use the sandbox.
    name : str, optional
        The name that the file will be released under; it is looked at for identifiers too.

    Raises
    ------
    DisclosureError
        The profile is unknown, bubblewrap is missing, or the path is no regular file. A file that is merely bad is
        no error: it is a finding.
    """
    return inspect_counts(path, context, name=name)[0]


def inspect_counts(path: Path, context: Context, *, name: str | None = None) -> tuple[Inspection, tuple[Counts, ...]]:
    """Inspect one file as :func:`inspect` does, and return with it the counts that its tables tell.

    They are for :func:`tre.disclosure.statistics.subtraction.compare`, which holds them against other releases.
    """
    policy = load_policy().tightened(context.overrides)
    policy.profile(context.profile)
    folder_of(context.pack)
    if path.is_symlink() or not path.is_file():
        raise DisclosureError("Only a regular file can be inspected", where=path.name)
    size = path.stat().st_size
    kind, hits, tables = _examined(path, size, context, policy, name or "")
    findings = in_order(policy.explain(hit) for hit in hits)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    kinds, model = _filter_kinds(context), _names_model(context)
    found = Inspection(sha256, kind, size, verdict_of(findings), findings, model, context.profile, kinds)
    return found, tuple(tables)


def _names_model(context: Context) -> str:
    return f"{NAMES_MODEL}, {Path(context.names_model).name}" if is_installed(context.names_model) else NAMES_MODEL


def _examined(
    path: Path, size: int, context: Context, policy: Policy, name: str
) -> tuple[str, list[Hit], list[Counts]]:
    if size > policy.limits["file_bytes"]:
        return "unreadable", [Hit("too-big", "file", "", f"{size} bytes")], []
    if context.sandbox:
        return examine_in_worker(path, context, policy, name)
    # the detectors' libraries are heavy and else stay in the worker
    from tre.disclosure.detectors.watch import Sight
    from tre.disclosure.engine import examine
    from tre.disclosure.source import Source

    published = Published(policy.limits["published_counts"])
    return *examine(Source.at(path), Sight.of(policy, context), name=name, published=published), published.tables


def _filter_kinds(context: Context) -> tuple[str, ...]:
    if context.filters is None or not context.filter_key:
        return ()
    return ExactFilters.load(context.filters, context.filter_key).kinds
