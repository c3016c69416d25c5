"""What happens to an import. Every change of state is one transaction, and writes its audit entry in it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from tre.airlock.drafts import Upload
from tre.airlock.imports.domain import AUDIT_EVENTS, Choice, Event, check_told, follow, outcome
from tre.airlock.imports.evidence import REVIEWED, SUBMITTED, submission, verdict
from tre.airlock.imports.models import ImportFile, ImportRequest, ImportReview
from tre.airlock.imports.placing import clear_all
from tre.airlock.imports.policy import import_policy
from tre.airlock.naming import check_names
from tre.airlock.storage import Frozen, storage
from tre.audit.services import record
from tre.disclosure.model import storable
from tre.errors import Missing, Refused
from tre.notices.domain import Kind
from tre.notices.services import tell
from tre.people.models import Account
from tre.policy.decision import decide, require
from tre.policy.domain import Principal
from tre.projects.models import Project
from tre.runs.queue import enqueue

PLATFORM = "airlock"
# What is told of an import: to its author, but for the first. Their own acts they know; an approval is placed at once.
TOLD: dict[Event, Kind] = {
    "pass_to_review": "import_review_wanted", "block": "import_blocked", "halt": "import_blocked",
    "reject": "import_rejected", "place": "import_placed",
}  # fmt: skip


def submit(
    actor: Principal, project: Project, licence: str, provenance: str, uploads: Sequence[Upload]
) -> ImportRequest:
    """Freeze the files and open a request to bring them in.

    The same files with the same licence and note, submitted again by the same person, are the same request.

    Raises
    ------
    Refused
        When the person may not, a name or a size is not allowed, or the licence or the note is missing.
    """
    require(actor, "ask_import", project.resource())
    policy, provenance = import_policy(), storable(provenance).strip()
    check_told(licence, provenance, policy.licences)
    check_names([upload.name for upload in uploads])
    if len(uploads) > policy.files:
        raise Refused(f"An import may hold {policy.files} files", where=f"{len(uploads)} files", todo="Make several")
    store, frozen, left = storage(), list[tuple[str, Frozen]](), policy.most_bytes
    for upload in uploads:
        kept = store.freeze(upload.chunks, left)
        left -= kept.size
        frozen.append((upload.name, kept))
    return _open(actor, project, licence, provenance, frozen)


@transaction.atomic
def _open(
    actor: Principal, project: Project, licence: str, provenance: str, frozen: Sequence[tuple[str, Frozen]]
) -> ImportRequest:
    told = [project.code, actor.username, licence, provenance]
    told += sorted(f"{name}\n{kept.sha256}" for name, kept in frozen)
    once = hashlib.sha256("\0".join(told).encode()).hexdigest()
    author = Account.objects.get(username=actor.username)
    defaults = {"project": project, "author": author, "licence": licence, "provenance": provenance}
    request, made = ImportRequest.objects.get_or_create(once=once, defaults=defaults)
    if not made:
        return request
    ImportFile.objects.bulk_create(
        ImportFile(request=request, name=name, sha256=kept.sha256, size=kept.size) for name, kept in frozen
    )
    record(SUBMITTED, actor=actor.username, subject=f"import:{request.pk}", data=submission(request))
    enqueue("imports.check", {"import": request.pk}, once=f"imports.check:{request.pk}")
    return request


def import_of(number: int, person: Principal, act: str = "view_import") -> ImportRequest:
    """Return an import about which a person may do an act.

    Raises
    ------
    Missing
        When there is none of this number.
    NotAllowed
        When they may not.
    """
    found = ImportRequest.objects.select_related("project", "author").filter(pk=number).first()
    if found is None:
        raise Missing("There is no such import", where=f"import {number}")
    require(person, act, found.resource())
    return found


def may_be_shown(file: ImportFile) -> bool:
    """Return whether a file was checked and nothing in it keeps it out: what may be malware is not opened."""
    checked = file.checked()
    return checked is not None and not checked.blocks


def file_to_show(number: int, file: int, person: Principal) -> ImportFile:
    """Return a file of an import that a person may see, when it may be opened.

    Raises
    ------
    Missing
        When there is none, or it may not be opened.
    NotAllowed
        When they may not see the import.
    """
    found = import_of(number, person).files.filter(pk=file).first()
    if found is None or not may_be_shown(found):
        raise Missing("The import has no such file to show", where=f"import {number}")
    return found


def visible(person: Principal) -> list[ImportRequest]:
    """Return the imports that a person may see, newest first."""
    everything = ImportRequest.objects.select_related("project", "author")
    return [each for each in everything if decide(person, "view_import", each.resource()).allowed]


def may_review(person: Principal, found: ImportRequest) -> bool:
    """Return whether a person may review an import, and has not."""
    if not decide(person, "review_import", found.resource()).allowed:
        return False
    return not found.reviews.filter(reviewer__username=person.username).exists()


def visible_reviews(found: ImportRequest) -> list[ImportReview]:
    """Return the reviews of an import: reviewers are blind to each other until it is decided."""
    return list(found.reviews.exclude(request__state="in_review").select_related("reviewer"))


def may_withdraw(person: Principal, found: ImportRequest) -> bool:
    """Return whether a person may withdraw an import as it stands."""
    waits = found.state in {"submitted", "blocked", "in_review"}
    return waits and decide(person, "withdraw_import", found.resource()).allowed


def locked(number: int) -> ImportRequest:
    """Return an import, locked until the transaction ends.

    Raises
    ------
    Missing
        When there is none of this number.
    """
    request = ImportRequest.objects.select_for_update().filter(pk=number).first()
    if request is None:
        raise Missing("There is no such import", where=f"import {number}")
    return request


def move(request: ImportRequest, event: Event, actor: str, data: Mapping[str, object] | None = None) -> None:
    """Change a locked import's state by an event, with its audit entry and notices, in the caller's transaction.

    Raises
    ------
    Refused
        When the event cannot happen in this state.
    """
    request.state = follow(request.state, event)  # type: ignore[arg-type]  # the field's choices are the states
    request.save(update_fields=["state"])
    entry = record(AUDIT_EVENTS[event], actor=actor, subject=f"import:{request.pk}", data=data)
    if event in TOLD:
        people = _reviewers(request) if event == "pass_to_review" else [request.author]
        tell(TOLD[event], people, f"import:{request.pk}", once=f"audit:{entry.number}")


def _reviewers(request: ImportRequest) -> QuerySet[Account]:
    """Return who could review an import; the policies are asked when one of them does."""
    trained = Account.objects.filter(training_expires__gte=timezone.localdate())
    those = trained.filter(roles__name__in=("output_checker", "data_manager")).exclude(pk=request.author_id)
    barred = request.project.members.values("pk"), request.project.past_members.values("account")
    return those.exclude(pk__in=barred[0]).exclude(pk__in=barred[1]).distinct()


@transaction.atomic
def review(number: int, actor: Principal, choice: Choice, comment: str, shown: Mapping[int, str]) -> ImportReview:
    """Hand in one reviewer's say, and decide when enough agree.

    Parameters
    ----------
    shown : mapping of int to str
        The SHA-256 of each file by its number, as the reviewer saw it.

    Raises
    ------
    Refused
        When the person may not review this import, has done so, refuses without a word, or was shown other bytes.
    """
    request = locked(number)
    require(actor, "review_import", request.resource())
    if request.reviews.filter(reviewer__username=actor.username).exists():
        raise Refused("You have reviewed this import already", where=f"import {number}")
    comment = storable(comment).strip()
    if choice == "reject" and not comment:
        raise Refused("A refusal needs its reason", where="comment", todo="Say why it may not come in")
    if dict(shown) != dict(request.files.values_list("pk", "sha256")):
        raise Refused("A file is not the one that you were shown", where=f"import {number}", todo="Look at it again")
    reviewer = Account.objects.get(username=actor.username)
    made = ImportReview.objects.create(request=request, reviewer=reviewer, choice=choice, comment=comment)
    data = verdict(request, actor.username, choice)
    record(REVIEWED, actor=actor.username, subject=f"import:{number}", data=data)
    choices: list[Choice] = ["reject" if each.choice == "reject" else "approve" for each in request.reviews.all()]
    decided = outcome(choices)
    if decided is not None:
        move(request, decided, PLATFORM, {"reviews": len(choices)})
    if decided == "approve":
        enqueue("imports.place", {"import": number}, once=f"imports.place:{number}")
    return made


def remove_placed(project: Project) -> None:
    """Remove what was placed for a project that is over, and write it down; done already, nothing changes.

    Raises
    ------
    OSError
        It cannot be removed: whoever asked for it asks again, and nothing is written.
    """
    clear_all(project.code)
    for number in project.imports.filter(state="placed").order_by("pk").values_list("pk", flat=True):
        _write_removed(number)


@transaction.atomic
def _write_removed(number: int) -> None:
    request = locked(number)
    if request.state == "placed":
        hashes = sorted(request.files.values_list("sha256", flat=True))
        move(request, "remove", PLATFORM, {"version": request.version, "files": hashes})


@transaction.atomic
def withdraw(number: int, actor: Principal) -> ImportRequest:
    """Take one's own import back, before it is decided.

    Raises
    ------
    Refused
        When the person may not, or it is too late.
    """
    request = locked(number)
    require(actor, "withdraw_import", request.resource())
    move(request, "withdraw", actor.username)
    request.once = f"withdrawn:{request.pk}"  # the same files may be asked for anew later
    request.save(update_fields=["once"])
    return request
