"""What an application says, and what it must have before it is submitted and before it is approved. Pure; no I/O.

The five safes are those of Desai, Ritchie and Welpton, "Five Safes: designing data access for research" (2016). What
the public register tells, and its lists of sectors and categories, are the UK Health Data Research Alliance's
"Recommendations for a data use register standard" (white paper, 2022).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from tre.errors import Refused

SAFES = {
    "people": ("Safe people", "Who will work with the data, and why can they be trusted with it?"),
    "projects": ("Safe projects", "Why is this a lawful, ethical and worthwhile use of the data?"),
    "settings": ("Safe settings", "What will be brought into the workspace, and is anything needed beyond it?"),
    "data": ("Safe data", "Why is each dataset, column and date needed, and how is it kept to the least?"),
    "outputs": ("Safe outputs", "What is meant to leave through the airlock: tables, plots, models?"),
}
MET, CONDITIONS, NOT_MET = "met", "conditions", "not_met"
JUDGEMENTS = {MET: "Met", CONDITIONS: "Met, with conditions", NOT_MET: "Not met"}
SECTORS = (
    "Academic Institute",
    "CQC Registered Health or/and Social Care provider",
    "Independent Sector Organisation",
    "Government Agency (Health and Adult Social Care)",
    "Commercial",
    "Local authority",
    "Government Agency (Other)",
)
CATEGORIES = (
    "Efficacy & Mechanism Evaluation",
    "Health Services & Delivery",
    "Health Technology Assessment",
    "Public Health Research",
    "Other",
)
MAY_BE_NAMED = frozenset({"researcher", "project_lead"})
# A purpose is looked at again at least this often: the Confidentiality Advisory Group reviews its support each year,
# and NHS England's data-sharing agreements run at most three years.
LONGEST = timedelta(days=3 * 366)


@dataclass(frozen=True)
class Named:
    """A person whom an application names: the user name, the roles held, and whether training is current."""

    username: str
    roles: frozenset[str]
    trained: bool
    active: bool = True


def check_dates(starts: date, ends: date) -> None:
    """Refuse a project that ends before it starts, or runs longer than anybody may approve at once.

    Raises
    ------
    Refused
        Saying which.
    """
    if ends <= starts:
        raise Refused("The project must end after it starts", where="end date", todo="Correct the dates")
    if ends - starts > LONGEST:
        raise Refused("A project is approved for three years at most", where="end date", todo="Ask to renew it later")


def check_people(people: Iterable[Named]) -> None:
    """Refuse to name somebody who could not work in the project: no such role, or no current training.

    Raises
    ------
    Refused
        Naming the first of them.
    """
    named = list(people)
    if not named:
        raise Refused("The project lacks a named person", todo="Name who will work in it, the lead first")
    for person in named:
        if not person.active or not person.roles & MAY_BE_NAMED:
            raise Refused("Not a researcher or project lead", where=person.username, todo="Name somebody who is")
        if not person.trained:
            raise Refused("Their training is not current", where=person.username, todo="Have it renewed first")


def check_answers(answers: Mapping[str, str]) -> None:
    """Refuse an application in which one of the five safes is not answered.

    Raises
    ------
    Refused
        Naming the first.
    """
    for safe, (name, _) in SAFES.items():
        if not answers.get(safe, "").strip():
            raise Refused(f"The question about {name.lower()} is not answered", todo="Answer it, then submit")


def check_columns(dataset: str, asked: Collection[str], shared: Collection[str]) -> None:
    """Refuse to ask for no column, or for one that the dataset does not share.

    Raises
    ------
    Refused
        Naming the first.
    """
    if not asked:
        raise Refused("No column is asked for", where=dataset, todo="Choose at least one")
    for column in asked:
        if column not in shared:
            raise Refused("The dataset shares no such column", where=f"{dataset}, {column}", todo="Choose another")


def check_generalise(rules: Mapping[str, Mapping[str, object]], shared: Collection[str]) -> None:
    """Refuse rules that make no shared column coarser.

    Raises
    ------
    Refused
        Naming the first.
    """
    for column, rule in rules.items():
        plain = all(isinstance(each, str | int) for each in rule.values())
        if column not in shared or not isinstance(rule.get("to"), str) or not plain:
            raise Refused(f"'{column[:40]}' is no column with a rule", todo="Write it as in the example")


def check_judgement(safe: str, judgement: str, note: str) -> None:
    """Refuse an assessment of something that is none of the five safes, or one that lacks its reason.

    Raises
    ------
    Refused
        Saying which.
    """
    if safe not in SAFES or judgement not in JUDGEMENTS:
        raise Refused("There is no such judgement", where=f"{safe}, {judgement}")
    if judgement != MET and not note.strip():
        raise Refused(f"{SAFES[safe][0]}: this judgement needs a reason", where="note", todo="Say why")


def check_approved_by_all(judgements: Mapping[str, str], owners: Mapping[str, bool], datasets: Iterable[str]) -> None:
    """Refuse to approve an application before it was assessed and every dataset's owner agreed.

    Parameters
    ----------
    judgements : mapping
        One of :data:`JUDGEMENTS` by each of the five safes that was assessed.
    owners : mapping
        Whether the owner agreed, by each dataset that was decided about.

    Raises
    ------
    Refused
        Naming the first that stands against it.
    """
    for safe, (name, _) in SAFES.items():
        if safe not in judgements:
            raise Refused(f"{name} is not assessed yet", todo="Assess the five safes first")
        if judgements[safe] == NOT_MET:
            raise Refused(f"{name} is not met", todo="Decline the application, or assess it anew")
    for dataset in datasets:
        if dataset not in owners:
            raise Refused("Its owner has not agreed yet", where=dataset, todo="Ask them to decide")
        if not owners[dataset]:
            raise Refused("Its owner did not agree", where=dataset, todo="Decline the application")


def check_other_people(actor: str, named: Collection[str], owners: Collection[str]) -> None:
    """Refuse a decision by somebody whom the application concerns, or who has agreed to it as an owner already.

    Parameters
    ----------
    named : collection of str
        Whom the application names, and who asked.

    Raises
    ------
    Refused
        Saying which.
    """
    if actor in named:
        raise Refused("You asked for this, or are named in it", where=actor, todo="Somebody else must decide")
    if actor in owners:
        raise Refused("You have agreed to it as an owner", where=actor, todo="Somebody else must approve it")
