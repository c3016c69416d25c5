"""Policy files: YAML that a deployment may change, so that what is wrong in one is told in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tre.errors import SettingsError

RESTORE = "Restore it from the repository"


@contextmanager
def reading(path: Path, what: str, todo: str = RESTORE) -> Iterator[Any]:
    """Give what a policy file holds to the block that makes values of it.

    Parameters
    ----------
    what : str
        What the file is called in a sentence, with its article.

    Raises
    ------
    SettingsError
        When it cannot be read, or the block finds something missing or wrong in it (by KeyError, TypeError, ValueError
        or the like).
    """
    try:
        yield yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, LookupError, TypeError, ValueError, AttributeError):
        raise SettingsError(f"{what} cannot be read", where=str(path), todo=todo) from None
