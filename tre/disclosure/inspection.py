"""Judge one file: hash it, have it read, and let the policy say how bad what was met is."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from tre.disclosure.detectors.ner import is_installed
from tre.disclosure.exact_match import ExactFilters
from tre.disclosure.model import Context, DisclosureError, Hit, Inspection, in_order, verdict_of
from tre.disclosure.packs import folder_of
from tre.disclosure.policy import Policy, load_policy
from tre.disclosure.statistics.published import Counts, Published
from tre.disclosure.together import MOST_FILES
from tre.disclosure.worker import Examined, examine_in_worker, examine_together

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
    policy = _policy(context)
    _check_regular(path)
    return _judged(path, _examined(path, path.stat().st_size, context, policy, name or ""), context, policy)


def inspect_together(
    named: Sequence[tuple[Path, str]], context: Context
) -> list[tuple[Inspection, tuple[Counts, ...]]]:
    """Inspect several files of one author, each as :func:`inspect_counts` does, with libraries loaded once for all.

    A file that takes too long there, or stops the process that reads it, is inspected alone.

    Parameters
    ----------
    named : sequence of (Path, str)
        Files, each with the name that it will be released under.

    Raises
    ------
    DisclosureError
        As :func:`inspect` does.
    """
    policy = _policy(context)
    for path, _ in named:
        _check_regular(path)
    done: list[tuple[Inspection, tuple[Counts, ...]]] = []
    for first in range(0, len(named), MOST_FILES):
        some = named[first : first + MOST_FILES]
        found = examine_together(some, context, policy) if context.sandbox and len(some) > 1 else {}
        done += [
            _judged(path, found[place], context, policy) if place in found else inspect_counts(path, context, name=name)
            for place, (path, name) in enumerate(some)
        ]
    return done


def _policy(context: Context) -> Policy:
    """Return the policy that a context asks for, once the profile and the pack that it names are known."""
    policy = load_policy().tightened(context.overrides)
    policy.profile(context.profile)
    folder_of(context.pack)
    return policy


def _check_regular(path: Path) -> None:
    if path.is_symlink() or not path.is_file():
        raise DisclosureError("Only a regular file can be inspected", where=path.name)


def _judged(path: Path, examined: Examined, context: Context, policy: Policy) -> tuple[Inspection, tuple[Counts, ...]]:
    kind, hits, tables = examined
    findings = in_order(policy.explain(hit) for hit in hits)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    kinds, model, size = _filter_kinds(context), _names_model(context), path.stat().st_size
    found = Inspection(sha256, kind, size, verdict_of(findings), findings, model, context.profile, kinds)
    return found, tuple(tables)


def _names_model(context: Context) -> str:
    return f"{NAMES_MODEL}, {Path(context.names_model).name}" if is_installed(context.names_model) else NAMES_MODEL


def _examined(path: Path, size: int, context: Context, policy: Policy, name: str) -> Examined:
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
