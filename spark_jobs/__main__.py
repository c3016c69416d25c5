"""Runs one job: ``python -m spark_jobs JOB``.

Standard input holds ``{"spec": {...}, "keys": {"purpose": "hexadecimal"}}``. Progress goes to standard error, one line
each, after ``progress: ``. The last line of standard output is the result as JSON; a refusal ends with status 3 and
``{"error": "one sentence"}``. Any other error ends with status 1 and is told by its class and the lines of code that it
came through: its message may hold a person's value.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from collections.abc import Iterator

from pyspark.errors import PySparkException

from tre.errors import TreError

JOBS = (
    "synthesise",
    "land",
    "recover",
    "build",
    "clerical",
    "provision",
    "erase",
    "stream",
    "rehearse",
    "aggregate",
    "select",
    "private",
)


def _say(text: str) -> None:
    print(f"progress: {text}", file=sys.stderr, flush=True)


def _told(error: BaseException | None) -> Iterator[str]:
    """Yield an error and what caused it, without a word of their messages."""
    while error is not None:
        condition = error.getCondition() if isinstance(error, PySparkException) else None
        yield f"{type(error).__name__}{f' [{condition}]' if condition else ''}"
        for frame in traceback.extract_tb(error.__traceback__):
            yield f"  {frame.filename}:{frame.lineno} in {frame.name}"
        error = error.__cause__ or error.__context__


def main() -> int:
    """Run the job that is named on the command line and return its exit status."""
    os.umask(0o077)  # what a job writes is read by nobody else
    if len(sys.argv) != 2 or sys.argv[1] not in JOBS:
        print(json.dumps({"error": f"Name one job of: {', '.join(JOBS)}."}))
        return 2
    request = json.load(sys.stdin)
    keys = {purpose: bytes.fromhex(key) for purpose, key in request.get("keys", {}).items()}
    try:
        result = importlib.import_module(f"spark_jobs.{sys.argv[1]}").run(request["spec"], keys, _say)
    except TreError as error:
        print(json.dumps({"error": error.sentence()}))
        return 3
    except Exception as error:  # the entry point: told without its message, then a failure like any other
        print("\n".join(_told(error)), file=sys.stderr, flush=True)
        return 1
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
