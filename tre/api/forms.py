"""The form by which a person makes a token."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms

from tre.api.policy import ApiPolicy, Scope, api_policy


class TokenForm(forms.Form):
    """What a token is for, what it may do, where, and until when."""

    name = forms.CharField(
        label="Name",
        help_text="What it is for, such as the program that will use it.",
        max_length=60,
        error_messages={"required": "Enter a name"},
    )
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        help_text="Choose no more than the program needs. It never does more than you may yourself.",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose what it may do"},
    )
    project = forms.ChoiceField(label="Project", required=False)
    hours = forms.TypedChoiceField(label="How long it works", coerce=int, widget=forms.RadioSelect)

    def __init__(self, *args: Any, projects: Mapping[str, str], **told: Any) -> None:
        super().__init__(*args, **told)
        policy = api_policy()
        self._offer("scopes", [(each.name, _words(each, policy)) for each in policy.scopes.values()])
        self._offer("project", [("", "All that you may work with"), *projects.items()])
        self._offer("hours", list(policy.lives.items()))
        self.fields["hours"].initial = next(iter(policy.lives))

    def _offer(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - so that its type is known
        field.choices = choices


def _words(scope: Scope, policy: ApiPolicy) -> str:
    if scope.longest == policy.longest:
        return scope.words
    return f"{scope.words} ({scope.longest // timedelta(hours=1)} hours at most)"
