"""Form fields of the NHS design system that Django does not bring."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

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
