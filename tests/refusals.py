"""What a hostile file meets at a door."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tre.errors import Refused


def refuses(act: Callable[[], object], proof: Path) -> str:
    """Hold an act to its promise: one sentence, without the place of a file, and nothing ran; return the sentence.

    Parameters
    ----------
    proof : Path
        A file that is there once a payload has run.
    """
    with pytest.raises(Refused) as refusal:
        act()
    told = refusal.value.sentence()
    assert "\n" not in told
    assert "Traceback" not in told
    assert str(proof.parent) not in told
    assert not proof.exists()
    return told
