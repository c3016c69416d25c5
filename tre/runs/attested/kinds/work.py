"""What the kinds of runs share: where they work, whom they tell, and what they hand over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tre.errors import Refused
from tre.hashing import sha256_of
from tre.projects.lifecycle import folder_of
from tre.runs.attested.models import Run
from tre.runs.confined import Shown


@dataclass(frozen=True)
class Work:
    """One run on its way.

    Parameters
    ----------
    run : Run
        With its project, author and extract.
    folder : Path
        Its own, mode 0700; what is in it from an attempt that was cut off may be used or thrown away.
    tell : callable
        Receives one line for each step.
    unwanted : callable
        Tells whether the run was cancelled, or has had its time.
    """

    run: Run
    folder: Path
    tell: Callable[[str], None]
    unwanted: Callable[[], bool]

    def extract(self, job: str) -> dict[str, Any]:
        """Return how a job of the data plane is told of the extract; see :func:`spark_jobs.extracts.opened`."""
        manifest = self.run.extract.manifest
        folder = folder_of(self.run.extract)
        return {"extract": str(folder), "manifest": manifest, "scratch": str(self.folder / f"{job}.scratch")}

    def shown(self, *more: Path) -> Shown:
        """Return what a job of the run sees: its extract, its own folder, and what else is named."""
        return Shown((folder_of(self.run.extract), *more), (self.folder,))

    def check_extract(self) -> None:
        """Hold the extract's files to the manifest on record, for what reads them by itself.

        Raises
        ------
        Refused
            When one is missing or was altered.
        """
        for table in self.run.extract.manifest["tables"]:
            for file in table["files"]:
                path = folder_of(self.run.extract) / table["name"] / file["name"]
                if not path.is_file() or sha256_of(path) != file["sha256"]:
                    raise Refused(
                        "A file of the extract is missing or was altered", where=table["name"], todo="Make a new one"
                    )

    def data_version(self) -> str:
        """Return how a model's card calls the data."""
        return f"{self.run.project.code}, extract {self.run.extract.number}"


@dataclass(frozen=True)
class Output:
    """A file that a run made: its name, where it lies, and where the members of the cells that it shows lie."""

    name: str
    path: Path
    members: Path | None = None


@dataclass(frozen=True)
class Made:
    """What a run hands over.

    Parameters
    ----------
    outputs : sequence of Output
    told : mapping
        What its statement tells besides: figures that any reader of the outputs may know.
    """

    outputs: Sequence[Output]
    told: Mapping[str, Any] = field(default_factory=dict)
