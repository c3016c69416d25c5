"""Reads the few paths of FHIR R4 resources that the contracts name, from Bulk Data NDJSON.

See https://hl7.org/fhir/R4/ and the Bulk Data Access guide. A line that lacks a path gives an empty field, and
validation decides whether that matters.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

# Literal references alone: relative or absolute, with a version or without one (FHIR R4, 2.3.0.1 "Literal References").
_PATIENT = r"^(?:https?://[^\s?#]+/)?Patient/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?\z"
_NHS_SYSTEM = "https://fhir.nhs.uk/Id/nhs-number"
_SNOMED_CT = "http://snomed.info/sct"
_SEX = {"male": "1", "female": "2"}


def read(lines: DataFrame, dataset: str) -> DataFrame:
    """Return a dataset's columns as text.

    Parameters
    ----------
    lines : DataFrame
        One resource as JSON in each row's ``value``; its other columns are kept.

    Raises
    ------
    KeyError
        When the dataset is no FHIR resource that is known here.
    """
    kept = [name for name in lines.columns if name != "value"]
    return lines.select(*kept, *(column.alias(name) for name, column in _PATHS[dataset]().items()))


def _at(path: str) -> Column:
    return F.get_json_object("value", path)


def _patient_of(path: str) -> Column:
    """Return the patient's id, or nothing where the reference is to anything but a patient."""
    return F.regexp_extract(_at(path), _PATIENT, 1)


def _snomed_ct_of(path: str) -> Column:
    """Return the code of SNOMED CT among those of a concept, else the first one, which validation then judges."""
    codings = F.from_json(_at(path), "array<struct<system:string,code:string>>")
    ours = F.filter(codings, lambda each: each.system == _SNOMED_CT)
    return F.coalesce(F.get(ours, F.lit(0)).code, F.get(codings, F.lit(0)).code)


def _patient() -> dict[str, Column]:
    held = F.from_json(_at("$.identifier"), "array<struct<system:string,value:string>>")
    sex = F.create_map(*(F.lit(part) for pair in _SEX.items() for part in pair))[_at("$.gender")]
    return {
        "local_id": _at("$.id"),
        "nhs_number": F.get(F.filter(held, lambda each: each.system == _NHS_SYSTEM), F.lit(0)).value,
        "forename": _at("$.name[0].given[0]"),
        "surname": _at("$.name[0].family"),
        "sex": F.coalesce(sex, F.lit("9")),
        "birth_date": _at("$.birthDate"),
        "postcode": _at("$.address[0].postalCode"),
    }


def _condition() -> dict[str, Column]:
    return {
        "condition_id": _at("$.id"),
        "local_id": _patient_of("$.subject.reference"),
        "onset": F.substring(_at("$.onsetDateTime"), 1, 10),
        "code": _snomed_ct_of("$.code.coding"),
    }


def _encounter() -> dict[str, Column]:
    return {
        "encounter_id": _at("$.id"),
        "local_id": _patient_of("$.subject.reference"),
        "started": F.substring(_at("$.period.start"), 1, 10),
        "class": _at("$.class.code"),
    }


_PATHS = {"fhir_patient": _patient, "fhir_condition": _condition, "fhir_encounter": _encounter}
