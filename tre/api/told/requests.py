"""Requests, their files with what was found, and what is said of them.

What a workspace wrote is not told to who works in it: a program outside could else read there what a program inside
puts into names and contexts, as much and as fast as it likes, before anybody has looked. Checkers are told all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field, StringConstraints

from tre.airlock.changed import Changed
from tre.airlock.deciding import Choice, Vote
from tre.airlock.differences import Picture
from tre.airlock.model_review import models_of
from tre.airlock.models import Absence, Comment, FileVote, Group, Request, RequestFile, Review
from tre.airlock.naming import Kind
from tre.airlock.pages import offered
from tre.airlock.queue import Waiting
from tre.airlock.released_before import released_before
from tre.airlock.seeing import earlier_decisions, is_of_project, visible_comments, visible_reviews
from tre.api.told.beside import AttestedTold, BeforeTold, EarlierTold, ReviewedModelTold
from tre.api.told.common import Code, Note, Number, Sha256, Text
from tre.disclosure import Finding
from tre.disclosure.showing import Ask, Heading, Shown
from tre.policy.domain import Principal
from tre.runs.attested.lookup import attested_among

GroupName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_. -]{0,59}$")]


class FindingTold(Schema):
    """What inspection found: where, how often and why it matters; of the value itself a masked sample alone.

    The author is told that a rule found something, and not where or how often: a program inside chooses both.
    """

    rule: str
    kind: str
    severity: str
    location: str = Field(description="Empty for the author, as are the sample, the sheet and the column.")
    count: int | None = Field(description="None for the author, as is the row.")
    sample: str
    why: str
    fix: str
    source: str
    sheet: str
    row: int | None
    column: str

    @classmethod
    def of(cls, found: Finding, *, words: bool) -> FindingTold:
        """Return a finding as it is told, with the file's own words or without."""
        told = {name: getattr(found, name) for name in cls.model_fields}
        if not words:
            told |= {"location": "", "sample": "", "sheet": "", "column": "", "count": None, "row": None}
        return cls(**told)

    @classmethod
    def each(cls, found: Sequence[Finding], *, words: bool) -> list[FindingTold]:
        """Return findings as they are told; without the file's own words what is alike is told once."""
        made = [cls.of(each, words=words) for each in found]
        return made if words else list({each.model_dump_json(): each for each in made}.values())


class FileTold(Schema):
    """One frozen file."""

    number: int
    name: str = Field(description="Empty for the author, as are the group's and the SHA-256.")
    group: str
    kind: str
    sha256: str
    size: int | None = Field(description="In bytes; none for the author.")
    type: str | None = Field(description="Told from its content; none before it is inspected.")
    verdict: str | None
    findings: list[FindingTold]

    @classmethod
    def of(cls, file: RequestFile, *, words: bool) -> FileTold:
        """Return a file as it is told, with the words that its workspace wrote or without."""
        found = file.inspected()
        return cls(
            number=file.pk, name=file.name if words else "", group=file.group.name if words else "", kind=file.kind,
            sha256=file.sha256 if words else "", size=file.size if words else None, type=found.type if found else None,
            verdict=found.verdict if found else None,
            findings=FindingTold.each(found.findings, words=words) if found else [],
        )  # fmt: skip


class GroupTold(Schema):
    """Files that belong together."""

    number: int
    name: str = Field(description="Empty for the author, as are the context and the controls.")
    context: str
    controls: str

    @classmethod
    def of(cls, group: Group, *, words: bool) -> GroupTold:
        """Return a group as it is told, with the words that its workspace wrote or without."""
        if not words:
            return cls(number=group.pk, name="", context="", controls="")
        return cls(number=group.pk, name=group.name, context=group.context, controls=group.controls)


class VoteTold(Schema):
    """One vote on one file."""

    file: int
    sha256: str
    choice: str
    comment: str

    @classmethod
    def of(cls, vote: FileVote) -> VoteTold:
        """Return a vote as it is told."""
        return cls(file=vote.file_id, sha256=vote.sha256, choice=vote.choice, comment=vote.comment)


class ReviewTold(Schema):
    """One review that was handed in."""

    checker: str
    choice: str
    handed_in: datetime | None
    votes: list[VoteTold]

    @classmethod
    def of(cls, review: Review) -> ReviewTold:
        """Return a review as it is told."""
        votes = [VoteTold.of(each) for each in review.votes.all()]
        return cls(checker=review.checker.username, choice=review.choice, handed_in=review.handed_in, votes=votes)


class CommentTold(Schema):
    """What somebody said of a group, or of lines of a file."""

    number: int
    by: str
    at: datetime
    group: int
    file: int | None
    first_line: int | None
    last_line: int | None
    audience: str
    text: str

    @classmethod
    def of(cls, said: Comment) -> CommentTold:
        """Return a comment as it is told."""
        return cls(
            number=said.pk, by=said.author.username, at=said.at, group=said.group_id, file=said.file_id,
            first_line=said.first_line, last_line=said.last_line, audience=said.audience, text=said.text,
        )  # fmt: skip


class RequestRow(Schema):
    """One request in a list."""

    number: int
    project: str
    author: str
    state: str
    turn: int
    created: datetime
    due: datetime | None = Field(description="When an answer is due.")
    risk: int = Field(description="From 0 to 100, by what inspection found.")

    @classmethod
    def of(cls, found: Request) -> RequestRow:
        """Return a request as a list tells it."""
        return cls(
            number=found.pk, project=found.project.code, author=found.author.username, state=found.state,
            turn=found.turn, created=found.created, due=found.due, risk=found.risk,
        )  # fmt: skip


class WaitingRow(RequestRow):
    """One request that waits for checkers."""

    mine: bool = Field(description="Whether the caller holds a place at it.")
    overdue: bool
    free: int = Field(description="Places that nobody has taken.")

    @classmethod
    def waiting(cls, one: Waiting) -> WaitingRow:
        """Return a request of the queue as it is told."""
        told = RequestRow.of(one.request).model_dump()
        return cls(**told, mine=one.mine, overdue=one.overdue, free=one.free)


class RequestTold(RequestRow):
    """One request in one of its turns, as the caller may see it."""

    context: str = Field(description="Empty for the author.")
    phase: str
    shown_turn: int
    groups: list[GroupTold]
    files: list[FileTold]
    reviews: list[ReviewTold] = Field(description="Those that the caller may see: checkers are blind to each other.")
    comments: list[CommentTold]
    released_before: list[BeforeTold] = Field(
        description="What was released before on the same data, the newest 20; nothing for the author."
    )
    earlier: list[EarlierTold] = Field(
        description="What became of the same bytes in other requests; nothing for the author."
    )
    models: list[ReviewedModelTold] = Field(description="Nothing for the author.")
    attested: list[AttestedTold] = Field(description="The files that the platform made itself.")
    may: list[str] = Field(description="What the caller may do about it now, as its page offers it.")

    @classmethod
    def seen(cls, found: Request, person: Principal, turn: int | None = None) -> RequestTold:
        """Return a request as a person may see it, in a turn; by default in its last."""
        shown, words = min(turn or found.turn, found.turn), reads_words(found, person)
        may = offered(found, person) if shown == found.turn else {}
        files = list(found.files.filter(turn=shown).select_related("group"))
        return cls(
            **RequestRow.of(found).model_dump(), context=found.context if words else "", phase=found.phase,
            shown_turn=shown,
            groups=[GroupTold.of(each, words=words) for each in found.groups.filter(turn=shown)],
            files=[FileTold.of(each, words=words) for each in files],
            reviews=[ReviewTold.of(each) for each in visible_reviews(found, person, shown)],
            comments=[CommentTold.of(each) for each in visible_comments(found, person, shown)],
            released_before=BeforeTold.each(released_before(found, person)),
            earlier=EarlierTold.each(earlier_decisions(found, files) if words else {}),
            models=ReviewedModelTold.each(models_of(found, files) if words else []),
            attested=AttestedTold.each(files, attested_among(found.project, [each.sha256 for each in files])),
            may=[act for act, offer in may.items() if offer],
        )  # fmt: skip


def reads_words(found: Request, person: Principal) -> bool:
    """Return whether a person is told what the request's workspace wrote: its author is not, and knows it there."""
    return not is_of_project(found, person)


class SectionTold(Schema):
    """One section of a file."""

    title: str
    kind: str
    size: int | None

    @classmethod
    def each(cls, sections: Sequence[Heading]) -> list[SectionTold]:
        """Return sections as they are told."""
        return [cls(title=each.title, kind=each.kind, size=each.size) for each in sections]


class ContentTold(Schema):
    """One page of one section of a file, as the review page shows it: rows of a table, or lines of a text."""

    type: str
    why: str = Field(description="Why there is no page, where there is none.")
    sections: list[SectionTold]
    first: int = Field(description="How many rows or lines stand before it.")
    more: bool
    cut: bool = Field(description="Whether columns, or the ends of long values, are left out.")
    names: list[str]
    rows: list[list[str]]
    lines: list[str]

    @classmethod
    def of(cls, shown: Shown) -> ContentTold:
        """Return what is shown of a file, without its pictures."""
        page = shown.page
        told: dict[str, Any] = {"first": 0, "more": False, "cut": False, "names": [], "rows": [], "lines": []}
        if page:
            told = {
                "first": page.first, "more": page.more, "cut": page.cut, "names": list(page.names),
                "rows": [list(row) for row in page.rows],
                "lines": ["".join(token.text for token in line) for line in page.lines],
            }  # fmt: skip
        return cls(type=shown.type, why=shown.why, sections=SectionTold.each(shown.sections), **told)


class ChangeTold(Schema):
    """One row or line: where it stands in each version, counted from 1, and its cells then and now."""

    mark: str = Field(description="same, changed, added or removed.")
    before: int | None
    after: int | None
    was: list[str]
    now: list[str]


class PictureAt(Schema):
    """Where a picture is drawn: on which page of its section, in which cell of a notebook and which of that."""

    page: int
    cell: int
    picture: int

    @classmethod
    def of(cls, found: Picture | None) -> PictureAt | None:
        """Return where a picture is; none where there is none."""
        return cls(page=found.page, cell=found.cell, picture=found.place) if found else None


class PicturesTold(Schema):
    """A picture that differs, as it was and as it is: what the drawing of either file is asked for."""

    was: PictureAt | None
    now: PictureAt | None


class ChangesTold(Schema):
    """How a part of a file differs from what it was in the turn before."""

    kind: str = Field(description="table, text, picture, or none where the two cannot be compared.")
    cut: bool = Field(description="Whether only a part was compared.")
    more: bool = Field(description="Whether another block of pages follows.")
    sections: list[SectionTold] = Field(description="The parts that the file has now.")
    gone: list[SectionTold] = Field(description="The parts that it has no more.")
    section_before: int | None = Field(description="Which part of the file as it was; none where it had none such.")
    rows: list[ChangeTold]
    pictures: list[PicturesTold]

    @classmethod
    def of(cls, changed: Changed) -> ChangesTold:
        """Return a difference as it is told."""
        found = changed.difference
        rows = [
            ChangeTold(
                mark=each.mark, before=each.before, after=each.after, was=[cell.before for cell in each.cells],
                now=[cell.after for cell in each.cells],
            )
            for each in found.rows
        ]  # fmt: skip
        return cls(
            kind=found.kind, cut=found.cut, more=changed.more, sections=SectionTold.each(changed.sections),
            gone=SectionTold.each(changed.gone), section_before=changed.before, rows=rows,
            pictures=[PicturesTold(was=PictureAt.of(was), now=PictureAt.of(now)) for was, now in found.pictures],
        )  # fmt: skip


class AbsenceTold(Schema):
    """Days on which a checker reviews nothing."""

    number: int
    first: date
    last: date

    @classmethod
    def of(cls, absence: Absence) -> AbsenceTold:
        """Return an absence as it is told."""
        return cls(number=absence.pk, first=absence.first, last=absence.last)


class DraftAsked(Schema):
    """A draft to be begun."""

    project: Code
    context: Text


class GroupSaid(Schema):
    """What a group's files are, and why they are safe."""

    name: GroupName
    context: Text = ""
    controls: Text = ""


class FileChanged(Schema):
    """Which group a draft's file is in, and of what kind it is."""

    group: GroupName
    kind: Kind


class Answered(Schema):
    """What the author says to the turn before; needed from the second turn on."""

    answer: Text = ""


class VoteGiven(Schema):
    """One vote, on the bytes that the caller was shown."""

    choice: Choice
    sha256: Sha256
    comment: Note = ""

    def vote(self, file: int) -> Vote:
        """Return the vote on a file."""
        return Vote(file, self.choice, self.comment, self.sha256)


class FileVoted(VoteGiven):
    """One vote, with the number of its file."""

    file: Number


class HandedIn(Schema):
    """A review. Without votes those that were saved are handed in."""

    votes: Annotated[list[FileVoted], Field(max_length=100)] = Field(default_factory=list)


class CommentSaid(Schema):
    """Something to be said of a group, or of lines of a file in it."""

    text: Text
    group: Number | None = None
    file: Number | None = None
    first_line: Number | None = None
    last_line: Number | None = None
    audience: Literal["public", "checkers"] = "public"


class Reason(Schema):
    """Why it is asked for."""

    why: Text


class AbsenceSaid(Schema):
    """From when to when."""

    first: date
    last: date


class QueueAsked(Schema):
    """How the queue is sorted."""

    sort: Literal["due", "age", "risk"] = "due"


class ContentAsked(Schema):
    """What of a file is to be shown, counted from 0."""

    section: int = Field(0, ge=0, le=9_999_999)
    page: int = Field(0, ge=0, le=9_999_999)
    inside: str = Field(
        "", pattern=r"^(\d{1,4}(\.\d{1,4}){0,5})?$", description="Sections that lead into files within."
    )

    def ask(self, name: str) -> Ask:
        """Return what is asked, of a file of this name."""
        inside = tuple(map(int, self.inside.split("."))) if self.inside else ()
        return Ask(inside, self.section, self.page, "" if inside else name)


class ChangesAsked(Schema):
    """Which part of a file is to be compared, and which of its pages, some at a time; counted from 0."""

    section: int = Field(0, ge=0, le=9_999_999)
    block: int = Field(0, ge=0, le=999_999)


class PictureAsked(ContentAsked):
    """Which picture of a page: that of the page itself, or one of a notebook's cell."""

    cell: int = Field(0, ge=0, le=9_999_999)
    picture: int = Field(0, ge=0, le=9_999_999)
