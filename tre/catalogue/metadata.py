"""What the catalogue says of every dataset beyond its contract (``policies/catalogue.yaml``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tre.catalogue.contracts import Dataset
from tre.config.options import REPOSITORY
from tre.config.policy_files import reading

FILE = REPOSITORY / "policies" / "catalogue.yaml"
_TEXTS = (
    "publisher",
    "publisher_uri",
    "contact",
    "access_rights",
    "access_process",
    "provenance",
    "jurisdiction",
    "issued",
)


@dataclass(frozen=True)
class Metadata:
    """The publisher, where the people live, and how the data may be used."""

    publisher: str
    publisher_uri: str
    contact: str
    spatial: str
    spatial_uri: str
    access_rights: str
    access_process: str
    provenance: str
    jurisdiction: str
    issued: str
    theme: str
    theme_uri: str
    keywords: dict[str, tuple[str, ...]]
    origins: dict[str, dict[str, tuple[str, ...]]]

    def keywords_of(self, dataset: Dataset) -> tuple[str, ...]:
        """Return the words by which a dataset is found: those given, and the standards that its fields follow."""
        standards = {column.standard for column in dataset.columns if column.standard}
        return (*self.keywords.get(dataset.name, ()), *sorted(standards))

    def origin_of(self, dataset: Dataset) -> dict[str, list[str]]:
        """Return what the dataset was collected for, what of and where, in the national schema's words."""
        told = self.origins["default"] | self.origins.get(dataset.name, {})
        return {name: list(words) for name, words in told.items()}


@lru_cache(maxsize=1)
def load_metadata(path: Path = FILE) -> Metadata:
    """Return what the file says.

    Raises
    ------
    SettingsError
        When it is not whole.
    """
    with reading(path, "The catalogue's metadata") as told:
        return Metadata(
            spatial=str(told["spatial"]["name"]),
            spatial_uri=str(told["spatial"]["uri"]),
            theme=str(told["theme"]["name"]),
            theme_uri=str(told["theme"]["uri"]),
            keywords=_words(told["keywords"]),
            origins={name: _words(each) for name, each in told["origins"].items()},
            **{name: str(told[name]) for name in _TEXTS},
        )


def _words(told: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(map(str, words)) for name, words in told.items()}


def title(dataset: Dataset) -> str:
    """Return the dataset's title: its description up to the first stop or colon, else its name in words."""
    words = dataset.description.split(":")[0].split(".")[0].strip()
    return words or dataset.name.replace("_", " ").capitalize()
