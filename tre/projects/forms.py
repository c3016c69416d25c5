"""Forms about extracts."""

from __future__ import annotations

from django import forms


class ReasonForm(forms.Form):
    """Why somebody accepts an extract's risk, or has it destroyed."""

    reason = forms.CharField(
        label="Reason",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Enter a reason"},
    )
