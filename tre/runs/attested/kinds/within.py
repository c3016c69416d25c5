"""What a notebook's sandbox runs: the notebook, from its first cell to its last. Its source is run inside.

It stands where the researcher's code runs, so nothing that it says is believed but that a file is there. Standard
library and nbclient alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ASKED, RAN, FAILED, OUTPUTS = "asked.json", "notebook.ipynb", "failed.json", "outputs"


def with_parameters(notebook: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the notebook with a cell that sets parameters, after the one tagged ``parameters`` or before all.

    As papermill does, so that a notebook written for it runs the same.
    """
    if not parameters:
        return notebook
    source = "".join(f"{name} = {value!r}\n" for name, value in parameters.items())
    cell: dict[str, Any] = {
        "cell_type": "code", "id": "injected-parameters", "metadata": {"tags": ["injected-parameters"]},
        "execution_count": None, "outputs": [], "source": source,
    }  # fmt: skip
    cells = list(notebook.get("cells", []))
    tagged = [at for at, each in enumerate(cells) if "parameters" in each.get("metadata", {}).get("tags", [])]
    at = tagged[0] + 1 if tagged else 0
    return {**notebook, "cells": [*cells[:at], cell, *cells[at:]]}


def main() -> None:
    """Run what is asked for in the home folder, and write the notebook as it was run, or which cell failed."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    home = Path.home()
    asked = json.loads((home / ASKED).read_text())
    (home / OUTPUTS).mkdir(exist_ok=True)
    held = nbformat.reads(json.dumps(with_parameters(asked["notebook"], asked["parameters"])), as_version=4)
    client = NotebookClient(held, timeout=None, kernel_name="python3", resources={"metadata": {"path": str(home)}})
    try:
        client.execute()
    except CellExecutionError:
        ran = [at for at, cell in enumerate(held.cells, 1) if cell.get("execution_count")]
        (home / FAILED).write_text(json.dumps(max(ran, default=1)))
    else:
        nbformat.write(held, home / RAN)
