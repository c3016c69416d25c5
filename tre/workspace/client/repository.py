"""Git with the project's own repository, which is on this platform alone: nothing is pushed to a network."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tre.workspace.client.door import PlatformError

_REMOTE = Path("/project/repository")


def git(folder: str | Path = "code") -> Path:
    """Make a folder a working copy of the project's repository, and return it.

    What colleagues pushed to the branch ``main`` is fetched into an empty folder; work that is there already stays as
    it is. Then, in a cell: ``!cd code && git add -A && git commit -m "First tables" && git push``. You commit by your
    user name, unless git knows another. What is pushed stays: the repository takes no deletion and no rewriting.

    Parameters
    ----------
    folder : str or Path
        Where; made when it is missing.

    Raises
    ------
    PlatformError
        When this is not a workspace, or git refuses.
    """
    if not (_REMOTE / "HEAD").exists():
        raise PlatformError("There is no repository of the project here", todo="Close the workspace and open it again")
    copy = Path(folder)
    copy.mkdir(parents=True, exist_ok=True)
    _name_yourself()
    if not (copy / ".git").exists():
        _git(copy, "init", "--quiet")
    if "origin" not in _git(copy, "remote").split():
        _git(copy, "remote", "add", "origin", str(_REMOTE))
    _git(copy, "fetch", "--quiet", "origin")
    empty = [each.name for each in copy.iterdir()] == [".git"]
    if empty and _git(copy, "branch", "--list", "--remotes", "origin/main"):
        _git(copy, "checkout", "--quiet", "main")
    return copy


def _name_yourself() -> None:
    name = os.environ["USER"]
    for key, value in (("user.name", name), ("user.email", f"{name}@workspace.invalid")):  # RFC 2606: no such domain
        if subprocess.run(["git", "config", "--get", key], capture_output=True, check=False).returncode:
            _git(Path.home(), "config", "--global", key, value)


def _git(where: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=where, capture_output=True, text=True, check=False)
    if done.returncode:
        told = done.stderr.strip().splitlines() or ["it said nothing"]
        raise PlatformError(f"Git refused: {told[-1]}", where=f"git {arguments[0]}", todo="See 'git status' there")
    return done.stdout
