"""The forms of the people pages: inviting, roles, training."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms

from tre.people.domain import ROLES
from tre.web.fields import DateField


def _roles() -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label="Roles", choices=list(ROLES.items()), required=False, widget=forms.CheckboxSelectMultiple
    )


class RolesForm(forms.Form):
    """What a person does here."""

    roles = _roles()


class ControllersForm(forms.Form):
    """Whose datasets a person answers for."""

    controllers = forms.MultipleChoiceField(
        label="Answers for the datasets of", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, controllers: Iterable[str], **told: Any) -> None:
        super().__init__(*args, **told)
        field = self.fields["controllers"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - so that its type is known
        field.choices = [(name, name) for name in controllers]


class TrainingForm(forms.Form):
    """When a person's training was accredited and until when it is current."""

    accredited = DateField(label="Accredited on")
    expires = DateField(label="Expires on")

    def days(self) -> tuple[date, date]:
        """Return both days of a valid form."""
        return self.cleaned_data["accredited"], self.cleaned_data["expires"]


class InviteForm(forms.Form):
    """Whom to invite, and with what."""

    email = forms.CharField(
        label="E-mail address",
        max_length=254,
        error_messages={"required": "Enter an e-mail address"},
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    roles = _roles()
    accredited = DateField(label="Training accredited on", required=False)
    expires = DateField(label="Training expires on", required=False)

    def clean(self) -> dict[str, Any]:
        """Return what was typed when both days of the training are there, or neither."""
        told: dict[str, Any] = super().clean() or {}
        both = ("accredited", "expires")
        if not self.errors and len([name for name in both if told.get(name)]) == 1:
            missing = next(name for name in both if not told.get(name))
            self.add_error(missing, "Training has two days: enter both, or neither")
        return told

    def training(self) -> tuple[date, date] | None:
        """Return the days of the training of a valid form, or None."""
        accredited, expires = self.cleaned_data["accredited"], self.cleaned_data["expires"]
        return (accredited, expires) if accredited and expires else None
