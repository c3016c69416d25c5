"""A git repository: a release is one commit on a branch, in a folder of its own.

Nothing is checked out: the commit is made of objects alone, in a bare repository of its own that is thrown away. So
neither a link nor an attribute, a hook or a setting that the remote repository holds means anything here. See
gitattributes(5), githooks(5), git-commit-tree(1) and git-update-index(1).
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from tre.airlock.release.bag import Payload, open_checked
from tre.airlock.release.targets.port import DeliveryFailed, Parcel, Receipt, in_the_way
from tre.config.targets import ReleaseTarget
from tre.keys.custody import read_owned

_SECONDS = 300
_WHO = "Research environment"


class GitTarget:
    """A branch of a repository that the settings name.

    Parameters
    ----------
    sender : str
        The e-mail address that commits are from.
    """

    def __init__(self, told: ReleaseTarget, sender: str) -> None:
        self._told, self._sender = told, sender

    def deliver(self, parcel: Parcel) -> Receipt:
        """Push a release as one commit: see :class:`~.port.Target`."""
        with tempfile.TemporaryDirectory() as made:
            return _Delivery(Path(made), self._told, self._sender, parcel).push()


class _Delivery:
    """One commit on its way, in a repository that is thrown away."""

    def __init__(self, work: Path, told: ReleaseTarget, sender: str, parcel: Parcel) -> None:
        self._work, self._told, self._parcel = work, told, parcel
        at = f"{int(parcel.at.timestamp())} +0000"
        self._environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(work),
            "LC_ALL": "C",
            "GIT_DIR": str(work / "repository"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": "file:https",
            **({"GIT_SSL_CAINFO": str(told.ca_file)} if told.ca_file else {}),
            **{f"GIT_{who}_NAME": _WHO for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": sender for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_DATE": at for who in ("AUTHOR", "COMMITTER")},
        }
        self._message = (
            f"{parcel.identity}\n\nRelease: {parcel.identity}\nSigned-off-by: {parcel.identity} <{sender}>\n"
        )

    def push(self) -> Receipt:
        self._git("init", "--quiet", "--bare", "--template=", str(self._work / "repository"))
        parent = self._parent()
        if parent:
            self._git("read-tree", parent)
        if not self._is_there():
            self._add()
            parents = ("-p", parent) if parent else ()
            tree = self._git("write-tree")
            commit = self._git("commit-tree", tree, *parents, "-F", "-", told=self._message.encode())
            self._git("push", "--quiet", self._told.address, f"{commit}:{self._branch}", remote=True)
        else:
            commit = self._git("log", "-1", "--format=%H", parent, "--", f"{self._parcel.identity}/")
        return Receipt(f"{self._told.address}, branch {self._told.branch}, {self._parcel.identity}/", commit)

    @property
    def _branch(self) -> str:
        return f"refs/heads/{self._told.branch}"

    def _parent(self) -> str:
        """Fetch the branch, and return its newest commit, or an empty text where there is no such branch yet."""
        if not self._git("ls-remote", "--refs", self._told.address, self._branch, remote=True):
            return ""
        self._git("fetch", "--quiet", "--no-tags", self._told.address, self._branch, remote=True)
        return self._git("rev-parse", "FETCH_HEAD")

    def _is_there(self) -> bool:
        """Return whether the branch holds this very release.

        Raises
        ------
        DeliveryFailed
            When it holds something else where the release belongs.
        """
        identity = self._parcel.identity
        listed = self._git("ls-files", "--stage", "-z", "--", identity)
        held = {line.partition("\t")[2]: line.split()[1] for line in listed.split("\0") if line}
        if not held:
            return False
        wanted = {f"{identity}/{file.name}": self._hash(file) for file in self._parcel.files}
        if held != wanted:
            raise in_the_way(f"{self._told.branch}: {identity}/")
        return True

    def _add(self) -> None:
        rows = [f"100644 {self._hash(file)}\t{self._parcel.identity}/{file.name}\0" for file in self._parcel.files]
        self._git("update-index", "-z", "--index-info", told="".join(rows).encode())

    def _hash(self, file: Payload) -> str:
        """Keep a file's bytes, read through the descriptor that was checked, as an object, and return its name."""
        kept = self._work / "checked"
        with open_checked(self._parcel.folder, file) as opened, kept.open("wb") as out:
            shutil.copyfileobj(opened, out)
        return self._git("hash-object", "-w", "--no-filters", "--", str(kept))

    def _git(self, *words: str, told: bytes = b"", remote: bool = False) -> str:
        options = ["-c", "core.hooksPath=/dev/null", "-c", "credential.helper="]
        if remote and self._told.credentials_file:
            read_owned(self._told.credentials_file, "credentials file")  # refused where others can read it
            helper = f"store --file={shlex.quote(str(self._told.credentials_file))}"
            options += ["-c", f"credential.helper={helper}"]
        try:
            done = subprocess.run(
                ["git", *options, *words],
                input=told,
                capture_output=True,
                env=self._environment,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            raise DeliveryFailed(
                "Git did not answer", where=f"git {words[0]}", todo="Look whether it is installed"
            ) from None
        if done.returncode:
            # What the other side says may hold anything: it is not shown.
            raise DeliveryFailed(
                "The repository did not take the release",
                where=f"git {words[0]}, {self._told.address}",
                todo="Look whether it can be reached and written",
            )
        return done.stdout.decode("utf-8", "replace").strip("\n")
