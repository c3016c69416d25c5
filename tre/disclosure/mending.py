"""Has a file mended where it is read: in a bubblewrap worker, one mend at a time; the file itself is never touched."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tre.disclosure.fixes import apply
from tre.disclosure.model import Context, DisclosureError
from tre.disclosure.policy import Policy, load_policy
from tre.disclosure.worker import confine, sandboxed, seconds_for

_REFUSED = 3  # exit status of a worker that says why


def mended(path: Path, fix: str, context: Context) -> bytes:
    """Return the bytes of a file with one mend of :mod:`tre.disclosure.fixes` made.

    Raises
    ------
    DisclosureError
        The mend cannot be made on this file, takes too long, or makes more than the policy lets a worker write.
    """
    policy = load_policy().tightened(context.overrides)
    if not context.sandbox:
        return apply(fix, path.read_bytes(), policy, context.profile)
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise DisclosureError("Files are mended inside bubblewrap, which is not installed", todo="Install bubblewrap")
    return _mended_in_worker(bwrap, path, fix, context, policy)


def _mended_in_worker(bwrap: str, path: Path, fix: str, context: Context, policy: Policy) -> bytes:
    request = json.dumps({"fix": fix, "profile": context.profile, "overrides": dict(context.overrides)})
    command = [*sandboxed(bwrap, path.resolve(), Context()), sys.executable, "-m", "tre.disclosure.mending"]
    with tempfile.TemporaryFile() as answer:
        try:
            done = subprocess.run(
                command, input=request.encode(), stdout=answer, stderr=subprocess.DEVNULL,
                timeout=seconds_for(path.stat().st_size, policy), check=False, env={}, cwd="/",
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise DisclosureError("Mending the file took too long", where=fix) from None
        answer.seek(0)
        made = answer.read(policy.limits["output_bytes"] + 1)
    if done.returncode == _REFUSED:
        raise DisclosureError("The file cannot be mended as it is", where=fix, todo="Make it again")
    if done.returncode != 0 or not made or len(made) >= policy.limits["output_bytes"]:
        raise DisclosureError("Mending the file stopped the program that read it", where=fix)
    return made


def main() -> None:
    """Answer one request: mend ``/file`` and write the new bytes to standard output."""
    policy = load_policy()
    confine(policy, Path("/file").stat().st_size)
    request: dict[str, Any] = json.loads(sys.stdin.buffer.read())
    policy = policy.tightened(request["overrides"])
    try:
        made = apply(request["fix"], Path("/file").read_bytes(), policy, request["profile"])
    except DisclosureError:
        os._exit(_REFUSED)
    sys.stdout.buffer.write(made)
    sys.stdout.flush()
    os._exit(0)  # native libraries' own exit code has nothing left to do here


if __name__ == "__main__":
    main()
