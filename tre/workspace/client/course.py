"""The course: notebooks to learn by, put where they can be opened and changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_NOTEBOOKS = Path(__file__).resolve().parents[3] / "notebooks"


def course(folder: str | Path = "course") -> pd.DataFrame:
    """Put the course into a folder and return its notebooks; one that is there already stays as you left it.

    Parameters
    ----------
    folder : str or Path
        Where; made when it is missing.
    """
    import pandas as pd

    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    lessons = [path for path in sorted(_NOTEBOOKS.glob("*.ipynb")) if not path.name.startswith("00_")]
    for lesson in lessons:
        if not (place / lesson.name).exists():
            (place / lesson.name).write_bytes(lesson.read_bytes())
    return pd.DataFrame([str(place / lesson.name) for lesson in lessons], columns=["notebook"])
