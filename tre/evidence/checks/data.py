"""Live checks of data: how they came in, what is on record of them, and how they were changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml
from django.urls import resolve, reverse

from tre.audit.models import Entry
from tre.catalogue.contracts import Dataset, datasets
from tre.catalogue.models import DatasetVersion, Submission
from tre.catalogue.suppression import BASE, THRESHOLD
from tre.config.options import REPOSITORY
from tre.contracts import CLASSIFICATIONS, FOLDER, ContractError, load_contracts
from tre.contracts.records import check_all
from tre.disclosure import Context, DisclosureError, inspect
from tre.evidence.domain import Found, judged, not_met, not_shown
from tre.evidence.installation import Installation

_PROVIDERS = REPOSITORY / "policies" / "providers.yaml"
_NOTHING = "Nothing has landed here yet"
_PUBLIC = ("public", "register", "catalogue")


def ingress(here: Installation) -> Found:
    """Hold every submission to the audit log, and to what its provider may send under which contract."""
    submissions = list(Submission.objects.all())
    if not submissions:
        return not_shown(_NOTHING)
    told = set(Entry.objects.filter(event="catalogue.landed").values_list("subject", flat=True))
    known = yaml.safe_load(_PROVIDERS.read_text(encoding="utf-8"))["providers"]
    faults = [f"{each.identity}: {why}" for each in submissions for why in _irregular(each, told, known)]
    return judged(
        faults,
        f"Each of {len(submissions)} submissions came from a provider that may send its datasets, was checked against "
        "its data contract, and has its entry in the audit log. What does not fit is refused whole",
    )


def _irregular(each: Submission, told: set[str], known: dict[str, dict[str, list[str]]]) -> Iterator[str]:
    if f"submission:{each.identity}" not in told:
        yield "the audit log does not tell of its landing"
    sent = {file["dataset"] for file in each.files}
    for name in sorted(sent - set(known.get(each.provider, {}).get("datasets", ()))):
        yield f"its provider may not send {name}"
    for name in sorted(sent - set(datasets())):
        yield f"{name} has no data contract"


def held() -> dict[str, DatasetVersion]:
    """Return the newest version of each dataset that the warehouse holds."""
    newest: dict[str, DatasetVersion] = {}
    for version in DatasetVersion.objects.order_by("version").select_related("build"):
        newest[version.dataset] = version
    return newest


def record_of_data(here: Installation) -> Found:
    """Look, for each dataset that is held, for its description, its controller, its basis and when it came."""
    if not held():
        return not_shown("The warehouse holds nothing yet")
    faults = [f"{name}: {why}" for name in held() for why in _unknown(datasets().get(name))]
    return judged(
        faults,
        f"Of each of {len(held())} datasets it is on record what it is, who its controller is, on which lawful basis "
        "it is held, how often it comes, when it was built last and which projects use it",
    )


def _unknown(dataset: Dataset | None) -> list[str]:
    if dataset is None:
        return ["it has no data contract"]
    told = {"description": dataset.description, "controller": dataset.controller, "basis": dataset.lawful_basis}
    return [f"its {name} is not told" for name, text in told.items() if not text.strip()]


def classified(here: Installation) -> Found:
    """Look for the class of every field of every data contract."""
    fields = [(dataset.name, column) for dataset in datasets().values() for column in dataset.columns]
    lacks = [f"{name}.{each.name} has no class" for name, each in fields if each.classification not in CLASSIFICATIONS]
    return judged(
        lacks, f"Each of {len(fields)} fields of {len(datasets())} datasets has one of {len(CLASSIFICATIONS)} classes"
    )


def changes_logged(here: Installation) -> Found:
    """Hold every version of every dataset to the audit log's entry of its build."""
    versions = list(DatasetVersion.objects.all())
    if not versions:
        return not_shown("The warehouse holds nothing yet")
    entries = Entry.objects.filter(event__in=("catalogue.built", "catalogue.streamed"))
    told: set[tuple[str, int]] = set()
    for entry in entries.iterator():
        if entry.event == "catalogue.streamed":
            told.add((entry.subject.removeprefix("dataset:"), entry.data["version"]))
        else:
            told |= {(table["dataset"], table["version"]) for table in entry.data.get("tables", ())}
    lacks = [f"{each}: no entry tells of it" for each in versions if (each.dataset, each.version) not in told]
    return judged(
        lacks,
        f"For each of {len(versions)} versions of datasets the audit log tells when it was made, by whom and from "
        "what. Tables are versioned, and a version is never changed",
    )


def metadata_checked(here: Installation) -> Found:
    """Inspect every data contract as an output is inspected, and look whether each version was accepted."""
    # They are the platform's own files: inspection may read them in this very process.
    context = Context(profile=here.options.disclosure_profile, sandbox=False)
    files = sorted(FOLDER.glob("*.odcs.yaml"))
    try:
        check_all(load_contracts(), FOLDER)
        faults = [f"{path.name}: {why}" for path in files for why in _disclosing(path, context)]
    except ContractError as error:
        return not_met(error.sentence())
    except DisclosureError as error:
        return not_shown(error.sentence())
    return judged(
        faults,
        f"{len(files)} data contracts were inspected: none holds what identifies a person. The catalogue shows no "
        f"count under {THRESHOLD}, and rounds others to {BASE}",
    )


def _disclosing(path: Path, context: Context) -> list[str]:
    findings = inspect(path, context).findings
    return sorted({each.rule for each in findings if each.severity == "block"})


def catalogue(here: Installation) -> Found:
    """Look whether the catalogue is open to everybody and describes every dataset that is held."""
    lacks = [name for name in held() if name not in datasets()]
    faults = [f"{name} is not in the catalogue" for name in lacks]
    faults += [f"the page '{name}' is not open to everybody" for name in _PUBLIC if _closed(name)]
    return judged(
        faults,
        f"The catalogue describes {len(datasets())} datasets and their fields to everybody, and by DCAT 3 to others",
    )


def public_pages(here: Installation) -> Found:
    """Look whether the public page, the register and the catalogue answer without signing in."""
    return judged(
        [f"the page '{name}' is not open to everybody" for name in _PUBLIC if _closed(name)],
        "What is held, who uses it for what and what was released is told on pages that everybody can read",
    )


def _closed(name: str) -> bool:
    return bool(getattr(resolve(reverse(name)).func, "login_required", True))
