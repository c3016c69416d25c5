"""What the guides and runbooks show to be copied is taken as it stands by what it is for."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

from ml import asked
from ml.spec import TrainingSpec
from spark_jobs import manifest
from tre.config.options import REPOSITORY, Options


def _shown(page: str, opening: str, closing: str = "```") -> str:
    """Return what stands between two marks of a document, for the first time."""
    text = (REPOSITORY / "docs" / page).read_text()
    found = re.search(f"{re.escape(opening)}(.*?){re.escape(closing)}", text, re.DOTALL)
    assert found is not None, page
    return found[1]


def test_the_manifest_that_the_engineer_is_shown_is_read(tmp_path: Path) -> None:
    (tmp_path / manifest.NAME).write_text(_shown("guides/engineer.md", "```json"))
    read = manifest.read(tmp_path)
    assert [file.dataset for file in read.files] == ["births"]


def test_the_engineer_is_told_every_way_in_which_a_file_may_be_written() -> None:
    told = _shown("guides/engineer.md", "| key | may be |", "\n\n")
    words = {",": "a comma", "\t": "a tab", "|": "a bar", "": "nothing"}
    for key, allowed in manifest._ALLOWED.items():
        row = next(line for line in told.splitlines() if line.startswith(f"| `{key}` |"))
        assert all(words.get(each, f"`{each}`") in row for each in allowed), key


def test_the_settings_of_the_install_are_those_of_production(tmp_path: Path) -> None:
    told = tomllib.loads("\n".join(line.strip() for line in _shown("runbooks/install.md", "```toml").splitlines()))
    assert not Options(home=tmp_path, **told).demonstration


def test_the_question_that_the_deployer_is_shown_fits_the_model_of_the_first_study() -> None:
    question = _shown("guides/deployer.md", "-d '", "'\n")
    assert len(asked.read(question.encode(), _first_study()).frame) == 1


def _first_study() -> TrainingSpec:
    """Return the training of the course's first study, as its notebook writes it."""
    cells = json.loads((REPOSITORY / "notebooks" / "01_first_study.ipynb").read_text())["cells"]
    source = next("".join(cell["source"]) for cell in cells if "TrainingSpec(" in "".join(cell["source"]))
    found = re.search(r"from ml\.spec.*?^\)$", source, re.DOTALL | re.MULTILINE)
    assert found is not None
    made: dict[str, TrainingSpec] = {}
    exec(found[0], made)  # the course is our own code
    return made["spec"]


def test_the_runbook_tells_of_each_thing_that_can_be_wrong_with_the_log() -> None:
    rooms = (REPOSITORY / "tre" / "audit", REPOSITORY / "tre" / "privacy")
    code = "\n".join(path.read_text() for room in rooms for path in sorted(room.glob("*.py")))
    errors = "AuditBroken|CheckpointsUnwritable|LedgerBroken"
    said = set(re.findall(rf'(?:{errors})\(\s*f?"([^":{{]+)', code))
    assert len(said) > 10
    told = (REPOSITORY / "docs" / "runbooks" / "checkpoint.md").read_text()
    assert not [each for each in sorted(said) if f"*{each}*" not in told]
