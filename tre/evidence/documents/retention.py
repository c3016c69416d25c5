"""How long data are kept, how they are deleted, and what was deleted."""

from __future__ import annotations

from datetime import date, datetime

from tre.catalogue.models import Withdrawal
from tre.evidence.content import Document, Section, day, table
from tre.evidence.installation import Installation
from tre.projects.models import Closure, Extract
from tre.projects.policy import archive_years

_WITHDRAWAL = ("Dataset", "Submission", "Asked", "Left landing", "Left the warehouse")


def document(here: Installation) -> Document:
    """Return the policy on retention and deletion, and what was ended and deleted under it."""
    years = archive_years()
    kept = (
        ("Submissions in landing", "Until their controller withdraws them; then erased, also from the warehouse"),
        ("Versions of warehouse tables", "As long as a project needs them; those with withdrawn data are erased"),
        ("An extract", "To the last day of its project or its first agreement; then out of use, and destroyed"),
        ("Work of a closed project", f"Destroyed, or archived for {years} years as one read-only tar file (POSIX.1)"),
        ("Outputs and their reviews", "With the record of the release"),
        ("The audit log", "For ever: nothing deletes from it"),
        ("Backups", "The operator's: backups of data end when the data do"),
    )  # fmt: skip
    destroyed = Extract.objects.exclude(destroyed=None).select_related("project")
    ends = [(each.project.code, each.number, _day(each.destroyed)) for each in destroyed]
    closures = [
        (
            each.project.code,
            each.get_keep_display(),
            _day(each.asked),
            _day(each.done),
            _day(each.keep_until),
        )
        for each in Closure.objects.select_related("project")
    ]
    taken_back = [
        (each.dataset, each.submission.identity, _day(each.at), _day(each.left_landing), _day(each.left_warehouse))
        for each in Withdrawal.objects.select_related("submission")
    ]
    return Document(
        "retention",
        "Retention and deletion",
        "What is no longer needed is deleted, its deletion is looked for afterwards, and a signed certificate says so.",
        (
            Section("How long data are kept", tables=(table("Retention", ("What", "How long"), kept),)),
            Section("Extracts destroyed", tables=(table("Extracts", ("Project", "Number", "Destroyed"), ends),)),
            Section(
                "Projects closed",
                tables=(table("Closures", ("Project", "Its work", "Asked", "Done", "Kept until"), closures),),
            ),
            Section(
                "Data taken back by controllers",
                tables=(table("Withdrawals", _WITHDRAWAL, taken_back),),
            ),
        ),
    )  # fmt: skip


def _day(moment: date | datetime | None) -> str:
    return day(moment) if moment else "–"
