"""The forms of the airlock: votes and comments of checkers, what an author tells, and days of absence."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms

from tre.airlock.deciding import Vote
from tre.airlock.models import CHOICES, Comment, FileVote, RequestFile
from tre.airlock.naming import KINDS, MOST_TEXT
from tre.web.fields import DateField

_MOST_LINE = 2_000_000_000


def _text(label: str, hint: str = "", *, rows: int = 3, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=hint,
        required=required,
        max_length=MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": f"Enter {label[0].lower()}{label[1:]}"},
    )


class VoteForm(forms.Form):
    """One checker's vote on one file."""

    choice = forms.ChoiceField(choices=CHOICES, widget=forms.RadioSelect, error_messages={"required": "Choose a vote"})
    comment = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    # The bytes that the checker looks at: were the file another by the time of voting, the vote is refused.
    sha256 = forms.CharField(max_length=64, widget=forms.HiddenInput)

    @classmethod
    def of(cls, file: RequestFile, saved: FileVote | None, data: Any = None) -> VoteForm:
        """Return the form for a file, with the vote that was saved, or with what was sent."""
        told = {"sha256": file.sha256}
        if saved is not None:
            told |= {"choice": saved.choice, "comment": saved.comment}
        return cls(data, prefix=f"file-{file.pk}", initial=told)

    def vote(self, file: int) -> Vote:
        """Return what was voted, once the form is valid."""
        return Vote(file, **self.cleaned_data)


class TargetForm(forms.Form):
    """Where a request's release goes, where its project's may go to several places."""

    target = forms.ChoiceField(label="Where its release goes", required=False, widget=forms.RadioSelect)

    def __init__(self, targets: Iterable[str], *told: Any, **named: Any) -> None:
        super().__init__(*told, **named)
        nowhere = ("", "Nowhere else: I download it")
        self.fields["target"].choices = [nowhere, *((each, each) for each in targets)]  # type: ignore[attr-defined]


class CommentForm(forms.Form):
    """A comment on a group, or on lines of a file."""

    about = forms.ChoiceField(label="About")  # filled for each request
    first_line = forms.IntegerField(
        label="From line or row", help_text="For a file, if it is about some of it.", required=False, min_value=1,
        max_value=_MOST_LINE,
    )  # fmt: skip
    last_line = forms.IntegerField(label="To line or row", required=False, min_value=1, max_value=_MOST_LINE)
    text = _text("Your comment", "Never write a value that could be a person's.")
    audience = forms.ChoiceField(
        label="Who may read it", choices=Comment.Audience, initial=Comment.Audience.PUBLIC, widget=forms.RadioSelect
    )

    def __init__(self, files: Iterable[RequestFile], *args: Any, as_author: bool, **told: Any) -> None:
        super().__init__(*args, **told)
        groups = {file.group_id: file.group.name for file in files}
        choices = [
            *((f"group-{number}", f"Group {name}") for number, name in groups.items()),
            *((f"file-{file.pk}", file.name) for file in files),
        ]
        self.fields["about"] = forms.ChoiceField(label="About", choices=choices)
        if as_author:
            del self.fields["audience"]


class ReasonForm(forms.Form):
    """Why a checker asks for a third, or recalls what was released."""

    why = _text("Your reason", "Never write a value that could be a person's.")


class GroupForm(forms.Form):
    """What a group's files are, and why they are safe."""

    name = forms.CharField(widget=forms.HiddenInput, max_length=60)
    context = _text("Context", "What the files are, what they were made from and how.", required=False)
    controls = _text("Controls", "What was suppressed or rounded, and why it is safe.", required=False)


class FileForm(forms.Form):
    """Which group a draft's file is in, and of what kind it is."""

    group = forms.CharField(label="Group", max_length=60)
    kind = forms.ChoiceField(label="Kind", choices=[*KINDS.items()])


class AnswerForm(forms.Form):
    """What an author says when a next turn is submitted."""

    answer = _text("Your answer", "What has changed since the turn before, and why the rest has not.", rows=5)


class AbsenceForm(forms.Form):
    """From when to when a checker is away."""

    first = DateField(label="First day")
    last = DateField(label="Last day")

    def days(self) -> tuple[date, date]:
        """Return the first and the last day, once the form is valid."""
        return self.cleaned_data["first"], self.cleaned_data["last"]
