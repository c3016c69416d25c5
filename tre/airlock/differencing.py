"""What a request tells together with what was let out before, by any project over the same data.

A file's counts are read at inspection and kept (:class:`~tre.airlock.models.Publication`). The request is held against
every release that there is then, and again, when its own release begins, against those that came since: two requests
that are inspected side by side are not let out side by side. Releases begin one after another, for each holds the
audit log's head until it is written down; each has its place in that order.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from django.db import transaction
from django.db.models import F, Max, QuerySet

from tre.airlock.members import isolating
from tre.airlock.models import Publication, Request, RequestFile
from tre.airlock.naming import LEAVING
from tre.airlock.services import release_identity
from tre.disclosure import Context, Finding
from tre.disclosure.policy import load_policy
from tre.disclosure.statistics.published import Counts
from tre.disclosure.statistics.subtraction import Comparison, Earlier
from tre.runs.attested.lookup import NOBODY, Counted

_NEVER_LEFT = ("blocked", "withdrawn", "expired")  # where a release that was halted ends


def is_exact(context: Context) -> bool:
    """Return whether counts are shown as they are: the difference of two that are rounded tells of no people."""
    return load_policy().tightened(context.overrides).profile(context.profile).rounding == "none"


def keep(file: RequestFile, tables: Iterable[Counts], known: Counted = NOBODY) -> None:
    """Keep what a file tells, and who is counted in it where that is known; kept before, it is the same."""
    told = {"tables": [each.to_json() for each in tables], "members": known.members, "of_people": known.people}
    Publication.objects.get_or_create(file=file, defaults=told)


def unread() -> Iterable[RequestFile]:
    """Return the released files whose counts were not kept yet: those of before there was a place for them."""
    return _unread().filter(request__release__isnull=False)


def unread_of(request: int, state: str) -> Iterable[RequestFile]:
    """Return the files that a request in this state lets out whose counts were not kept yet."""
    return _unread().filter(request=request, request__state=state)


def _unread() -> QuerySet[RequestFile]:
    return RequestFile.objects.filter(publication__isnull=True, turn=F("request__turn"), kind__in=LEAVING)


@transaction.atomic
def keep_released(file: RequestFile, tables: Iterable[Counts]) -> None:
    """Keep what a file tells that was released before its counts were kept."""
    keep(file, tables)
    told = {"place": 0, "release": file.request.release.identity}
    Publication.objects.filter(file=file, place=None).update(**told)


@dataclass(frozen=True)
class Compared:
    """What came of holding a request against others: the newest of these, by place, and findings by file."""

    newest: int
    findings: dict[int, tuple[Finding, ...]]


def hold_against_others(request: Request, context: Context, since: int | None = None) -> Compared:
    """Return what a request's files tell together with each other and with what was let out.

    Parameters
    ----------
    since : int, optional
        The place up to which they were held against releases before, and against each other.
    """
    newest = Publication.objects.aggregate(newest=Max("place"))["newest"] or 0
    policy = load_policy().tightened(context.overrides)
    threshold = policy.profile(context.profile).threshold
    own = {each.file_id: each for each in _own(request)}
    counts = {file: each.counts() for file, each in own.items()}
    before = (0, 0) if since is None else _held_before(request, since)
    held = {file: Comparison(tables, policy, threshold, before) for file, tables in counts.items() if tables}
    if since is None:
        _hold_against_each_other(own, counts, held)
    for each in _let_out(request, since) if held else ():
        earlier = Earlier(each.release, each.counts(), own=each.file.request.project_id == request.project_id)
        for file, comparison in held.items():
            comparison.hold(replace(earlier, known=are_known(own[file], each)))
    found = {file: tuple(map(policy.explain, each.hits())) for file, each in held.items()}
    for file, each in own.items():
        if each.members:
            others = chain(_beside(own, file) if since is None else (), _known_before(request, since))
            found[file] = (*isolating(each, others, policy, threshold), *found.get(file, ()))
    return Compared(newest, found)


def are_known(new: Publication, earlier: Publication) -> bool:
    """Return whether it is known who is counted in both, so that nothing is made of what is merely likely.

    Only where both count people: records tell more than who is behind them.
    """
    return all(each.members and each.of_people for each in (new, earlier))


def _beside(own: Mapping[int, Publication], file: int) -> Iterator[tuple[str, Publication]]:
    """Yield the files before one in its request of whose cells the members are known, each with its name."""
    for number, (other, each) in enumerate(own.items(), start=1):
        if other < file and each.members:
            yield _name(number), each


def _known_before(request: Request, since: int | None) -> Iterator[tuple[str, Publication]]:
    """Yield what was let out after a place, or all of it, of whose cells the members are known, each with its name."""
    return ((each.release, each) for each in _let_out(request, since) if each.members)


def _name(number: int) -> str:
    return f"file {number} of this request"


def _own(request: Request) -> QuerySet[Publication]:
    """Return what the files tell that a request lets out in the turn that it is in."""
    return Publication.objects.filter(file__request=request, file__turn=request.turn, file__kind__in=LEAVING)


def _hold_against_each_other(
    own: Mapping[int, Publication], counts: Mapping[int, tuple[Counts, ...]], held: Mapping[int, Comparison]
) -> None:
    for number, (file, tables) in enumerate(counts.items(), start=1):
        for other in [each for each in held if each > file]:
            held[other].hold(Earlier(_name(number), tables, own=True, known=are_known(own[other], own[file])))


def _others(request: Request) -> QuerySet[Publication]:
    """Return what was let out beside a request's own files, by any project.

    Every extract is cut from the warehouse's one table of people, so that any two count the same people, whatever
    datasets they have beside it and in whichever versions.
    """
    places = Publication.objects.exclude(place=None).exclude(file__request=request)
    return places.exclude(file__request__state__in=_NEVER_LEFT)


def _held_before(request: Request, since: int) -> tuple[int, int]:
    """Return how many files were let out up to a place: by other projects, and by the request's own."""
    places = _others(request).filter(place__lte=since)
    own = places.filter(file__request__project=request.project).count()
    return places.count() - own, own


def _let_out(request: Request, since: int | None) -> Iterator[Publication]:
    """Yield what was let out after a place, or all of it, one file at a time."""
    places = _others(request) if since is None else _others(request).filter(place__gt=since)
    yield from places.select_related("file__request").iterator(chunk_size=1)


def let_out(request: Request, context: Context) -> str:
    """Give a request that begins its release its place, and return why it may not go on; an empty text when it may.

    To be called in the transaction that moved it, which holds the audit log's head: no other release begins meanwhile.
    What its checkers did not see stops it: another release may have come since inspection.
    """
    compared = hold_against_others(request, context, request.compared)
    place = compared.newest + 1
    told = {"place": place, "release": release_identity(request)}
    _own(request).update(**told)
    for file in request.leaving():
        for finding in compared.findings.get(file.pk, ()):
            if (finding.rule, finding.against) not in _shown(file):
                return f"{finding.why.rstrip('.')}: {finding.against}"
    return ""


def _shown(file: RequestFile) -> set[tuple[str, str]]:
    """Return what a file's checkers were told of: nothing, where its inspection is none that the platform wrote."""
    try:
        found = file.inspected()
    except ValueError:
        return set()
    return {(each.rule, each.against) for each in found.findings} if found else set()


def what_is_told(request: Request) -> list[dict[str, object]]:
    """Return what the audit log is told of the counts that a request lets out: how many tables, and their digest."""
    return [
        {
            "sha256": each.file.sha256,
            "tables": len(each.tables),
            "counts_sha256": _digest(each.tables),
            **({"members_sha256": each.members} if each.members else {}),
        }
        for each in _own(request).select_related("file")
    ]


def releases_named(files: Iterable[RequestFile]) -> dict[int, list[tuple[str, Request]]]:
    """Return, for each file by its number, the releases that its findings name, each with its request."""
    named = {file.pk: _named(file) for file in files}
    wanted = {name for names in named.values() for name in names}
    kept = Publication.objects.filter(release__in=wanted).select_related("file__request__project")
    requests = {each.release: each.file.request for each in kept}
    return {file: [(name, requests[name]) for name in names if name in requests] for file, names in named.items()}


def _named(file: RequestFile) -> list[str]:
    found = file.inspected()
    return sorted({each.against for each in found.findings if each.against}) if found else []


def _digest(tables: object) -> str:
    return hashlib.sha256(json.dumps(tables, sort_keys=True).encode()).hexdigest()
