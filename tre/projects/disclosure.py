"""Which disclosure rules a project's outputs are held to: its organisation's, or stricter ones of its own choice."""

from __future__ import annotations

from dataclasses import dataclass

from tre.catalogue.contracts import datasets
from tre.config.options import load
from tre.disclosure import Context
from tre.disclosure.model import DisclosureError
from tre.disclosure.policy import Held, load_policy
from tre.disclosure.pseudonyms import owner_name
from tre.errors import Refused
from tre.keys.filters import newest_filters
from tre.projects.models import Project


@dataclass(frozen=True)
class Choice:
    """A profile, empty for the organisation's, and the least people in a count, None for the profile's."""

    profile: str = ""
    threshold: int | None = None


def check_choice(choice: Choice) -> Choice:
    """Return the choice with its profile named.

    Raises
    ------
    Refused
        It would be looser than the organisation's rules, or there is no such profile.
    """
    try:
        held = load_policy().held_to(load().disclosure_profile, choice.profile, choice.threshold)
    except DisclosureError as error:
        raise Refused(error.what, where=error.where, todo=error.todo) from None
    return Choice(held.profile, choice.threshold)


def quasi_of(project: Project) -> tuple[str, ...]:
    """Return the columns by which an outsider may know a person of the project's data.

    They are those that the data contracts class so of what was agreed, and those that the reports of its extracts were
    made of: an agreement may have changed since.
    """
    contracts = datasets()
    agreed = {
        column.name
        for agreement in project.agreements.all()
        if agreement.dataset in contracts
        for column in contracts[agreement.dataset].columns
        if column.classification == "quasi" and column.name in agreement.columns
    }
    made = project.extracts.filter(ready=True).values_list("manifest", flat=True)
    reported = {
        name for manifest in made for each in manifest.get("risk", {}).get("tables", []) for name in each["quasi"]
    }
    return tuple(sorted(agreed | reported))


def population_of(project: Project) -> int:
    """Return how many persons the project's newest extract has, 0 without one: of whom any row of theirs is one.

    Not how many there are in the country: who knows that somebody is in a study looks for them among its persons only.
    """
    newest = project.extracts.filter(ready=True).order_by("-number").first()
    return newest.persons if newest else 0


def rules_of(project: Project) -> Held:
    """Return what the project's outputs are held to.

    Where its choice is looser than the organisation's rules now, since these were tightened, they hold in its place.
    """
    policy, organisation = load_policy(), load().disclosure_profile
    try:
        return policy.held_to(organisation, project.disclosure_profile, project.disclosure_threshold)
    except DisclosureError:
        least = policy.profile(organisation).threshold
        return policy.held_to(organisation, threshold=max(project.disclosure_threshold or 0, least))


def context_of(project: Project) -> Context:
    """Return what a file of the project is inspected against."""
    filters, key = newest_filters() or (None, None)
    settings, rules = load(), rules_of(project)
    return Context(
        rules.profile,
        filters,
        key,
        pack=settings.disclosure_pack,
        names_model=settings.disclosure_names_model,
        project=owner_name(project.code),
        quasi=quasi_of(project),
        population=population_of(project),
        overrides=rules.overrides(),
    )
