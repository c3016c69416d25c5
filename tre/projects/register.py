"""The public data-use register: each project that was ever approved, in the national standard's fields.

The fields, their order and their values are those of "Improving transparency in the use of health data for research:
recommendations for a data use register standard" (UK Health Data Research Alliance, white paper, 2022), under the names
that the Health Data Research Gateway gives them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from tre.projects.lawful_basis import ARTICLE_6, ARTICLE_9, CommonLaw
from tre.projects.models import Extract, Project

ENHANCEMENTS = (
    "Pseudonymised by this project's own key, direct identifiers and free text left out, columns and dates kept to "
    "what was agreed, and used only inside a trusted research environment; every output is checked before it leaves"
)
_LINKED = "Linked within the environment, by pseudonym; the identifiers that link are seen by the regional office alone"
_CONFIDENTIALITY = {
    CommonLaw.CONSENT: "Informed consent",
    CommonLaw.S251: "Section 251 NHS Act 2006",
    CommonLaw.S251_EXEMPT: "Section 251 NHS Act 2006",
    CommonLaw.LEGAL_DUTY: "Statutory exemption to flow confidential data without consent",
    CommonLaw.PUBLIC_INTEREST: "Overriding public interest",
    CommonLaw.NOT_APPLICABLE: "Not applicable",
}


@dataclass(frozen=True)
class Item:
    """One field of an entry: its name in data, its heading, which of the five safes it belongs to, and its value."""

    name: str
    heading: str
    safe: str
    value: str


def projects() -> QuerySet[Project]:
    """Return the projects of the register: never one that was only asked for."""
    return (
        Project.objects.filter(status__in=Project.REGISTERED)
        .prefetch_related("agreements", "approvals")
        .order_by("code")
    )


def entry(project: Project) -> tuple[Item, ...]:
    """Return a project's entry. No person-level value and no count of persons is in it."""
    agreements = list(project.agreements.all())
    bases = [agreement.basis() for agreement in agreements]
    approvals = [approval.at for approval in project.approvals.all()]
    begun = Extract.objects.filter(project=project, ready=True).order_by("number").first()
    several = len({agreement.dataset for agreement in agreements}) > 1
    told = (
        ("organisation_name", "Organisation name", "people", project.organisation),
        ("organisation_sector", "Organisation sector", "people", project.sector),
        ("applicant_names", "Applicant name(s)", "people", project.applicants),
        ("funders_and_sponsors", "Funders/Sponsors", "people", project.funders),
        ("sublicence_arrangements", "Sub-licence arrangements (if any)?", "people", "No"),
        ("project_id_text", "Project ID", "projects", project.code),
        ("project_title", "Project title", "projects", project.title),
        ("lay_summary", "Lay summary", "projects", project.purpose),
        ("public_benefit_statement", "Public benefit statement", "projects", project.public_benefit),
        ("request_category_type", "Request category type", "projects", project.category),
        ("technical_summary", "Technical summary", "projects", project.technical_summary),
        ("other_approval_committees", "Other approval committees", "projects", project.other_approvals),
        ("project_start_date", "Project start date", "projects", project.starts.isoformat()),
        ("project_end_date", "Project end date", "projects", project.ends.isoformat()),
        ("latest_approval_date", "Latest approval date", "projects",
         max(approvals).date().isoformat() if approvals else ""),
        ("datasets", "Dataset(s) name", "data",
         "; ".join(f"{each.dataset} ({each.controller})" for each in agreements)),
        ("data_sensitivity_level", "Data sensitivity level", "data", "De-Personalised"),
        ("legal_basis_for_data_article6", "Legal basis for provision of data under Article 6", "data",
         _once(f"{basis.article_6}: {ARTICLE_6[basis.article_6]}" for basis in bases)),
        ("legal_basis_for_data_article9", "Lawful conditions for provision of data under Article 9", "data",
         _once(f"{basis.article_9}: {ARTICLE_9[basis.article_9]}" for basis in bases if basis.article_9)),
        ("duty_of_confidentiality", "Common law duty of confidentiality", "data",
         _once(_CONFIDENTIALITY[CommonLaw(basis.common_law)] for basis in bases)),
        ("national_data_optout", "National data opt-out applied?", "data",
         "Yes" if any(basis.national_opt_out_applies() for basis in bases) else "No"),
        ("request_frequency", "Request frequency", "data", "Recurring"),
        ("dataset_linkage_description", "For linked datasets, specify how the linkage will take place", "data",
         _LINKED if several else ""),
        ("confidential_data_description", "Description of how the data will be used", "data",
         "; ".join(f"{each.dataset}: {', '.join(each.columns)}" for each in agreements)),
        ("access_date", "Release/Access date", "data", begun.created.date().isoformat() if begun else ""),
        ("access_type", "Access type", "settings", "TRE"),
        ("privacy_enhancements", "How has data been processed to enhance privacy?", "settings", ENHANCEMENTS),
    )  # fmt: skip
    return tuple(Item(*each) for each in told)


def as_values(listed: Iterable[Project]) -> list[dict[str, str]]:
    """Return entries as plain values by the fields' names."""
    return [{"status": str(project.status), **{item.name: item.value for item in entry(project)}} for project in listed]


def as_csv(listed: Iterable[Project]) -> str:
    """Return entries as CSV (RFC 4180) under the standard's headings.

    A value that a spreadsheet would read as a formula has an apostrophe before it (OWASP, "CSV Injection"): what an
    applicant wrote runs nothing for who reads the register.
    """
    out, written = io.StringIO(), False
    writer = csv.writer(out)
    for project in listed:
        items = entry(project)
        if not written:
            writer.writerow([item.heading for item in items])
            written = True
        writer.writerow([_plain(item.value) for item in items])
    return out.getvalue()


def _plain(value: str) -> str:
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _once(values: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(values))
