"""Git with the project's own repository: two people work together, and neither can make the other run anything."""

from __future__ import annotations

import os
import shutil

import pytest

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(
        shutil.which("bwrap") is None or shutil.which("git") is None, reason="bubblewrap or git is missing"
    ),
]
own_users = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives each sandbox a user of its own")


def shell(opened, who: str, *lines: str) -> str:
    script = (
        "import sys, tre, subprocess\ntre.git()\n" + f"subprocess.run({' && '.join(lines)!r}, shell=True, cwd='code')"
    )
    return opened.run(who, "python", "-c", script)


def test_two_people_push_and_pull(opened):
    shell(
        opened,
        "ann",
        "echo 'x = 1' > model.py",
        "git add -A",
        "git commit -qm First",
        "git push -q",
        "git tag v1",
        "git push -q --tags",
    )
    told = shell(opened, "bob", "cat model.py", "echo 'x = 2' > model.py", "git commit -qam Second", "git push -q")
    assert "x = 1" in told
    told = shell(opened, "ann", "git pull -q", "cat model.py", "git log --format='%an %s'")
    assert "x = 2" in told
    assert "bob Second" in told
    assert "ann First" in told


def test_what_was_pushed_stays(opened):
    shell(opened, "ann", "git pull -q; echo 1 > kept", "git add -A", "git commit -qm Kept", "git push -q")
    assert "rejected" in shell(opened, "bob", "git pull -q", "git commit -q --amend -m Other", "git push --force")
    assert "rejected" in shell(
        opened, "bob", "git checkout -q -b branch", "git push -q", "git push origin --delete branch"
    )


@own_users
def test_nobody_makes_another_run_something(opened):
    """From the seat of a member: plant a hook, a setting or another folder where a colleague's git would look."""
    attack = """
import os, subprocess
root = "/project/repository"
reached = []
for path in ("hooks/pre-receive", "config", "commondir", "config.worktree", "HEAD", "objects/info/alternates",
             "shallow", "packed-refs", "worktrees/x", "modules/x"):
    place = os.path.join(root, path)
    try:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "a") as out:
            out.write("")
        reached.append(path)
    except OSError:
        pass
for name in ("config", "HEAD", "objects", "objects/info", "objects/pack", "refs", "refs/heads", ""):
    try:
        os.rename(os.path.join(root, name), os.path.join(root, "objects", "gone-" + name.replace("/", "-")))
        reached.append("renamed " + name)
    except OSError:
        pass
print("reached", reached)
"""
    shell(opened, "ann", "true")
    assert "reached []" in opened.run("bob", "python", "-c", attack)
