"""Runs one job of the learning plane: ``python -m ml JOB``. The protocol is that of :mod:`spark_jobs.__main__`."""

from __future__ import annotations

import importlib
import json
import os
import sys

from tre.errors import TreError

JOBS = ("attack", "databases", "price", "promote", "settle", "train")


def _say(text: str) -> None:
    print(f"progress: {text}", file=sys.stderr, flush=True)


def main() -> int:
    """Run the job that is named on the command line and return its exit status."""
    os.umask(0o077)  # what a job writes is read by nobody else
    if len(sys.argv) != 2 or sys.argv[1] not in JOBS:
        print(json.dumps({"error": f"Name one job of: {', '.join(JOBS)}."}))
        return 2
    request = json.load(sys.stdin)
    keys = {purpose: bytes.fromhex(key) for purpose, key in request.get("keys", {}).items()}
    try:
        result = importlib.import_module(f"ml.{sys.argv[1]}").run(request["spec"], keys, _say)
    except TreError as error:
        print(json.dumps({"error": error.sentence()}))
        return 3
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
