"""A warehouse's year among a few people, job by job: what is compared wherever the jobs run.

Built, provisioned, built again from more and provisioned anew, a stream taken in, a dataset withdrawn and erased.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from deltalake import DeltaTable

from spark_jobs import build, erase, provision, stream, tables
from tests.health_system import CONTRACTS, KEYS, build_specification, number, patient, submit
from tests.landing import REGISTER
from tests.warehouse import specification, table

Run = Callable[[str, Mapping[str, Any], Mapping[str, bytes]], Any]
PROJECT = {"project-pseudonym": bytes(range(64, 96))}
_EVENT = {"event_date": "2025-01-01", "snomed_code": "22298006"}
_ADMITTED = {
    "admission_method": "21", "icd10_primary": "I10", "sex": "2", "admitted_on": "2025-01-01",
    "discharged_on": "2025-01-03", "birth_date": "1950-01-31", "forename": "Annb", "surname": "Archer",
}  # fmt: skip


class Year(NamedTuple):
    """What came of a year: each job's result by its name, without what differs by place or time."""

    built: dict[str, Any]
    built_again: dict[str, Any]
    manifests: list[dict[str, Any]]
    streamed: dict[str, Any]
    erased: dict[str, Any]


def year(home: Path, run: Run) -> Year:
    """Run the jobs of a year in a home: ``run`` takes a job's name, its specification and its keys."""
    _land(home / "landing")
    built = run("build", build_specification(home), KEYS)
    first = run("provision", _wanted(home, 1, built), PROJECT)
    _land_more(home / "landing")
    again = run("build", build_specification(home), KEYS)
    second = run("provision", _wanted(home, 2, again), PROJECT)
    _drop(home)
    streamed = run("stream", _stream(home), {"warehouse-pseudonym": KEYS["warehouse-pseudonym"]})
    kept = [{**each, "datasets": [name for name in each["datasets"] if name != "small_area"]} for each in _held(home)]
    run("build", build_specification(home, submissions=kept, unmeasured=[]), KEYS)
    erased = run("erase", _erasure(home), {})
    return Year(built, again, [_timeless(first), _timeless(second)], streamed, erased)


def here(name: str, spec: Mapping[str, Any], keys: Mapping[str, bytes]) -> Any:
    """Run a job in this process."""
    jobs = {"build": build, "provision": provision, "stream": stream, "erase": erase}
    return jobs[name].run(dict(spec), dict(keys), lambda text: None)


def rows(home: Path, name: str) -> list[str]:
    """Return the rows of a table's newest version, in order."""
    folder = home / "warehouse" / name
    held = tables.arrow(folder, DeltaTable(folder).version()).to_table().to_pylist()
    return sorted(json.dumps(each, default=str, sort_keys=True) for each in held)


def fingerprints(home: Path) -> dict[str, list[Any]]:
    """Return of each table what each of its versions was published as."""
    return {
        path.name: [each.get("tre.fingerprint") for each in DeltaTable(path).history()]
        for path in sorted((home / "warehouse").iterdir())
        if path.name != stream.DATASET
    }


def files(home: Path, *names: str) -> dict[str, str]:
    """Return the digest of every file in folders of a home: those whose bytes follow from what was built."""
    found = (path for name in names for path in sorted((home / name).rglob("*")) if path.is_file())
    found = (path for path in found if path.name != provision.MANIFEST)  # it tells of its time
    return {str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def _land(landing: Path) -> None:
    events = [{**_EVENT, "event_id": f"E{n}", "local_id": f"G{n % 4}", "value": str(n / 4)} for n in range(40)]
    events += [
        {**_EVENT, "event_id": "E41", "local_id": "G77"},
        {**_EVENT, "event_id": "E42", "local_id": "G1", "event_date": "30/02/2025"},
    ]
    submit(landing, "gp-1", "gp-system", gp_patients=[patient(each) for each in range(4)], gp_events=events)
    spells = [
        {**_ADMITTED, "spell_id": f"S{n}", "local_id": f"R{n}", "nhs_number": number(n), "discharge_note": note}
        for n, note in enumerate(("Annb was well.", "Spoke to Ann\u00e9 Archer of ST4 6QG."))
    ]
    submit(landing, "trust-1", "acute-trust", admitted_care=spells)
    out = {"nhs_number": number(2), "recorded_on": "2024-01-01", "kind": "type_1"}
    submit(landing, "opt-outs", "nhs-england", opt_outs=[out])
    submit(landing, "areas", "reference", small_area=[{"lsoa": "E01014000", "imd_decile": "3"}])
    submit(landing, "devices-1", "remote-monitoring", devices=[{"device_id": "G0", "nhs_number": number(0)}])


def _land_more(landing: Path) -> None:
    more = [
        {**_EVENT, "event_id": "E50", "local_id": "G3"},
        {**_EVENT, "event_id": "E0", "local_id": "G0", "unit": "kg"},
    ]
    submit(landing, "gp-2", "gp-system", gp_events=more)
    out = {"nhs_number": number(3), "recorded_on": "2024-01-01", "kind": "national"}
    submit(landing, "opt-outs-2", "nhs-england", opt_outs=[out])


def _wanted(home: Path, extract: int, built: dict[str, Any]) -> dict[str, Any]:
    newest = {each["dataset"]: each["version"] for each in built["tables"]}
    care = ("icd10_primary", "discharge_note_deidentified")
    asked = [
        table("gp_events", "event_date", "snomed_code", "value", version=newest["gp_events"]),
        table("admitted_care", *care, version=newest["admitted_care"], linkage="table"),
    ]
    place = {"version": newest["opt_outs"], "people": newest["people"], "day": "2026-07-01", "national": True}
    before = str(home / "extracts" / str(extract - 1)) if extract > 1 else None
    return specification(
        home / "warehouse", home / "extracts" / str(extract), *asked, extract=extract, previous=before,
        versions={"people": newest["people"]}, opt_outs=place, cohort="sex = '2'",
    )  # fmt: skip


def _drop(home: Path) -> None:
    folder = home / "drops" / "remote-monitoring"
    folder.mkdir(parents=True)
    told = {"device_id": "G0", "kind": "431314004", "value": 97.5, "unit": "%"}
    readings = [{**told, "taken_at": f"2026-06-30T10:0{minute}:00Z"} for minute in range(3)]
    for name in ("one", "two"):
        staged = folder / f".{name}.part"
        staged.write_text("".join(f"{json.dumps(each)}\n" for each in readings))
        staged.rename(folder / f"{name}.ndjson")


def _stream(home: Path) -> dict[str, Any]:
    folders = {name: str(home / name) for name in ("drops", "landing", "warehouse")}
    told = {"contracts": str(CONTRACTS), "register": str(REGISTER), "bounded": True, "most_drops": 100}
    return {**folders, **told, "quality": str(CONTRACTS.parent / "quality.yaml")}


def _held(home: Path) -> list[dict[str, Any]]:
    held: list[dict[str, Any]] = build_specification(home)["submissions"]
    return held


def _erasure(home: Path) -> dict[str, Any]:
    return {
        **{name: str(home / name) for name in ("landing", "warehouse", "certificates")},
        "submissions": [{"submission": "areas", "datasets": ["small_area"]}], "tables": ["people", "small_area"],
    }  # fmt: skip


def _timeless(manifest: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in manifest.items() if name != "created"}
