"""The data contracts: valid against the standard, and strict about what may never be published."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest
import yaml
from open_data_contract_standard.model import OpenDataContractStandard

from spark_jobs import fhir
from spark_jobs.contracts import NEVER_PUBLISHED, ContractError, load_contracts
from spark_jobs.validate import SOURCE
from tests.conftest import REPOSITORY
from tre.catalogue import contracts as catalogue
from tre.contracts.codelists import load_code_lists

FOLDER = REPOSITORY / "policies" / "contracts"
FILES = sorted(FOLDER.glob("*.odcs.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_is_valid_against_the_standard_s_own_model(path):
    told = OpenDataContractStandard.from_file(str(path))
    assert told.apiVersion.startswith("v3.")
    assert told.version.count(".") == 2
    jsonschema.validate(yaml.safe_load(path.read_text()), json.loads(OpenDataContractStandard.json_schema()))


def test_every_name_of_a_person_is_a_direct_identifier():
    for contract in load_contracts(FOLDER).values():
        for field in contract.fields:
            names = {
                "nhs_number",
                "forename",
                "surname",
                "birth_date",
                "postcode",
                "local_id",
                "note",
                "discharge_note",
            }
            if field.identifier not in ("", "sex") or field.name in names or field.name.startswith("mother_"):
                assert field.classification in NEVER_PUBLISHED, (contract.dataset, field.name)


def test_the_catalogue_shows_what_the_data_plane_reads():
    planes, shown = load_contracts(FOLDER), catalogue.datasets()
    assert list(planes) == list(shown)
    for name, contract in planes.items():
        columns = {column.name: column for column in shown[name].columns}
        made = {field.name for field in contract.made}
        assert [column for column in columns if column not in made] == [field.name for field in contract.fields]
        assert {column.name for column in columns.values() if column.shared} == {
            field.name for field in contract.published()
        }


def test_what_tells_of_a_person_is_a_column_of_the_people_table_and_each_of_those_is_told_by_someone():
    contracts = load_contracts(FOLDER)
    told = {name for contract in contracts.values() for name in contract.person_attributes}
    assert told == {field.name for field in contracts["people"].fields if not field.primary_key}


def test_every_field_has_a_meaning_and_a_coded_one_its_standard_and_where_that_is_defined():
    lists = load_code_lists()
    for path in FILES:
        for told in yaml.safe_load(path.read_text())["schema"][0]["properties"]:
            custom = {each["property"]: each["value"] for each in told.get("customProperties", ())}
            assert told["description"], (path.name, told["name"])
            if "code_list" in custom:
                urls = [each["url"] for each in told["authoritativeDefinitions"]]
                assert urls == [lists[custom["code_list"]].url], (path.name, told["name"])


def test_every_code_list_is_used_and_each_licensed_one_ships_no_codes():
    lists = load_code_lists()
    used = {field.code_list for contract in load_contracts(FOLDER).values() for field in contract.fields}

    assert used - {""} == set(lists)
    for name in ("snomed_ct", "dmd", "icd10", "opcs4"):
        assert not lists[name].codes, name


def test_a_text_that_is_published_has_a_form_so_that_no_provider_s_words_pass_in_it():
    for contract in load_contracts(FOLDER).values():
        if contract.dataset == "people":  # made of columns that have theirs
            continue
        made = {field.name for field in contract.made}
        texts = [each for each in contract.published() if each.type == "string" and each.name not in made]
        formless = [each.name for each in texts if not (each.values or each.pattern or each.check)]
        assert formless == [], contract.dataset


@pytest.mark.parametrize(
    "said", ["Margaret Holloway", "ST4 7QB", "9434765919", "seen by Dr Patel on 3 May", "{Holloway}"]
)
def test_a_person_does_not_pass_as_a_unit_or_as_the_kind_or_part_of_an_image(said):
    contracts = load_contracts(FOLDER)
    for dataset, name in (
        ("gp_events", "unit"), ("device_readings", "unit"), ("imaging_studies", "sop_class"),
        ("imaging_studies", "body_part"), ("imaging_studies", "instance_uid"),
    ):  # fmt: skip
        field = contracts[dataset].by_name[name]
        known = said in field.values if field.values else re.fullmatch(field.pattern, said)
        assert not known, name


def test_the_datasets_of_an_integrated_care_system_are_there():
    assert set(load_contracts(FOLDER)) >= {
        "gp_patients", "gp_events", "gp_prescriptions", "admitted_care", "admitted_episodes", "outpatients",
        "emergency_care", "mental_health", "community", "adult_social_care", "deaths", "births", "small_area",
        "fhir_patient", "fhir_encounter", "fhir_condition", "people", "opt_outs",
    }  # fmt: skip


@pytest.mark.spark
def test_a_fhir_resource_is_read_into_the_columns_of_its_contract_and_no_other(spark, tmp_path):
    (tmp_path / "one.ndjson").write_text("{}\n")
    contracts = load_contracts(FOLDER)
    for dataset in ("fhir_patient", "fhir_condition", "fhir_encounter"):
        columns = fhir.read(spark.read.text(str(tmp_path / "one.ndjson")), dataset).columns
        assert [name for name in columns if name not in SOURCE] == [field.name for field in contracts[dataset].fields]


def test_the_catalogue_tells_each_rule_in_words():
    rules = {column.name: column.rules for column in catalogue.dataset("births").columns}
    assert rules["gestation_weeks"] == ("at least 20", "at most 45")
    assert rules["registered_on"] == ("required", "not before birth_date")
    assert rules["live_or_stillbirth"] == ("required", "a code of live_or_stillbirth (4 codes)")
    assert rules["mother_nhs_number"] == ("completeness: less than 10 percent missing",)


@pytest.mark.parametrize(
    "damage",
    [
        lambda told: told.pop("schema"),
        lambda told: told.pop("version"),
        lambda told: told["schema"][0]["properties"][0].update(classification="harmless"),
        lambda told: told["schema"][0]["properties"][0].update(classification=None),
        lambda told: told["schema"][0]["properties"].append(dict(told["schema"][0]["properties"][0])),
        lambda told: told["schema"][0].pop("properties"),
        lambda told: told["customProperties"].append({"property": "controler", "value": "x"}),
        lambda told: told["schema"][0]["properties"][0].update(customProperties=[{"property": "mask", "value": "x"}]),
        lambda told: told["schema"][0]["properties"][0].update(
            customProperties=[{"property": "code_list", "value": "x"}]
        ),
        lambda told: told["schema"][0]["properties"][0].update(logicalTypeOptions={"maxLength": 3}),
        lambda told: told["schema"][0]["properties"][0].update(logicalTypeOptions={"minimum": 3}),
        *(
            lambda told, written=written: told["schema"][0]["properties"][0].update(
                customProperties=[{"property": "plausible", "value": written}]
            )
            for written in ("0..500", "500..0", "0", "0..inf", "many..more")
        ),
        lambda told: told["schema"][0]["properties"][0].update(logicalType="integer"),
        lambda told: told["schema"][0]["properties"][0].update(required=False),
        lambda told: told["schema"][0]["properties"][0].update(quality=[{"type": "text", "description": "good"}]),
        lambda told: told["schema"][0]["properties"][0].update(
            quality=[{"type": "custom", "engine": "tre", "implementation": {"notBefore": "died_on"}}]
        ),
        lambda told: told["schema"][0].update(name="births"),
    ],
)
def test_a_contract_that_is_not_whole_is_refused_in_one_sentence(tmp_path, damage):
    told = yaml.safe_load((FOLDER / "deaths.odcs.yaml").read_text())
    damage(told)
    (tmp_path / "deaths.odcs.yaml").write_text(yaml.safe_dump(told))
    with pytest.raises(ContractError) as refused:
        load_contracts(tmp_path)
    assert "deaths" in refused.value.sentence()
    assert "\n" not in refused.value.sentence()
