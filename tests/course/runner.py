"""Executes one notebook inside a sandbox and prints how it went as one line of JSON. Run as a file, on its own."""

from __future__ import annotations

import json
import sys

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

MARK = "ran: "


def main(path: str) -> None:
    """Execute a notebook in its place, with its outputs written into it."""
    book = nbformat.read(path, as_version=4)
    kernel = book.metadata.get("kernelspec", {}).get("name", "python3")
    error = ""
    try:
        NotebookClient(book, timeout=150, kernel_name=kernel, allow_errors=False).execute()
    except (CellExecutionError, DeadKernelError) as failed:
        error = str(failed)
    nbformat.write(book, path)
    print(MARK + json.dumps({"error": error}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
