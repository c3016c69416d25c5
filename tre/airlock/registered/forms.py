"""The form by which a model is retired."""

from __future__ import annotations

from django import forms

from tre.airlock.naming import MOST_TEXT
from tre.web.fields import DateField


class RetireForm(forms.Form):
    """From which day a version may be served no more, and why."""

    on = DateField(label="The day from which it may not be served")
    why = forms.CharField(
        label="Why it retires", max_length=MOST_TEXT, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Never write a value that could be a person's.",
        error_messages={"required": "Enter why it retires"},
    )  # fmt: skip
