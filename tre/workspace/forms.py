"""The form about a project's quota."""

from __future__ import annotations

from django import forms


class QuotaForm(forms.Form):
    """What a project's workspaces may have."""

    processor_hours = forms.IntegerField(
        label="Processor-hours in a calendar month",
        min_value=0,
        max_value=10_000_000,
        error_messages={
            "required": "Enter the processor-hours",
            "invalid": "Enter the processor-hours as a whole number",
        },
    )
    megabytes = forms.IntegerField(
        label="Memory open at once, in megabytes",
        min_value=0,
        max_value=100_000_000,
        error_messages={"required": "Enter the megabytes", "invalid": "Enter the megabytes as a whole number"},
    )
