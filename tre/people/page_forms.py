"""The forms of the people pages: inviting, roles, training."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from tre.people.domain import ROLES

_PARTS = ("Day", "Month", "Year")


class DateInput(forms.MultiWidget):
    """Day, month and year, each in a box of its own, as the NHS design system's date input."""

    template_name = "web/date.html"

    def __init__(self) -> None:
        boxes: dict[str, forms.Widget | type[forms.Widget]] = {
            part.lower(): forms.TextInput(attrs={"inputmode": "numeric", "part": part}) for part in _PARTS
        }
        super().__init__(boxes)

    def decompress(self, value: date | None) -> list[int | None]:
        """Return the day, month and year of a date."""
        return [None, None, None] if value is None else [value.day, value.month, value.year]


class DateField(forms.MultiValueField):
    """A date in three boxes."""

    def __init__(self, **told: Any) -> None:
        self._missing = f"Enter the day, month and year of '{told['label']}'"
        fields = [forms.IntegerField(required=False) for _ in _PARTS]
        super().__init__(fields, widget=DateInput(), require_all_fields=False, **told)

    def clean(self, value: Any) -> date | None:
        """Return the date, or None where nothing was typed and nothing is required.

        Raises
        ------
        ValidationError
            When a part is missing, is no number, or there is no such day.
        """
        parts = [str(part or "").strip() for part in value or ()]
        if not any(parts) and not self.required:
            return None
        if not all(part.isdecimal() and part.isascii() for part in parts) or len(parts) != len(_PARTS):
            raise ValidationError(self._missing)
        day, month, year = (int(part[:6]) for part in parts)
        try:
            return date(year, month, day)
        except (ValueError, OverflowError):
            raise ValidationError("There is no such day: check the day, month and year") from None


def _roles() -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label="Roles", choices=list(ROLES.items()), required=False, widget=forms.CheckboxSelectMultiple
    )


class RolesForm(forms.Form):
    """What a person does here."""

    roles = _roles()


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
