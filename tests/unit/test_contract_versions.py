"""Versions of contracts: what may change, what is kept on record, and files of several versions side by side."""

from __future__ import annotations

import itertools
import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml

from spark_jobs import arrivals, versions
from spark_jobs.contracts import Contract, ContractError, load_contracts
from spark_jobs.errors import JobRefused
from spark_jobs.land import run
from spark_jobs.manifest import Manifest, describe
from tests.conftest import REPOSITORY
from tests.landing import REGISTER
from tests.validated import split
from tre.contracts import __main__ as command
from tre.contracts.comparing import check_succession, compare
from tre.contracts.records import accept, accepted, check_all

FOLDER = REPOSITORY / "policies" / "contracts"
AREA = load_contracts(FOLDER)["small_area"]


@pytest.fixture
def folder(tmp_path) -> Path:
    """Return a copy of one contract with its record."""
    made = tmp_path / "contracts"
    shutil.copytree(FOLDER / "accepted" / "small_area", made / "accepted" / "small_area")
    shutil.copy(FOLDER / "small_area.odcs.yaml", made)
    return made


def edit(folder: Path, change) -> dict[str, Contract]:
    path = folder / "small_area.odcs.yaml"
    told = yaml.safe_load(path.read_text())
    change(told, told["schema"][0]["properties"])
    path.write_text(yaml.safe_dump(told))
    return load_contracts(folder)


def test_every_contract_is_accepted_as_it_stands():
    check_all(load_contracts(FOLDER), FOLDER)


def test_every_accepted_version_follows_from_the_one_before():
    for dataset, known in accepted(FOLDER).items():
        for old, new in itertools.pairwise(known):
            check_succession(old, new)
            assert compare(old, new), (dataset, "two versions that do not differ")


def test_a_record_says_all_that_the_contract_says(tmp_path):
    for contract in load_contracts(FOLDER).values():
        accept(contract, tmp_path)
        assert accepted(tmp_path)[contract.dataset] == (contract,)


BREAKING = {
    "column removed": lambda told, fields: fields.pop(),
    "type changed": lambda told, fields: fields[2].update(logicalType="string", physicalType="string"),
    "required added": lambda told, fields: fields[3].update(required=True),
    "codes removed": lambda told, fields: fields[1]["customProperties"][0].update(property="values", value="1,2"),
    "pattern changed": lambda told, fields: fields[0]["customProperties"][0].update(property="pattern", value="E01.*"),
    "bounds narrowed": lambda told, fields: fields[3]["logicalTypeOptions"].update(maximum=50),
    "primary_key changed": lambda told, fields: fields[1].update(primaryKey=True),
}


@pytest.mark.parametrize("change", list(BREAKING))
def test_a_breaking_change_is_refused_without_a_new_major_version(folder, change):
    contracts = edit(folder, BREAKING[change])
    with pytest.raises(ContractError, match=change):
        check_all(contracts, folder)
    with pytest.raises(ContractError, match=change):
        accept(contracts["small_area"], folder)
    contracts = edit(folder, lambda told, fields: told.update(version="1.2.0"))
    with pytest.raises(ContractError, match=f"(?s){change}.*2\\.0\\.0"):
        accept(contracts["small_area"], folder)
    contracts = edit(folder, lambda told, fields: told.update(version="2.0.0"))
    with pytest.raises(ContractError, match="has not been accepted"):
        check_all(contracts, folder)
    assert accept(contracts["small_area"], folder)
    check_all(contracts, folder)


def test_a_loosened_classification_breaks_and_so_does_what_is_no_longer_published():
    deaths = load_contracts(FOLDER)["deaths"]

    def classed(old: str, new: str) -> list[bool]:
        pair = [replace(deaths, fields=(replace(deaths.fields[0], classification=each),)) for each in (old, new)]
        return [change.breaking for change in compare(*pair)]

    assert classed("direct", "safe") == classed("sensitive", "quasi") == classed("quasi", "safe") == [True]
    assert classed("quasi", "direct") == classed("sensitive", "free_text") == [True]
    assert classed("safe", "quasi") == classed("quasi", "sensitive") == classed("free_text", "direct") == [False]


def test_a_text_may_change_without_a_version_and_an_added_column_needs_a_minor_one(folder):
    check_all(edit(folder, lambda told, fields: fields[0].update(description="Other words")), folder)
    column = {"name": "green_space_percent", "logicalType": "number", "physicalType": "double",
              "classification": "safe", "description": "Share of land that is green"}  # fmt: skip
    contracts = edit(folder, lambda told, fields: fields.append(column))
    with pytest.raises(ContractError, match="green_space_percent: column added"):
        check_all(contracts, folder)
    contracts = edit(folder, lambda told, fields: told.update(version="1.2.0"))
    assert accept(contracts["small_area"], folder)


def test_a_record_that_was_written_by_hand_past_a_breaking_change_is_found(folder):
    contracts = edit(folder, BREAKING["column removed"])
    record = folder / "accepted" / "small_area" / f"{AREA.version}.json"
    told = json.loads(record.read_text())
    told["fields"].pop()
    record.write_text(json.dumps(told))
    check_all(contracts, folder)  # the record agrees with the contract now
    landing = folder / "landing"
    versions.hold([AREA], landing)
    with pytest.raises(ContractError, match="no_qualifications_percent: column removed"):
        versions.check_held(contracts.values(), landing)  # and the landing zone knows better


@pytest.mark.parametrize("damage", ["{", "{}", '{"dataset": "other"}'])
def test_a_damaged_record_is_told_in_one_sentence(folder, damage):
    (folder / "accepted" / "small_area" / "1.0.0.json").write_text(damage)
    with pytest.raises(ContractError, match="record of a contract"):
        load_contracts(folder)


def accept_from(folder: Path, monkeypatch, verb: str) -> int:
    monkeypatch.setattr(command, "FOLDER", folder)
    monkeypatch.setattr(command, "load_contracts", lambda: load_contracts(folder))
    monkeypatch.setattr("sys.argv", ["tre.contracts", verb])
    return command.main()


def test_the_command_accepts_a_new_version_and_tells_what_breaks(folder, monkeypatch, capsys):
    assert accept_from(folder, monkeypatch, "check") == 0
    assert accept_from(folder, monkeypatch, "forget") == 2
    edit(folder, BREAKING["column removed"])
    assert accept_from(folder, monkeypatch, "accept") == 1
    assert "no_qualifications_percent: column removed" in capsys.readouterr().err
    edit(folder, lambda told, fields: told.update(version="2.0.0"))
    assert accept_from(folder, monkeypatch, "check") == 1
    assert accept_from(folder, monkeypatch, "accept") == 0
    assert capsys.readouterr().out == "accepted small_area 2.0.0\n"
    assert accept_from(folder, monkeypatch, "accept") == 0
    assert capsys.readouterr().out == ""


def submission(folder: Path, version: str, rows: list[str], name: str = "reference-1") -> Path:
    folder.mkdir()
    header = ",".join(field.name for field in AREA.under(version).fields)
    path = folder / "small_area-0.csv"
    path.write_text("\n".join([header, *rows, ""]))
    sent = describe(path, "small_area", version, "csv")
    Manifest(name, "reference", AREA.controller, "2026-07-01", (sent,)).write(folder)
    return folder


def land(source: Path, landing: Path) -> dict:
    return run(spec_of(source, landing, FOLDER, REGISTER), {}, lambda text: None)


def spec_of(source: Path, landing: Path, folder: Path, register: Path) -> dict:
    places = {"source": source, "landing": landing, "contracts": folder, "register": register}
    return {**{name: str(place) for name, place in places.items()}, "provider": "reference", "by": "mia"}


def test_a_plausible_range_needs_a_minor_version_and_no_more(folder):
    def name(told, fields):
        told.update(version="1.2.0")
        fields[2].setdefault("customProperties", []).append({"property": "plausible", "value": "0..100"})

    contracts = edit(folder, name)
    assert [change.breaking for change in compare(AREA, contracts["small_area"])] == [False]
    assert accept(contracts["small_area"], folder)
    assert accepted(folder)["small_area"][-1] == contracts["small_area"]
    with pytest.raises(ContractError, match="plausible changed"):
        edit(folder, lambda told, fields: fields[2].pop("customProperties")) and check_all(
            load_contracts(folder), folder
        )


def test_files_of_two_versions_land_side_by_side_and_their_contracts_are_held(tmp_path):
    landing = tmp_path / "landing"
    land(submission(tmp_path / "old", "1.0.0", ["E01900000,1,20.5"]), landing)
    land(submission(tmp_path / "new", "1.1.0", ["E01900001,1,20.5,1,2,3"], "reference-2"), landing)
    held = accepted(landing / versions.RECORD)["small_area"]
    assert [each.version for each in held] == ["1.0.0", "1.1.0"]
    assert held[-1] == AREA


def test_a_file_of_a_version_that_a_later_change_broke_is_refused(tmp_path):
    care = load_contracts(FOLDER)["adult_social_care"]
    with pytest.raises(JobRefused, match=r"another version of its contract than 2\.0\.0"):
        versions.landable(care, "1.0.0", "file.csv")
    assert versions.landable(care, "2.0.0", "file.csv") is care


def test_a_dataset_whose_contract_is_gone_is_told(tmp_path):
    with pytest.raises(JobRefused, match="no data contract for 'mh_community' any more"):
        versions.current(load_contracts(FOLDER), "mh_community", "trust-1")


def test_a_contract_changed_behind_the_landing_zone_s_back_lands_nothing(tmp_path, folder):
    landing = tmp_path / "landing"
    land(submission(tmp_path / "old", "1.1.0", ["E01900000,1,20.5,1,2,3"]), landing)
    edit(folder, BREAKING["bounds narrowed"])
    source = submission(tmp_path / "new", "1.1.0", ["E01900000,1,20.5,1,2,3"], "reference-2")
    register = tmp_path / "providers.yaml"
    only = {"reference": {"controllers": [AREA.controller], "datasets": ["small_area"]}}
    register.write_text(yaml.safe_dump({"providers": only}))
    with pytest.raises(ContractError, match="bounds narrowed"):
        run(spec_of(source, landing, folder, register), {}, lambda text: None)
    assert [path.name for path in (landing / "submissions").glob("[!.]*")] == ["reference-1"]


@pytest.mark.spark
def test_rows_of_an_earlier_version_take_the_new_form_with_the_new_columns_empty(spark, tmp_path):
    landing = tmp_path / "landing"
    land(submission(tmp_path / "old", "1.0.0", ["E01900000,1,20.5"]), landing)
    receipts = arrivals.held(landing, [{"submission": "reference-1", "datasets": ["small_area"]}])
    good, bad = split(arrivals.read(spark, landing, receipts, AREA), AREA, date(2026, 7, 1))
    row = good.collect()[0].asDict()
    assert bad.count() == 0
    assert (row["lsoa"], row["fuel_poverty_percent"], row["overcrowded_percent"]) == ("E01900000", 20.5, None)
