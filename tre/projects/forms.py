"""The forms of projects: applying, datasets, the five safes, decisions, and what is asked of an extract."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import yaml
from django import forms
from django.core.exceptions import ValidationError

from tre.catalogue.contracts import Dataset
from tre.config.options import load
from tre.disclosure.policy import load_policy
from tre.errors import Refused
from tre.projects.applying import CATEGORIES, JUDGEMENTS, SAFES, SECTORS, check_generalise
from tre.projects.disclosure import Choice
from tre.projects.domain import Agreed
from tre.projects.lawful_basis import ARTICLE_6, ARTICLE_9, CommonLaw, LawfulBasis, Use
from tre.projects.models import Agreement, Closure, Project, code_is_a_label
from tre.web.fields import DateField

_USES = {Use.RESEARCH: "Research", Use.PLANNING: "Planning", Use.DIRECT_CARE: "Direct care"}
_COMMON_LAW = {
    CommonLaw.CONSENT: "Consent of each person",
    CommonLaw.S251: "Section 251 support",
    CommonLaw.S251_EXEMPT: "Section 251 support that exempts from the national data opt-out",
    CommonLaw.LEGAL_DUTY: "A legal duty",
    CommonLaw.PUBLIC_INTEREST: "An overriding public interest",
    CommonLaw.NOT_APPLICABLE: "Not applicable: the data is not confidential patient information",
}
_RULES = {
    "acro": "acro: counts of few people are hidden, as ACRO does",
    "opensafely": "opensafely: small counts are shown as 0 and all others rounded to 5",
    "opensafely-midpoint": "opensafely-midpoint: every count is rounded to the middle of six",
    "uk-llc": "uk-llc: as acro, and missing values are looked at",
}
_MOST = 4000
_REASON = "Enter a reason"


def _text(
    label: str, hint: str = "", *, rows: int = 4, required: bool = True, most: int = _MOST, missing: str = ""
) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=hint,
        required=required,
        max_length=most,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": missing or f"Enter the {label[0].lower()}{label[1:]}"},
    )


def _line(label: str, hint: str = "", *, required: bool = True, most: int = 200) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=hint,
        required=required,
        max_length=most,
        error_messages={"required": f"Enter the {label[0].lower()}{label[1:]}"},
    )


def usernames(text: str) -> list[str]:
    """Return the user names of a text, one for each line or between commas, once each."""
    return list(dict.fromkeys(name for name in re.split(r"[\s,;]+", text) if name))


class ReasonForm(forms.Form):
    """Why somebody accepts an extract's risk, or has it destroyed."""

    reason = _text("Reason", most=2000, missing=_REASON)


class NoteForm(forms.Form):
    """What a decision says."""

    note = _text("Note", "Needed when you do not agree.", rows=2, required=False, most=2000)


class DetailsForm(forms.Form):
    """What an application says of the project, and the public register with it."""

    title = _line("Title")
    purpose = _text(
        "Lay summary", "What you want to learn and why, in words for everybody. The public register shows it."
    )
    public_benefit = _text("Public benefit", "What people will gain from it. The public register shows it.")
    technical_summary = _text("Technical summary", "Design, methods and outcomes, for a specialist.")
    category = forms.ChoiceField(label="Category", choices=[(each, each) for each in CATEGORIES])
    organisation = _line("Organisation", "Who is legally responsible for the work.")
    sector = forms.ChoiceField(label="Sector of the organisation", choices=[(each, each) for each in SECTORS])
    applicants = _line("Applicants", "Names and affiliations that the public register shows.", most=400)
    funders = _line("Funders and sponsors", required=False)
    other_approvals = _line("Other approvals", "Such as a research ethics committee's reference.", required=False)
    starts = DateField(label="Start date")
    ends = DateField(label="End date")
    people = _text(
        "Other people", "User names of who is to work in it beside you, one on each line.", rows=3, required=False
    )
    cohort = _text(
        "Cohort",
        "Which persons: a condition on the people table, a declaration in YAML, or a SELECT. Empty means everybody.",
        rows=3,
        required=False,
    )

    def __init__(self, *args: Any, **told: Any) -> None:
        super().__init__(*args, **told)
        for safe, (name, question) in SAFES.items():
            self.fields[f"safe_{safe}"] = _text(name, question, missing=f"Answer the question about {name.lower()}")

    def told(self) -> dict[str, Any]:
        """Return the values of a valid form as fields of a project; ``people`` is a list of user names."""
        values = dict(self.cleaned_data)
        values["people"] = usernames(values["people"])
        values["five_safes"] = {safe: values.pop(f"safe_{safe}").strip() for safe in SAFES}
        return values


class ApplyForm(DetailsForm):
    """A new application, with the code that the project is to have."""

    code = forms.CharField(
        label="Short name",
        help_text="2 to 20 small letters and digits, a letter first. It names the project's folders and addresses.",
        max_length=20,
        validators=[code_is_a_label],
        error_messages={"required": "Enter the short name"},
    )
    field_order = ("code",)


class DatasetForm(forms.Form):
    """Which of a dataset is asked for, and on what basis."""

    columns = forms.MultipleChoiceField(
        label="Columns",
        help_text="Ask for no more than the study needs.",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one column"},
    )
    first = DateField(label="Events from", required=False)
    last = DateField(label="Events until", required=False)
    generalise = _text(
        "Coarser columns",
        "One on each line, such as: birth_year: {to: band, width: 5}",
        rows=3,
        required=False,
    )
    linkage = forms.ChoiceField(label="Linkage", choices=Agreement.Linkage.choices, widget=forms.RadioSelect)
    use = forms.ChoiceField(label="Use", choices=[(each.value, words) for each, words in _USES.items()])
    article_6 = forms.ChoiceField(
        label="Lawful basis: UK GDPR article 6",
        choices=[(key, f"{key}: {words}") for key, words in ARTICLE_6.items()],
    )
    article_9 = forms.ChoiceField(
        label="Condition: UK GDPR article 9",
        required=False,
        choices=[(key, f"{key}: {words}" if key else words.capitalize()) for key, words in ARTICLE_9.items()],
    )
    common_law = forms.ChoiceField(
        label="Common law duty of confidentiality",
        choices=[(each.value, words) for each, words in _COMMON_LAW.items()],
    )
    decision = _line(
        "Reference of the decision",
        "By what decision the national data opt-out does not apply, where it does not.",
        required=False,
    )

    def __init__(self, *args: Any, dataset: Dataset, **told: Any) -> None:
        super().__init__(*args, **told)
        self.dataset = dataset
        columns = self.fields["columns"]
        assert isinstance(columns, forms.MultipleChoiceField)  # noqa: S101 - so that its type is known
        columns.choices = [
            (each.name, f"{each.name} – {each.description} ({each.classed})") for each in dataset.columns if each.shared
        ]
        if not dataset.date_column:
            del self.fields["first"], self.fields["last"]

    @staticmethod
    def initial_of(agreement: Agreement) -> dict[str, Any]:
        """Return what a form begins with that changes what was asked for before."""
        rules = yaml.safe_dump(agreement.generalise, default_flow_style=None).strip() if agreement.generalise else ""
        names = ("columns", "first", "last", "linkage", "use", "article_6", "article_9", "common_law", "decision")
        return {"generalise": rules, **{name: getattr(agreement, name) for name in names}}

    def clean_generalise(self) -> dict[str, dict[str, object]]:
        """Return the rules by column.

        Raises
        ------
        ValidationError
            When it is no mapping of columns that are shared to rules.
        """
        try:
            told = yaml.safe_load(self.cleaned_data["generalise"]) or {}
            rules = {str(column): dict(rule) for column, rule in told.items()}
        except (yaml.YAMLError, AttributeError, TypeError, ValueError, RecursionError):
            raise ValidationError("Write each coarser column as in the example") from None
        shared = {each.name for each in self.dataset.columns if each.shared}
        try:
            check_generalise(rules, shared)
        except Refused as refused:
            raise ValidationError(refused.sentence()) from None
        return rules

    def agreed(self, starts: date, ends: date) -> Agreed:
        """Return what a valid form asks for, for a project of these dates."""
        told = self.cleaned_data
        basis = LawfulBasis(told["use"], told["article_6"], told["article_9"], told["common_law"], told["decision"])
        return Agreed(
            self.dataset.name, self.dataset.controller, tuple(told["columns"]), told.get("first"), told.get("last"),
            starts, ends, told["linkage"], told["generalise"], basis,
        )  # fmt: skip


class AssessmentForm(forms.Form):
    """How each of the five safes is judged, and why, and which rules its workspaces and outputs are to have."""

    profile = forms.ChoiceField(
        label="Profile of the workspaces",
        help_text="Choose strict where it must not be easy to copy from the screen. Text can then neither be copied "
        "out nor pasted in; what is seen can still be photographed or typed anew.",
        choices=Project.Profile.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a profile"},
    )
    disclosure_profile = forms.ChoiceField(
        label="Disclosure rules of the outputs",
        help_text="Those of the organisation, or others that hide as much.",
        widget=forms.RadioSelect,
        required=False,
    )
    disclosure_threshold = forms.IntegerField(
        label="Least people in a count",
        help_text="Empty for what the rules say. It can be more, never fewer.",
        required=False,
        min_value=1,
        max_value=10_000,
    )

    def __init__(self, *args: Any, **told: Any) -> None:
        super().__init__(*args, **told)
        organisation = load().disclosure_profile
        rules = self.fields["disclosure_profile"]
        assert isinstance(rules, forms.ChoiceField)  # noqa: S101 - so that its type is known
        choices = load_policy().choices.get(organisation, (organisation,))
        rules.choices = [(name, _RULES.get(name, name)) for name in choices]
        for safe, (name, _) in SAFES.items():
            self.fields[safe] = forms.ChoiceField(
                label=name,
                choices=list(JUDGEMENTS.items()),
                widget=forms.RadioSelect,
                error_messages={"required": f"Judge {name.lower()}"},
            )
            self.fields[f"{safe}_note"] = _text(
                f"Why, for {name.lower()}", "Needed unless it is met.", rows=2, required=False, most=2000
            )

    def pairs(self) -> Iterable[tuple[str, Any, Any, str]]:
        """Yield each safe with the field of its judgement, that of its note, and the question that was asked."""
        for safe, (_, question) in SAFES.items():
            yield safe, self[safe], self[f"{safe}_note"], question

    def disclosure(self) -> Choice:
        """Return the disclosure rules of a valid form; none chosen are the organisation's."""
        return Choice(self.cleaned_data["disclosure_profile"], self.cleaned_data["disclosure_threshold"])

    def judgements(self) -> dict[str, tuple[str, str]]:
        """Return the judgement and the note by each safe, of a valid form."""
        told: Mapping[str, str] = self.cleaned_data
        return {safe: (told[safe], told[f"{safe}_note"]) for safe in SAFES}


class ChangeForm(forms.Form):
    """More time, or other people."""

    ends = DateField(label="End date")
    lead = _line("Lead", "The user name of who leads the project.", most=32)
    people = _text("Other people", "User names of everybody else, one on each line.", rows=3, required=False)
    why = _text("Reason", most=2000, missing=_REASON)

    def everybody(self) -> list[str]:
        """Return the user names of a valid form, the lead's first."""
        return [self.cleaned_data["lead"].strip(), *usernames(self.cleaned_data["people"])]


class CloseForm(forms.Form):
    """What becomes of a project's work when it is closed, and why."""

    keep = forms.ChoiceField(
        label="The shared folder, the homes and the tracked runs",
        choices=Closure.Keep.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose to archive or destroy the work"},
    )
    why = _text("Reason", most=2000, missing=_REASON)
