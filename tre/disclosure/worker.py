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
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tre.disclosure import together
from tre.disclosure.detectors.ner import is_installed
from tre.disclosure.model import Context, DisclosureError, Hit
from tre.disclosure.policy import POLICY_FILE, Policy, load_policy
from tre.disclosure.statistics.published import Counts
from tre.disclosure.together import FOLDER

if TYPE_CHECKING:
    from tre.disclosure.examining import Examiner

_PACKAGE = Path(__file__).resolve().parents[1]
_CONFINED = "--confined"
Examined = tuple[str, list[Hit], list[Counts]]  # of a file: its type, what was met in it, and the counts that it tells


def examine_in_worker(path: Path, context: Context, policy: Policy, name: str = "") -> Examined:
    """Return the type of a file, what was met in it and the counts it tells, read inside a bubblewrap sandbox.

    Raises
    ------
    DisclosureError
        Bubblewrap is not installed; nothing was judged.
    """
    request = {"name": name, **_request(context)}
    size = path.stat().st_size
    with tempfile.TemporaryFile() as answer:
        command = [*sandboxed(_bubblewrap(), path, context), sys.executable, "-m", "tre.disclosure.worker", _CONFINED]
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


def examine_together(named: Sequence[tuple[Path, str]], context: Context, policy: Policy) -> dict[int, Examined]:
    """Return what :func:`examine_in_worker` does of several files of one author, in one sandbox, by their place.

    Parameters
    ----------
    named : sequence of (Path, str)
        At most :data:`tre.disclosure.together.MOST_FILES` files, each with the name that it is asked for under.

    Returns
    -------
    dict
        Without those that took too long or stopped the process that read them.

    Raises
    ------
    DisclosureError
        Bubblewrap is not installed; nothing was judged.
    """
    paths, request = [path for path, _ in named], {"together": [name for _, name in named], **_request(context)}
    command = [*sandboxed(_bubblewrap(), paths, context), sys.executable, "-m", "tre.disclosure.worker"]
    seconds = policy.limits["seconds"] + sum(seconds_for(path.stat().st_size, policy) for path in paths)
    answers = together.ask(command, request, seconds, policy.limits["output_bytes"] * len(paths))
    told = {number: _told(answer, policy) for number, answer in answers.items() if 0 <= number < len(paths)}
    return {number: found for number, found in told.items() if found is not None}


def _bubblewrap() -> str:
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise DisclosureError(
            "Files are inspected inside bubblewrap, which is not installed", todo="Install bubblewrap"
        )
    return bwrap


def _request(context: Context) -> dict[str, Any]:
    """Return what a worker is told of that files are inspected against."""
    return {
        "profile": context.profile,
        "pack": context.pack,
        "names_model": context.names_model if is_installed(context.names_model) else "",
        "project": context.project,
        "quasi": context.quasi,
        "population": context.population,
        "overrides": dict(context.overrides),
        "key": context.filter_key.hex() if context.filter_key and context.filters else "",
    }


def _unread(kind: str, why: str) -> Examined:
    return "unreadable", [Hit("unreadable", kind, "", why)], []


def _parsed(raw: bytes, policy: Policy) -> Examined:
    """Return the worker's answer, which is trusted no further than its form."""
    try:
        found = _told(json.loads(raw), policy)
    except ValueError:
        found = None
    return found or _unread("worker", "the program that read it gave no proper answer")


def _told(answer: Any, policy: Policy) -> Examined | None:
    """Return an answer's values, or None where it has another form."""
    try:
        hits = [Hit(**each) for each in answer["hits"]]
        tables = [Counts.from_json(each) for each in answer["tables"]]
        known = all(hit.rule in policy.rules for hit in hits) and isinstance(answer["type"], str)
    except (ValueError, KeyError, TypeError):
        return None
    return (answer["type"], hits, tables) if known else None


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
    """Answer one request: read ``/file``, or several files, and print what was met as JSON."""
    policy = load_policy()
    if sys.argv[1:] == [_CONFINED]:
        confine(policy, Path("/file").stat().st_size)
    sys.modules["torch"] = None  # type: ignore[assignment]  # spaCy would load it, seconds for nothing
    request: dict[str, Any] = json.loads(sys.stdin.buffer.read())
    from tre.disclosure.examining import Examiner

    key = bytes.fromhex(request.pop("key"))
    name, names = request.pop("name", ""), request.pop("together", None)
    context = Context(filters=Path("/filters") if key else None, filter_key=key or None, sandbox=False, **request)
    examiner = Examiner(policy, context)
    if names is None:
        sys.stdout.write(json.dumps(examiner.answer(Path("/file"), name)))
    else:
        _together(examiner, names, policy)
    sys.stdout.flush()
    os._exit(0)  # native libraries' own exit code has nothing left to do here


def _together(examiner: Examiner, names: Sequence[str], policy: Policy) -> None:
    def confined(path: Path, name: str) -> dict[str, Any]:
        confine(policy, path.stat().st_size)
        return examiner.answer(path, name)

    examiner.load()
    together.answer_each(names, confined, lambda size: seconds_for(size, policy), policy.limits["output_bytes"])


if __name__ == "__main__":
    main()
