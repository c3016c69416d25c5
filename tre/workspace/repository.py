"""Each project's git repository, on this machine alone: where its people keep their code together.

Git runs what a repository's hooks and settings say as whoever pushes or fetches, so both stay the platform's: its
people can add objects and references, and nothing else there is theirs to write. There are no hooks. See githooks(5),
gitrepository-layout(5) and `safe.directory` in git-config(1).
"""

from __future__ import annotations

import os
from pathlib import Path

from tre.workspace.folders import folder

INSIDE = "/project/repository"  # where a sandbox shows it; the client's etc/gitconfig names it too
# To push the branch that HEAD names, git writes a lock beside HEAD, where its people may not write: it names none.
_HEAD = "ref: refs/heads/-\n"
# What is pushed stays: nothing is collected (which would write beside the references), rewritten or deleted.
_CONFIG = """[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
\tsharedRepository = group
[gc]
\tauto = 0
[receive]
\tautogc = false
\tdenyDeletes = true
\tdenyNonFastForwards = true
"""
_OF_THE_PLATFORM = (("objects", "info"),)  # else a project's person could have others read objects from elsewhere
_OF_THE_PEOPLE = {
    ("objects",): 0o3770,  # with the sticky bit: what is another's there is neither renamed nor deleted
    ("objects", "pack"): 0o3770,
    ("refs",): 0o3770,
    ("refs", "heads"): 0o2770,  # a branch moves by a new file in the old one's place
    ("refs", "tags"): 0o2770,
}


def repository(code: str, gid: int) -> Path:
    """Return a project's repository, made when it is missing; made in part, it is made whole."""
    place = ("projects", code, "repository")
    made = folder(*place, uid=0, gid=gid, mode=0o750)
    for part, mode in _OF_THE_PEOPLE.items():
        folder(*place, *part, uid=0, gid=gid, mode=mode)
    for part in _OF_THE_PLATFORM:
        folder(*place, *part, uid=0, gid=gid, mode=0o750)
    _write(made / "config", _CONFIG, gid)
    _write(made / "HEAD", _HEAD, gid)
    return made


def _write(path: Path, text: str, gid: int) -> None:
    """Write one of the platform's own files; its folder is the platform's, so that no link can stand there."""
    if path.exists() and path.read_text() == text:
        return
    staged = path.with_name(f".{path.name}.staged")
    staged.write_text(text)
    staged.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(staged, 0, gid)
    os.replace(staged, path)
