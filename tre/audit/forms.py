"""The auditor's search."""

from __future__ import annotations

from datetime import date

from django import forms

from tre.audit.search import Search
from tre.web.fields import DateField


class SearchForm(forms.Form):
    """What to search the log for; every field may be left empty."""

    words = forms.CharField(
        label="Words", max_length=200, required=False, help_text="All of them, anywhere in an entry, as whole or part."
    )
    event = forms.CharField(
        label="Event", max_length=80, required=False, help_text="Its whole name, such as airlock.submitted."
    )
    actor = forms.CharField(label="Person", max_length=150, required=False, help_text="The whole user name.")
    subject = forms.CharField(
        label="Subject", max_length=200, required=False, help_text="Its whole name, such as request:7."
    )
    since = DateField(label="From day", required=False)
    until = DateField(label="To day", required=False)

    def clean_until(self) -> date | None:
        """Refuse a last day before the first.

        Raises
        ------
        ValidationError
            When there is no day between them.
        """
        since, until = self.cleaned_data.get("since"), self.cleaned_data["until"]
        if since and until and until < since:
            raise forms.ValidationError("The last day is before the first one")
        found: date | None = until
        return found

    def search(self) -> Search:
        """Return what a valid form asks for."""
        return Search(**self.cleaned_data)
