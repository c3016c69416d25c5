"""What a data contract says, as values: the dataset, its fields, and the rules that its rows keep."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from tre.errors import TreError

CLASSIFICATIONS = {
    "direct": "Direct identifier: never leaves landing",
    "quasi": "Quasi-identifier",
    "sensitive": "Sensitive",
    "free_text": "Free text: never leaves landing",
    "safe": "Safe",
}
NEVER_PUBLISHED = frozenset({"direct", "free_text"})
# Spark's name of each type, and the standard's logical type.
TYPES = {"string": "string", "date": "date", "int": "integer", "double": "number", "timestamp": "timestamp"}
ROLES = ("nhs_number", "forename", "surname", "sex", "birth_date", "postcode")  # by which a person is linked
NHS_NUMBER_ROLES = frozenset({"nhs_number", "mother_nhs_number"})


class ContractError(TreError):
    """A data contract is missing or wrong."""


@dataclass(frozen=True)
class Quality:
    """A threshold that a whole submission is measured by; no row is refused for it.

    Parameters
    ----------
    dimension : str
        One of the standard's: completeness, conformity, uniqueness, timeliness, consistency, accuracy or coverage.
    metric : str
        One of the standard's own: nullValues, missingValues, invalidValues, duplicateValues or rowCount.
    unit : str
        ``percent`` of the rows, or ``rows``.
    below : float
        The measure must be less than this, in that unit.
    """

    dimension: str
    metric: str
    unit: str
    below: float

    def sentence(self) -> str:
        """Return the rule in words."""
        of = {"nullValues": "missing", "missingValues": "missing", "invalidValues": "invalid",
              "duplicateValues": "repeated"}.get(self.metric, self.metric)  # fmt: skip
        return f"{self.dimension}: less than {self.below:g} {self.unit} {of}"


@dataclass(frozen=True)
class Field:
    """One column of a dataset.

    Parameters
    ----------
    type : str
        Spark's name of the type, one of :data:`TYPES`.
    classification : str
        One of :data:`CLASSIFICATIONS`.
    identifier : str
        The column's role: one of :data:`ROLES` or :data:`NHS_NUMBER_ROLES`, or empty.
    values : tuple of str
        The allowed codes; empty allows all.
    pattern : str
        A regular expression that a value matches whole, in the syntax that Java and Python share; empty allows all.
    check : str
        The name of a check digit's rule (``snomed_ct``), or empty.
    code_list : str
        The list in ``policies/codelists`` that gives values, pattern or check, or empty.
    standard, definition : str
        The standard that the code list is of, and where it is defined.
    person_attribute : str
        The column of the people table that this one tells of the person, or empty.
    minimum, maximum : float or None
        The bounds of a number, both allowed.
    plausible : tuple of float, or None
        Between which two a number is expected to lie, told to the public: what statistics cut it to. No row is refused
        for it.
    not_before : str
        The date column that this one may not lie before, or empty.
    deidentified : str
        Of a free text: the column that is published in its place; empty publishes nothing of it.
    """

    name: str
    type: str
    description: str
    required: bool
    primary_key: bool
    classification: str
    identifier: str = ""
    values: tuple[str, ...] = ()
    pattern: str = ""
    check: str = ""
    code_list: str = ""
    standard: str = ""
    definition: str = ""
    person_attribute: str = ""
    minimum: float | None = None
    maximum: float | None = None
    plausible: tuple[float, float] | None = None
    not_before: str = ""
    quality: tuple[Quality, ...] = ()
    deidentified: str = ""

    @property
    def published(self) -> bool:
        """Return whether the warehouse holds the column."""
        return self.classification not in NEVER_PUBLISHED

    @property
    def public_range(self) -> tuple[float, float] | None:
        """Return between which two a number lies as far as anybody may know, or None where nothing is said."""
        if self.plausible is not None or self.minimum is None or self.maximum is None:
            return self.plausible
        return self.minimum, self.maximum

    def without_names(self) -> Field:
        """Return the column that is published in a free text's place."""
        return Field(
            name=self.deidentified,
            type="string",
            description=f"{self.description}, with what names a person taken out",
            required=False,
            primary_key=False,
            classification="sensitive",
        )

    def rules(self) -> Iterator[str]:
        """Yield in words what a value must be, for people to read."""
        if self.required:
            yield "required"
        if self.values and not self.code_list:
            yield f"one of: {', '.join(self.values)}"
        if self.values and self.code_list:
            yield f"a code of {self.code_list} ({len(self.values)} codes)"
        if self.pattern:
            yield f"of the form {self.pattern}"
        if self.check:
            yield "with a right check digit"
        if self.minimum is not None:
            yield f"at least {self.minimum:g}"
        if self.maximum is not None:
            yield f"at most {self.maximum:g}"
        if self.plausible is not None:
            yield "expected from {:g} to {:g}".format(*self.plausible)
        if self.not_before:
            yield f"not before {self.not_before}"
        yield from (each.sentence() for each in self.quality)


@dataclass(frozen=True)
class Contract:
    """One version of one dataset's contract.

    Parameters
    ----------
    local_key : str
        The column with the provider's own number for the person, or empty.
    date_column : str
        The column by which a study's days are chosen, or empty.
    earlier : tuple of Contract
        The versions that were accepted before this one, oldest first; a landed file may follow one of them.
    """

    dataset: str
    version: str
    description: str
    controller: str
    lawful_basis: str
    cadence: str
    person_level: bool
    local_key: str
    date_column: str
    fields: tuple[Field, ...]
    earlier: tuple[Contract, ...] = field(default=(), compare=False, repr=False)

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """Return the fields by name, those that the platform makes of others too."""
        return {each.name: each for each in (*self.fields, *self.made)}

    @cached_property
    def made(self) -> tuple[Field, ...]:
        """Return the columns that no provider sends: free texts with what names a person taken out."""
        return tuple(each.without_names() for each in self.fields if each.deidentified)

    @cached_property
    def identifiers(self) -> dict[str, str]:
        """Return the column of each role in linkage that this dataset has."""
        return {each.identifier: each.name for each in self.fields if each.identifier}

    @cached_property
    def person_attributes(self) -> dict[str, Field]:
        """Return the field that tells each column of the people table, of those that this dataset tells."""
        return {each.person_attribute: each for each in self.fields if each.person_attribute}

    @cached_property
    def primary_key(self) -> tuple[str, ...]:
        """Return the columns that together name a row."""
        return tuple(each.name for each in self.fields if each.primary_key)

    def published(self) -> tuple[Field, ...]:
        """Return the columns that the warehouse holds, apart from the pseudonym."""
        return tuple(each for each in (*self.fields, *self.made) if each.published)

    def under(self, version: str) -> Contract:
        """Return the contract as a file of this version follows it: this one or an earlier one.

        Raises
        ------
        ContractError
            When no such version was ever accepted.
        """
        for each in (*self.earlier, self):
            if each.version == version:
                return each
        raise ContractError(
            f"There is no such version of the contract of '{self.dataset}'",
            where=self.dataset,
            todo=f"Follow version {self.version}",
        )


def numbers(version: str) -> tuple[int, int, int]:
    """Return a version's three numbers, by which versions are ordered."""
    major, minor, patch = (int(part) for part in version.split("."))
    return major, minor, patch
