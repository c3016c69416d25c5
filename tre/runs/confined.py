"""Shows a job what it is told of and nothing else: no network, no other project, no key, no setting of the house.

For jobs that carry out what a researcher has asked for in their own words. A hole in the reading of such a question, or
in the library that answers it, then opens nothing but what the question was about.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tre.config.options import REPOSITORY
from tre.errors import Refused
from tre.workspace.sandbox import host_paths, links

_CODE = ("tre", "spark_jobs", "ml", "policies")
_TEMPORARY_BYTES = 2 * 1024**3  # what lies in it is memory; Spark spills into its scratch folder
TEMPORARY = "/tmp"  # noqa: S108 - inside the sandbox


@dataclass(frozen=True)
class Shown:
    """What a job may see of the house's folders.

    Parameters
    ----------
    reads, writes : sequence of Path
        Folders that exist.
    """

    reads: Sequence[Path] = ()
    writes: Sequence[Path] = ()


def confining(shown: Shown, java: Path, folder: Path) -> list[str]:
    """Return the command that runs what follows it in a sandbox.

    Parameters
    ----------
    java : Path
        Its ``JAVA_HOME``.
    folder : Path
        Where the sandbox's own few files are kept.

    Raises
    ------
    Refused
        When bubblewrap is not installed: nothing runs without it.
    """
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise Refused("What a researcher asks for is run inside bubblewrap, which is not installed", todo="Install it")
    own = [*(REPOSITORY / part for part in _CODE), *([] if java.is_relative_to("/usr") else [java])]
    readable = [*host_paths(), *own, *shown.reads]
    binds = [part for each in readable for part in ("--ro-bind", str(each), str(each))]
    binds += [part for each in shown.writes for part in ("--bind", str(each), str(each))]
    return [
        bwrap, "--unshare-user", "--unshare-all", "--disable-userns", "--die-with-parent", "--new-session",
        "--cap-drop", "ALL", "--hostname", "job", *links(), "--proc", "/proc", "--dev", "/dev",
        "--size", str(_TEMPORARY_BYTES), "--tmpfs", TEMPORARY, *_accounts(folder), *binds,
        "--remount-ro", "/", "--chdir", str(REPOSITORY), "--",
    ]  # fmt: skip


def _accounts(folder: Path) -> list[str]:
    """Return how the one account and the one host that there are inside come to be known: Java asks for both."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    told = {
        "passwd": f"job:x:{os.getuid()}:{os.getgid()}::{TEMPORARY}:/usr/sbin/nologin\n",
        "hosts": "127.0.0.1 localhost job\n",
    }
    for name, text in told.items():
        staged = folder / f".{name}.{os.getpid()}"
        staged.write_text(text)
        staged.replace(folder / name)
    return [part for name in told for part in ("--ro-bind", str(folder / name), f"/etc/{name}")]
