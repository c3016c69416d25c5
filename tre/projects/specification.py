"""What the data plane is asked for: an approved project as plain values, with every version pinned."""

from __future__ import annotations

from typing import Any

from django.db.models import Max

from tre.catalogue.models import DatasetVersion
from tre.config.options import REPOSITORY, load
from tre.errors import Refused
from tre.keys.custody import custody
from tre.projects.models import Agreement, Extract, Project
from tre.projects.policy import risk_policy

PEOPLE, AREAS = "people", "small_area"


def specification(project: Project) -> dict[str, Any]:
    """Return what an extract of the project is made from, at the newest version of each dataset.

    Raises
    ------
    Refused
        When the warehouse holds no version of a dataset.
    """
    agreements, newest = list(project.agreements.all()), newest_versions()
    wanted = {PEOPLE}
    if any(rule.get("to") == "area" for agreement in agreements for rule in agreement.generalise.values()):
        wanted.add(AREAS)
    for name in [*sorted(wanted), *(agreement.dataset for agreement in agreements)]:
        if name not in newest:
            raise Refused("The warehouse holds no such dataset", where=name, todo="Build the warehouse first")
    share = {"fraction": str(project.sample_fraction), "seed": project.sample_seed}
    return {
        "cohort": project.cohort,
        "versions": {name: newest[name] for name in sorted(wanted)},
        "sampling": share if project.sample_fraction < 1 else None,
        "risk": risk_policy().for_project(project.floor),
        "tables": [_table(agreement, newest[agreement.dataset]) for agreement in agreements],
    }


def newest_versions() -> dict[str, int]:
    """Return the newest version of each dataset of the warehouse."""
    found = DatasetVersion.objects.order_by().values_list("dataset").annotate(newest=Max("version"))
    return {str(dataset): int(version) for dataset, version in found}


def pinned_versions(manifest: dict[str, Any]) -> dict[str, int]:
    """Return the version of each dataset that an extract was made from."""
    tables = {table["name"]: table["source_version"] for table in manifest.get("tables", [])}
    return {**manifest.get("specification", {}).get("versions", {}), **tables}


def job(extract: Extract, specified: dict[str, Any], out: str, previous: str | None) -> dict[str, Any]:
    """Return the whole request of the job that makes (or remakes) an extract into the folder ``out``."""
    return {
        "warehouse": str(load().path("warehouse")),
        "contracts": str(REPOSITORY / "policies" / "contracts"),
        "out": out,
        "previous": previous,
        "project": extract.project.code,
        "extract": extract.number,
        **specified,
    }


def keys(project: Project) -> dict[str, bytes]:
    """Return the keys that the job may use."""
    return {"project-pseudonym": custody().derive("project-pseudonym", project.code)}


def _table(agreement: Agreement, version: int) -> dict[str, Any]:
    return {
        "dataset": agreement.dataset,
        "version": version,
        "columns": list(agreement.columns),
        "from": agreement.first.isoformat() if agreement.first else None,
        "to": agreement.last.isoformat() if agreement.last else None,
        "linkage": agreement.linkage,
        "generalise": agreement.generalise,
    }
