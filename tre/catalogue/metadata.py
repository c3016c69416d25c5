"""What the catalogue says of every dataset beyond its contract (``policies/catalogue.yaml``)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from tre.catalogue.contracts import Dataset
from tre.config.options import REPOSITORY
from tre.errors import SettingsError

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

    def keywords_of(self, dataset: Dataset) -> tuple[str, ...]:
        """Return the words by which a dataset is found: those given, and the standards that its fields follow."""
        standards = {column.standard for column in dataset.columns if column.standard}
        return (*self.keywords.get(dataset.name, ()), *sorted(standards))


@lru_cache(maxsize=1)
def load_metadata(path: Path = FILE) -> Metadata:
    """Return what the file says.

    Raises
    ------
    SettingsError
        When it is not whole.
    """
    try:
        told: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Metadata(
            spatial=str(told["spatial"]["name"]),
            spatial_uri=str(told["spatial"]["uri"]),
            theme=str(told["theme"]["name"]),
            theme_uri=str(told["theme"]["uri"]),
            keywords={name: tuple(str(word) for word in words) for name, words in told["keywords"].items()},
            **{name: str(told[name]) for name in _TEXTS},
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError):
        raise SettingsError("The catalogue's metadata is not whole", where=path.name, todo="Restore the file") from None


def title(dataset: Dataset) -> str:
    """Return the dataset's title: its description up to the first stop or colon, else its name in words."""
    words = dataset.description.split(":")[0].split(".")[0].strip()
    return words or dataset.name.replace("_", " ").capitalize()
