"""One project by the Five Safes and by the Caldicott Principles: what is so here, as a document.

The five safes are those of Desai, Ritchie and Welpton, "Five Safes: designing data access for research" (2016). The
principles are the National Data Guardian's eight, "The Caldicott Principles" (December 2020), told in short. Nobody is
named: people are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.utils import timezone

from tre.airlock.deciding import REVIEWERS
from tre.airlock.models import Release, Request
from tre.audit.models import Entry
from tre.catalogue.suppression import told
from tre.config.options import load
from tre.evidence.content import Document, Section, day, table
from tre.evidence.domain import MADE
from tre.privacy.models import Ledger
from tre.privacy.services import spent
from tre.projects.applying import JUDGEMENTS, SAFES
from tre.projects.disclosure import quasi_of, rules_of
from tre.projects.models import Agreement, Extract, Project
from tre.projects.services import current_extract, stands_as_approved

_HEADS = ("Question", "What is so here")
Answers = list[tuple[str, str]]


def document(project: Project) -> Document:
    """Return a project by the five safes and the eight principles."""
    safes = (
        ("people", _people),
        ("projects", _purpose),
        ("settings", _setting),
        ("data", _data),
        ("outputs", _outputs),
    )
    sections = [
        Section(SAFES[name][0], (_judgement(project, name),), (table(SAFES[name][0], _HEADS, answers(project)),))
        for name, answers in safes
    ]
    principles = table("Caldicott Principles", ("Principle", "What is so here"), _principles(project))
    return Document(
        f"project-{project.code}",
        f"{project.title}: Five Safes and Caldicott Principles",
        "What the platform knows of this project today. People are counted and not named.",
        (*sections, Section("Caldicott Principles", tables=(principles,))),
    )


def _judgement(project: Project, safe: str) -> str:
    application = project.applications.filter(state="approved").first()
    made = application.assessments.filter(safe=safe).first() if application else None
    return (
        f"Judged before approval: {JUDGEMENTS[made.judgement].lower()}."
        if made
        else "It was not judged before approval."
    )


def _people(project: Project) -> Answers:
    today, members = timezone.localdate(), list(project.members.all())
    trained = sum(each.training_current(today) for each in members)
    soonest = min((each.training_expires for each in members if each.training_expires), default=None)
    return [
        ("Who works in it", f"{len(members)} named people, {project.organisation or 'organisation not stated'}"),
        ("Training", f"{trained} of {len(members)} have current training; the first ends {day(soonest)}"),
        ("Who may open its workspace", "Members with current training and a second factor, while it is approved"),
    ]


def _purpose(project: Project) -> Answers:
    approval = project.approvals.order_by("-pk").first()
    same = "Yes: its digest is that of what was approved" if stands_as_approved(project) else "No"
    return [
        ("What for", project.purpose),
        ("Public benefit", project.public_benefit or "not stated"),
        ("Approved", day(approval.at) if approval else "not approved"),
        ("Is it what was approved", same),
        ("Dates", f"{day(project.starts)} to {day(project.ends)}"),
        ("Lawful basis", _joined(_basis(each) for each in project.agreements.all())),
    ]


def _basis(agreement: Agreement) -> str:
    told_of = agreement.basis()
    return f"{agreement.dataset}: {', '.join(filter(None, (told_of.article_6, told_of.article_9, told_of.common_law)))}"


def _setting(project: Project) -> Answers:
    options = load()
    opened, open_now = project.sessions.count(), project.sessions.filter(closed=None).count()
    return [
        ("Workspace", f"{project.get_profile_display()}; {opened} opened so far, {open_now} open now"),
        ("Network", "None but the doors to its own Spark, its own MLflow and the platform"),
        (
            "What goes to the browser",
            f"Bounded to {options.browser_megabytes} MB a day and person; files pass neither way",
        ),
        ("Last looked at by live checks", _last_checked()),
        ("With other projects", "Never joined: its pseudonyms are its own, and so are its group and folders"),
    ]


def _last_checked() -> str:
    """Return when evidence was made last, and how many mandatory statements were met then."""
    newest = Entry.objects.filter(event=MADE).order_by("-number").first()
    if newest is None:
        return "never yet"
    told_of = newest.data["counts"]["mandatory"]
    return f"{day(newest.at)}: {told_of['met']} mandatory statements met, {told_of['not met']} not met"


def _data(project: Project) -> Answers:
    extract = current_extract(project)
    return [
        ("Agreements", _joined(_agreement(each) for each in project.agreements.all())),
        ("Extract in use", _extract(extract)),
        ("By what an outsider may know a person", ", ".join(quasi_of(project)) or "no such column"),
        ("Smallest group of persons (k)", _risk(extract)),
        ("Opt-outs", _opt_outs(project)),
    ]


def _agreement(agreement: Agreement) -> str:
    columns, until = len(agreement.columns), day(agreement.ends)
    return f"{agreement.dataset} of {agreement.controller}: {columns} columns, until {until}"


def _extract(extract: Extract | None) -> str:
    if extract is None:
        return "none"
    return f"number {extract.number} of {day(extract.created)}, {told(extract.persons)} persons"


def _risk(extract: Extract | None) -> str:
    risk = extract.manifest.get("risk", {}) if extract else {}
    floor, tables = risk.get("floor", 0), [each for each in risk.get("tables", ()) if each["k"] is not None]
    if extract is None or not tables:
        return "no table has persons with such columns"
    accepted = "; an information asset owner has accepted it" if extract.accepted_by else ""
    held = (f"{each['table']}: {'at least' if each['k'] >= floor else 'under'} {floor}" for each in tables)
    return f"{_joined(held)}{accepted}"


def _opt_outs(project: Project) -> str:
    applied = any(each.basis().national_opt_out_applies() for each in project.agreements.all())
    return (
        "The national data opt-out is applied at provisioning"
        if applied
        else "The national data opt-out does not apply"
    )


def _outputs(project: Project) -> Answers:
    rules = rules_of(project)
    states = Counter(project_state.replace("_", " ") for project_state in _states(project))
    releases = Release.objects.filter(request__project=project)
    ledger = Ledger.objects.filter(project=project).first()
    return [
        ("Rules", f"{rules.profile}: at least {rules.threshold} people in a count"),
        ("Requests", _joined(f"{number} {state}" for state, number in sorted(states.items())) or "none"),
        ("Released", f"{releases.count()} times, {sum(len(each.files) for each in releases)} files, "
                     f"{sum(len(each.models_registered) for each in releases)} models"),
        ("Reviewed by", f"{REVIEWERS} independent checkers for each file, none of them a member"),
        ("Privacy budget", f"{spent(ledger).epsilon} of epsilon {ledger.epsilon} is spent" if ledger else "none"),
    ]  # fmt: skip


def _states(project: Project) -> Iterable[str]:
    return Request.objects.filter(project=project).values_list("state", flat=True)


def _principles(project: Project) -> Answers:
    columns = sum(len(each.columns) for each in project.agreements.all())
    return [
        ("1. Justify the purpose", f"{project.purpose} It was judged, and is on the public register"),
        ("2. Use only when necessary", "Identifiable data never reach the project: it gets a pseudonymised extract"),
        (
            "3. Use the minimum",
            f"{columns} agreed columns of {project.agreements.count()} datasets, of the agreed cohort and dates",
        ),
        ("4. Need to know", f"{project.members.count()} members alone, each asked of the policies each time"),
        ("5. Be aware of responsibilities", "No work without current training; everything done is in the audit log"),
        ("6. Comply with the law", _joined(_basis(each) for each in project.agreements.all())),
        (
            "7. The duty to share for care",
            "Nothing is kept from anybody's care: providers keep their records, and this is a copy of them",
        ),
        ("8. Inform people", "The public page and the register say what is used for what, and how to opt out"),
    ]


def _joined(parts: Iterable[str]) -> str:
    return "; ".join(parts)
