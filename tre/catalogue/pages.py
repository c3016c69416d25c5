"""What the catalogue's pages show, put together: a bounded number of questions to the database for each page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Max
from django.urls import reverse

from tre.catalogue.contracts import Column, Dataset, dataset
from tre.catalogue.exports import Described
from tre.catalogue.models import DatasetVersion
from tre.catalogue.plots import Plot, plot
from tre.catalogue.quality import Series
from tre.catalogue.suppression import SUPPRESSED, told
from tre.config.options import load
from tre.errors import Missing
from tre.projects.models import Agreement, Project


@dataclass(frozen=True)
class Held:
    """One version of a table as a page may show it."""

    version: DatasetVersion
    rows: str
    quarantined: str


@dataclass(frozen=True)
class Use:
    """What the public register says of a project that uses a dataset: nothing that is not there."""

    project: Project
    columns: tuple[str, ...]


def newest_versions() -> dict[str, DatasetVersion]:
    """Return the newest version of each dataset with its build."""
    newest = DatasetVersion.objects.values("dataset").annotate(newest=Max("version"))
    wanted = {(each["dataset"], each["newest"]) for each in newest}
    numbers = {number for _, number in wanted}
    versions = DatasetVersion.objects.filter(version__in=numbers).select_related("build")
    return {each.dataset: each for each in versions if (each.dataset, each.version) in wanted}


def held(version: DatasetVersion) -> Held:
    """Return a version with its counts as they may be shown."""
    return Held(version, told(version.rows), told(version.quarantined))


def rows(version: DatasetVersion | None) -> str:
    """Return a dataset's rows as a page may show them."""
    return "none yet" if version is None else told(version.rows)


def uses(name: str) -> list[Use]:
    """Return the projects on the public register that may use a dataset, with the columns agreed."""
    agreements = Agreement.objects.filter(dataset=name, project__status__in=Project.REGISTERED)
    return [Use(each.project, tuple(each.columns)) for each in agreements.select_related("project")]


def column_of(found: Dataset, name: str) -> Column:
    """Return one field of a dataset.

    Raises
    ------
    Missing
        When the contract has none of this name.
    """
    for column in found.columns:
        if column.name == name:
            return column
    raise Missing("The data contract has no such field", where=f"{found.name}, {name}", todo="Choose one from its page")


def plots(series: Iterable[Series], name: str) -> list[Plot]:
    """Return a plot for each dimension."""
    return [plot(f"plot-{each.dimension}", f"{each.dimension.capitalize()} of {name}", each.points) for each in series]


def completeness(shares: Mapping[str, Mapping[str, float | None]], column: Column) -> str:
    """Return a field's newest completeness in words."""
    if column.name not in shares:
        return "not measured"
    share = shares[column.name].get("completeness")
    return f"{SUPPRESSED} rows" if share is None else f"{share:g}%"


def described(name: str, version: DatasetVersion | None) -> Described:
    """Return a dataset with its newest version and its public address."""
    return Described(dataset(name), version, address("catalogue_dataset", name))


def address(view: str, *arguments: str) -> str:
    """Return the public address of a page."""
    return f"{load().portal}{reverse(view, args=arguments)}"


def catalogue_name() -> str:
    """Return the catalogue's title."""
    return f"{settings.SITE_NAME}: catalogue"
