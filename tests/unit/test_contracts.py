"""The data contracts: valid against the standard, and strict about what may never be published."""

from __future__ import annotations

import pytest
import yaml
from open_data_contract_standard.model import OpenDataContractStandard

from spark_jobs.contracts import NEVER_PUBLISHED, load_contracts
from spark_jobs.errors import JobRefused
from tests.conftest import REPOSITORY
from tre.catalogue import contracts as catalogue

FOLDER = REPOSITORY / "policies" / "contracts"
FILES = sorted(FOLDER.glob("*.odcs.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_is_valid_against_the_standard_s_own_model(path):
    told = OpenDataContractStandard.from_file(str(path))
    assert told.apiVersion.startswith("v3.")
    assert told.version.count(".") == 2


def test_every_name_of_a_person_is_a_direct_identifier():
    for contract in load_contracts(FOLDER).values():
        for field in contract.fields:
            if field.name in {"nhs_number", "forename", "surname", "birth_date", "postcode", "local_id", "notes"}:
                assert field.classification in NEVER_PUBLISHED, (contract.dataset, field.name)


def test_the_catalogue_and_the_data_plane_read_the_same():
    planes = load_contracts(FOLDER)
    shown = catalogue.datasets()
    assert set(planes) == set(shown)
    for name, contract in planes.items():
        assert {field.name for field in contract.published()} >= {
            column.name for column in shown[name].columns if column.shared
        }


@pytest.mark.parametrize(
    "damage",
    [
        lambda told: told.pop("schema"),
        lambda told: told.pop("version"),
        lambda told: told["schema"][0]["properties"][0].update(classification="harmless"),
        lambda told: told["schema"][0]["properties"][0].update(classification=None),
        lambda told: told["schema"][0]["properties"].append(dict(told["schema"][0]["properties"][0])),
        lambda told: told["schema"][0].pop("properties"),
    ],
)
def test_a_contract_that_is_not_whole_is_refused_in_one_sentence(tmp_path, damage):
    told = yaml.safe_load((FOLDER / "deaths.odcs.yaml").read_text())
    damage(told)
    (tmp_path / "deaths.odcs.yaml").write_text(yaml.safe_dump(told))
    with pytest.raises(Exception) as refused:  # noqa: PT011 - the type is what is asked about
        load_contracts(tmp_path)
    assert type(refused.value).__module__.startswith(("spark_jobs", "tre")), type(refused.value)
    assert "deaths" in str(refused.value.sentence())
    assert not isinstance(refused.value, JobRefused) or "\n" not in str(refused.value)
