"""The job that makes an extract. Safe to run again: the data plane replaces what a cut-off run left behind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.db import transaction

from tre.audit.services import record
from tre.catalogue.models import DatasetVersion
from tre.config.options import REPOSITORY, load
from tre.errors import Refused
from tre.keys.custody import custody
from tre.projects.domain import check_provisionable
from tre.projects.lawful_basis import national_opt_out_applies
from tre.projects.models import Agreement, Extract
from tre.runs.queue import handler
from tre.runs.runner import run_job

Say = Callable[[str], None]


@handler("projects.provision")
def provision(payload: dict[str, Any], progress: Say | None = None) -> None:
    """Make the extract, unless it is ready."""
    extract = Extract.objects.select_related("project").get(pk=payload["extract"])
    if extract.ready:
        return
    project = extract.project
    agreements = list(project.agreements.all())
    # Asked again here: an agreement may have ended between the asking and the doing.
    agreed = [agreement.agreed() for agreement in agreements]
    check_provisionable(project.status, project.starts, project.ends, agreed, date.today())
    options = load()
    manifest = run_job(
        "provision",
        {
            "warehouse": str(options.path("warehouse")),
            "contracts": str(REPOSITORY / "policies" / "contracts"),
            "out": str(options.path("projects", project.code, "extracts", str(extract.number))),
            "project": project.code,
            "extract": extract.number,
            "cohort": {"where": project.cohort},
            "national_opt_out": national_opt_out_applies(agreement.basis() for agreement in agreements),
            "tables": [_table(agreement) for agreement in agreements],
        },
        {"project-pseudonym": custody().derive("project-pseudonym", project.code)},
        progress=progress,
    )
    finish(extract, manifest)


def _table(agreement: Agreement) -> dict[str, Any]:
    version = DatasetVersion.objects.filter(dataset=agreement.dataset).order_by("-version").first()
    if version is None:
        raise Refused("The warehouse holds no such dataset", where=agreement.dataset, todo="Build the warehouse first")
    return {
        "dataset": agreement.dataset,
        "version": version.version,
        "columns": list(agreement.columns),
        "date_column": agreement.date_column,
        "from": agreement.first.isoformat() if agreement.first else None,
        "to": agreement.last.isoformat() if agreement.last else None,
    }


@transaction.atomic
def finish(extract: Extract, manifest: dict[str, Any]) -> None:
    """Mark the extract ready, once."""
    held = Extract.objects.select_for_update().get(pk=extract.pk)
    if held.ready:
        return
    held.manifest, held.persons, held.ready = manifest, manifest["persons"], True
    held.save(update_fields=["manifest", "persons", "ready"])
    tables = [{"name": table["name"], "rows": table["rows"]} for table in manifest["tables"]]
    record(
        "projects.provisioned",
        actor="worker",
        subject=f"project:{held.project.code}",
        data={"extract": held.number, "persons": held.persons, "tables": tables, "opt_outs": manifest["opt_outs"]},
        once=f"projects.provisioned:{held.pk}",
    )
