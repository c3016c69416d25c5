"""Made-up files that inspection is asked about: one that may pass, and three that must not."""

from __future__ import annotations

import pickle
import tempfile
from pathlib import Path

from tre.disclosure import Context, inspect

# A table of large counts, one with a count of a few people, one of persons, and a file that runs code when it is read.
FILES = {
    "counts.csv": b"sex,patients\nfemale,5120\nmale,4875\n",
    "few.csv": b"sex,condition,patients\nfemale,rare,3\nmale,rare,4120\n",
    "persons.csv": b"nhs_number,date_of_birth\n9434765919,1971-03-12\n9434765870,1966-11-30\n",
    "model.pkl": pickle.dumps({"weights": [1.0, 2.0]}),
}


def judged(context: Context) -> dict[str, str]:
    """Return inspection's verdict of each, by name.

    Raises
    ------
    DisclosureError
        When inspection cannot run here.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name, content in FILES.items():
            Path(folder, name).write_bytes(content)
        return {name: inspect(Path(folder, name), context).verdict for name in FILES}
