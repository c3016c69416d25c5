"""The settings of linkage: one readable file, ``policies/linkage.yaml``, as checked values."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tre.errors import SettingsError

DEFAULT = Path(__file__).resolve().parents[2] / "policies" / "linkage.yaml"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Deterministic(_Part):
    """When a verified number alone joins two records; similarities are Jaro-Winkler, 0 to 1."""

    forename_similarity: float = Field(ge=0, le=1)


class Names(_Part):
    """How forename and surname are compared together; similarities are Jaro-Winkler, 0 to 1, descending."""

    similarity: tuple[float, ...]
    term_frequency: bool


class Edits(_Part):
    """A comparison by Damerau-Levenshtein distance, in edits, ascending."""

    edits: tuple[int, ...] = ()
    term_frequency: bool = False


class Comparisons(_Part):
    """How the values of two records are compared."""

    names: Names
    number: Edits
    birth_date: Edits
    postcode: Edits
    sex: Edits


class Training(_Part):
    """How the weights are learnt; pairs are counts, the recall a share."""

    recall_of_certain_rules: float = Field(gt=0, le=1)
    random_pairs: int = Field(gt=0)
    parts_of_pairs: int = Field(gt=0)
    fit_on: tuple[tuple[str, ...], ...] = Field(min_length=1)
    most_pairs: int = Field(gt=0)
    seed: int


class Thresholds(_Part):
    """Probabilities of a match from which a person is asked, and from which two records are joined."""

    link: float = Field(gt=0, lt=1)
    review: float = Field(gt=0, lt=1)

    @model_validator(mode="after")
    def _in_order(self) -> Thresholds:
        if self.review > self.link:
            raise ValueError("the threshold of review must not lie above that of linking")
        return self


class Guards(_Part):
    """What no probability may override."""

    forename_similarity: float = Field(ge=0, le=1)
    birth_date_edits: int = Field(ge=0)
    most_records: int = Field(gt=1)
    tiers: tuple[float, ...] = Field(min_length=1)


class Review(_Part):
    """The size of the clerical-review queue, in pairs."""

    most_pairs: int = Field(ge=0)


class Backend(_Part):
    """Where linkage runs: DuckDB up to a number of records, Spark above."""

    spark_above_records: int = Field(ge=0)
    memory_gib: float = Field(gt=0)


class LinkageSettings(_Part):
    """Everything that linkage depends on."""

    deterministic: Deterministic
    blocking: tuple[tuple[str, ...], ...] = Field(min_length=1)
    comparisons: Comparisons
    training: Training
    thresholds: Thresholds
    guards: Guards
    review: Review
    backend: Backend


def load_settings(path: Path = DEFAULT) -> LinkageSettings:
    """Return the settings of a file.

    Raises
    ------
    SettingsError
        Naming the first that is missing, unknown or wrong.
    """
    try:
        return LinkageSettings.model_validate(yaml.safe_load(path.read_text()))
    except (ValidationError, yaml.YAMLError) as error:
        if isinstance(error, ValidationError):
            first = error.errors(include_input=False)[0]
            what, where = first["msg"], ".".join(str(part) for part in first["loc"])
        else:
            what, where = "it is no YAML", ""
        raise SettingsError(f"A setting of linkage is wrong: {what}", where=f"{path.name} {where}".strip()) from None
