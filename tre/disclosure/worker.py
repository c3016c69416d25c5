"""The process that reads a stranger's file: no network, no capabilities, bounded memory and time, one file bound in.

The parent writes one JSON request (with the filter key) to standard input and reads one JSON answer from a file of
bounded size. Whatever kills the worker is an answer too: the file is unreadable.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tre.disclosure.detectors.ner import is_installed
from tre.disclosure.model import Context, DisclosureError, Hit
from tre.disclosure.policy import POLICY_FILE, Policy, load_policy
from tre.disclosure.statistics.published import Counts, Published
from tre.disclosure.together import FOLDER

_PACKAGE = Path(__file__).resolve().parents[1]
_CONFINED = "--confined"


def examine_in_worker(
    path: Path, context: Context, policy: Policy, name: str = ""
) -> tuple[str, list[Hit], list[Counts]]:
    """Return the type of a file, what was met in it and the counts it tells, read inside a bubblewrap sandbox.

    Raises
    ------
    DisclosureError
        Bubblewrap is not installed; nothing was judged.
    """
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise DisclosureError(
            "Files are inspected inside bubblewrap, which is not installed", todo="Install bubblewrap"
        )
    request = {
        "profile": context.profile,
        "name": name,
        "pack": context.pack,
        "names_model": context.names_model if is_installed(context.names_model) else "",
        "project": context.project,
        "quasi": context.quasi,
        "population": context.population,
        "overrides": dict(context.overrides),
        "key": context.filter_key.hex() if context.filter_key and context.filters else "",
    }
    size = path.stat().st_size
    with tempfile.TemporaryFile() as answer:
        command = [*sandboxed(bwrap, path.resolve(), context), sys.executable, "-m", "tre.disclosure.worker", _CONFINED]
        try:
            done = subprocess.run(
                command, input=json.dumps(request).encode(), stdout=answer, stderr=subprocess.DEVNULL,
                timeout=seconds_for(size, policy), check=False, env={}, cwd="/",
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return _unread("time", "reading it took too long")
        if done.returncode != 0:
            return _unread("worker", "reading it stopped the program that read it")
        answer.seek(0)
        return _parsed(answer.read(policy.limits["output_bytes"] + 1), policy)


def _unread(kind: str, why: str) -> tuple[str, list[Hit], list[Counts]]:
    return "unreadable", [Hit("unreadable", kind, "", why)], []


def _parsed(raw: bytes, policy: Policy) -> tuple[str, list[Hit], list[Counts]]:
    """Return the worker's answer, which is trusted no further than its form."""
    try:
        answer = json.loads(raw)
        hits = [Hit(**each) for each in answer["hits"]]
        tables = [Counts.from_json(each) for each in answer["tables"]]
        known = all(hit.rule in policy.rules for hit in hits) and isinstance(answer["type"], str)
    except (ValueError, KeyError, TypeError):
        known = False
    return (
        (answer["type"], hits, tables) if known else _unread("worker", "the program that read it gave no proper answer")
    )


def sandboxed(bwrap: str, path: Path | Sequence[Path], context: Context) -> list[str]:
    """Return the command that shows a process the interpreter, this package, the policy, the filters and one file.

    It is ``/file`` there. Of several each has its number in :data:`tre.disclosure.together.FOLDER`.
    """
    files = {"/file": path} if isinstance(path, Path) else {f"{FOLDER}/{n}": each for n, each in enumerate(path)}
    shown = {Path(sys.prefix), Path(sys.base_prefix), _PACKAGE / "disclosure"}
    shown |= {_PACKAGE / "__init__.py", _PACKAGE / "errors.py", POLICY_FILE}
    system = [Path(each) for each in ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache") if Path(each).exists()]
    binds = [part for each in [*system, *sorted(shown)] for part in ("--ro-bind", str(each), str(each))]
    if is_installed(context.names_model) and Path(context.names_model).is_dir():
        folder = str(Path(context.names_model).resolve())
        binds += ["--ro-bind", folder, folder]
    if context.filters is not None and context.filter_key:
        binds += ["--ro-bind", str(context.filters.resolve()), "/filters"]
    binds += [part for where, each in files.items() for part in ("--ro-bind", str(each.resolve()), where)]
    return [
        bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--proc", "/proc",
        "--dev", "/dev", "--size", str(load_policy().limits["scratch_bytes"]), "--tmpfs", "/tmp",  # noqa: S108 - inside the sandbox
        *binds, "--remount-ro", "/", "--clearenv",
        "--setenv", "PYTHONPATH", str(_PACKAGE.parent), "--setenv", "PYTHONDONTWRITEBYTECODE", "1",
        "--setenv", "HOME", "/tmp", "--setenv", "OMP_NUM_THREADS", "1", "--chdir", "/tmp",  # noqa: S108
    ]  # fmt: skip


def seconds_for(size: int, policy: Policy) -> int:
    """Return the seconds that reading a file of that many bytes may take."""
    return policy.limits["seconds"] + policy.limits["seconds_per_gigabyte"] * size // 10**9


def confine(policy: Policy, size: int) -> None:
    """Bound this process's memory, processor time, open files and what it may write."""
    limits, cores = policy.limits, os.cpu_count() or 1
    for kind, most in (
        (resource.RLIMIT_AS, limits["memory_bytes"]),
        (resource.RLIMIT_CPU, seconds_for(size, policy) * cores),
        (resource.RLIMIT_FSIZE, limits["scratch_bytes"]),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def main() -> None:
    """Answer one request: read ``/file`` and print what was met as JSON."""
    policy = load_policy()
    if sys.argv[1:] == [_CONFINED]:
        confine(policy, Path("/file").stat().st_size)
    sys.modules["torch"] = None  # type: ignore[assignment]  # spaCy would load it, seconds for nothing
    request: dict[str, Any] = json.loads(sys.stdin.buffer.read())
    from tre.disclosure.detectors.watch import Sight
    from tre.disclosure.engine import examine
    from tre.disclosure.source import Source

    key = bytes.fromhex(request.pop("key"))
    name = request.pop("name")
    context = Context(filters=Path("/filters") if key else None, filter_key=key or None, sandbox=False, **request)
    sight = Sight.of(policy.tightened(context.overrides), context)
    published = Published(policy.limits["published_counts"])
    kind, hits = examine(Source.at(Path("/file")), sight, name=name, published=published)
    tables = [each.to_json() for each in published.tables]
    sys.stdout.write(json.dumps({"type": kind, "hits": [asdict(hit) for hit in hits], "tables": tables}))
    sys.stdout.flush()
    os._exit(0)  # native libraries' own exit code has nothing left to do here


if __name__ == "__main__":
    main()
