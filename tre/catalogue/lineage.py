"""Where a dataset's data came from and where it went: submissions, builds, table versions, extracts.

Everything is read from what was written down when it happened: what landed, what a build made, which version an
extract's manifest names. Nothing is guessed from the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.urls import reverse
from django.utils.timezone import localtime

from tre.catalogue.models import DatasetVersion, Submission, WarehouseBuild, Withdrawal
from tre.projects.models import Extract

PEOPLE = "people"  # made of every dataset that names persons
MOST_VERSIONS = 5  # of one page: the newest
MOST_LISTED = 50  # submissions of one version: the newest
MOST_DRAWN = 6  # boxes of one column of the diagram


@dataclass(frozen=True)
class Taken:
    """One extract that holds a version of the dataset."""

    project: str
    number: int
    version: int


@dataclass(frozen=True)
class Step:
    """One version: the build that made it, the submissions that it was built from, and the extracts made of it."""

    version: DatasetVersion
    submissions: tuple[Submission, ...]
    extracts: tuple[Taken, ...]

    @property
    def listed(self) -> tuple[Submission, ...]:
        """Return the submissions that a page names: the newest."""
        return self.submissions[:MOST_LISTED]

    @property
    def more(self) -> int:
        """Return how many submissions a page does not name."""
        return len(self.submissions) - len(self.listed)


def steps(dataset: str) -> list[Step]:
    """Return the newest versions of a dataset with where each came from and went, newest first."""
    versions = list(DatasetVersion.objects.filter(dataset=dataset).select_related("build")[:MOST_VERSIONS])
    if not versions:
        return []
    landed = _submissions(dataset)
    extracts = _extracts(dataset)
    return [
        Step(
            version,
            tuple(each for each, withdrawn in landed if _held(version.build, each, withdrawn)),
            tuple(each for each in extracts if each.version == version.version),
        )
        for version in versions
    ]


def _held(build: WarehouseBuild, submission: Submission, withdrawn: int | None) -> bool:
    """Return whether a build was made of a submission: it had landed, and was not withdrawn by then."""
    return submission.number <= build.last_submission and (withdrawn is None or withdrawn > build.last_withdrawal)


def _submissions(dataset: str) -> list[tuple[Submission, int | None]]:
    """Return the submissions that hold the dataset, newest first, each with the number of its withdrawal."""
    landed = Submission.objects.order_by("-number")
    if dataset == PEOPLE:
        return [(each, None) for each in landed]
    withdrawn = dict(Withdrawal.objects.filter(dataset=dataset).values_list("submission_id", "pk"))
    holding = [each for each in landed if any(file["dataset"] == dataset for file in each.files)]
    return [(each, withdrawn.get(each.pk)) for each in holding]


def _extracts(dataset: str) -> list[Taken]:
    ready = Extract.objects.filter(ready=True, project__agreements__dataset=dataset).select_related("project")
    return [
        Taken(extract.project.code, extract.number, table["source_version"])
        for extract in ready.order_by("project__code", "number")
        for table in extract.manifest.get("tables", ())
        if table["name"] == dataset
    ]


@dataclass(frozen=True)
class Box:
    """One box of the diagram, and the address that it leads to (or none)."""

    x: int
    y: int
    text: str
    address: str


@dataclass(frozen=True)
class Diagram:
    """Boxes in four columns, and the lines between them, in the units of the SVG."""

    width: int
    height: int
    box_width: int
    box_height: int
    headings: tuple[tuple[int, str], ...]
    boxes: tuple[Box, ...]
    lines: tuple[tuple[int, int, int, int], ...]


_EDGE = 2  # room for a line around the outermost boxes
_BOX_WIDTH, _BOX_HEIGHT, _GAP, _COLUMN, _HEAD = 208, 36, 12, 248, 32


def diagram(step: Step) -> Diagram:
    """Return the diagram of one version; columns that are too long end with how many more there are."""
    version = step.version
    columns = [
        ("Submissions", [(_shortened(each.identity), _page_of(each)) for each in step.submissions]),
        ("Build", [(f"{localtime(version.build.at):%d %b %Y %H:%M}", "")]),
        ("Table version", [(f"{_shortened(version.dataset)} {version.version}", "")]),
        (
            "Extracts",
            [(f"{each.project} {each.number}", reverse("project", args=[each.project])) for each in step.extracts],
        ),
    ]
    kept = [_kept(boxes) for _, boxes in columns]
    tallest = max(len(boxes) for boxes in kept)
    height = _HEAD + tallest * (_BOX_HEIGHT + _GAP)
    placed = [_placed(number, boxes, height) for number, boxes in enumerate(kept)]
    lines = [
        (left.x + _BOX_WIDTH, left.y + _BOX_HEIGHT // 2, right.x, right.y + _BOX_HEIGHT // 2)
        for before, after in pairwise(placed)
        for left in before
        for right in after
    ]
    return Diagram(
        width=_COLUMN * 3 + _BOX_WIDTH + 2 * _EDGE,
        height=height,
        box_width=_BOX_WIDTH,
        box_height=_BOX_HEIGHT,
        headings=tuple((_EDGE + number * _COLUMN, name) for number, (name, _) in enumerate(columns)),
        boxes=tuple(box for column in placed for box in column),
        lines=tuple(lines),
    )


def _kept(boxes: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    if not boxes:
        return [("none", "")]
    if len(boxes) <= MOST_DRAWN:
        return list(boxes)
    return [*boxes[: MOST_DRAWN - 1], (f"and {len(boxes) - MOST_DRAWN + 1} more", "")]


def _placed(number: int, boxes: Sequence[tuple[str, str]], height: int) -> list[Box]:
    """Return a column's boxes, in the middle of the height."""
    free = height - _HEAD - len(boxes) * (_BOX_HEIGHT + _GAP)
    first = _HEAD + free // 2
    return [
        Box(_EDGE + number * _COLUMN, first + place * (_BOX_HEIGHT + _GAP), text, address)
        for place, (text, address) in enumerate(boxes)
    ]


def _page_of(submission: Submission) -> str:
    return reverse("catalogue_submission", args=[submission.identity])


def _shortened(text: str, most: int = 22) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
