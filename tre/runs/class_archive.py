"""The classes that Spark loads, archived once when the environment is installed (class data sharing, JEP 310 and 350).

A Java that finds them there neither unpacks nor verifies the twenty thousand classes of a Spark session: each job, and
each project's Spark, starts in half the time. An archive made by another Java, or of other files, is not used by Java,
and what there is no archive for starts as before. ``python -m tre.runs.class_archive`` makes it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from tre.runs.java import java_home

_REPOSITORY = Path(__file__).resolve().parents[2]
_FOLDER = Path(sys.prefix) / "share" / "spark-classes"
_BASE, _SPARK = "java.jsa", "spark.jsa"  # the second is of classes that stand on those of the first
_SHORT_LIVED = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
_SILENT = "-Xlog:disable"  # else it tells of each class left out, and Spark's launcher that its own classes are others


@lru_cache(maxsize=1)
def java_options(java: Path) -> str:
    """Return what a Spark process's Java is told, so that it uses the archive: nothing when there is none.

    Parameters
    ----------
    java : Path
        Its ``JAVA_HOME``.
    """
    archive = _archive(java)
    return f'"-XX:SharedArchiveFile={archive / _BASE}:{archive / _SPARK}" {_SILENT}' if archive.exists() else ""


def make() -> Path:
    """Make the archive by a rehearsal of what Spark does here, unless it is there; older ones go.

    Returns
    -------
    Path
        Its folder, read by everyone: a project's Spark is a user of its own.

    Raises
    ------
    subprocess.CalledProcessError
        When Java or the rehearsal failed; nothing is left.
    """
    _FOLDER.mkdir(parents=True, exist_ok=True)
    _FOLDER.chmod(0o755)
    java = java_home(_FOLDER / "java")
    archive = _archive(java)
    if archive.exists():
        return archive
    for older in _FOLDER.glob("made-*"):
        shutil.rmtree(older)
    staged = _FOLDER / f"staged-{os.getpid()}"
    staged.mkdir()
    try:
        _write(java, staged)
        for file in (staged / _BASE, staged / _SPARK):
            file.chmod(0o644)
        staged.chmod(0o755)
        os.replace(staged, archive)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return archive


def _archive(java: Path) -> Path:
    # Without an environment, for Java would tell of the options that it takes from there.
    told = subprocess.run([str(java / "bin" / "java"), "-version"], capture_output=True, check=True, env={}).stderr
    return _FOLDER / f"made-{hashlib.sha256(told + version('pyspark').encode()).hexdigest()[:16]}"


def _write(java: Path, folder: Path) -> None:
    base, spark, scratch = folder / _BASE, folder / _SPARK, folder / "scratch"
    scratch.mkdir()
    # Not every Java comes with an archive of its own classes: the one from a wheel does not.
    dump = [str(java / "bin" / "java"), "-Xshare:dump", f"-XX:SharedArchiveFile={base}", _SILENT]
    subprocess.run(dump, capture_output=True, check=True)
    options = (f'"-XX:SharedArchiveFile={base}"', f'"-XX:ArchiveClassesAtExit={spark}"', *_SHORT_LIVED, _SILENT)
    passed = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
    own = {"JAVA_HOME": str(java), "HOME": str(scratch), "TMPDIR": str(scratch), "PYTHONPATH": str(_REPOSITORY)}
    # What jobs compile, under their own mask, no sandbox's user could read, and the installation is still compiling.
    own["PYTHONDONTWRITEBYTECODE"] = "1"
    # Its errors are read to their end, which comes when Java has ended too: it writes the archive last of all.
    subprocess.run(
        [sys.executable, "-m", "spark_jobs", "rehearse"], input=b'{"spec": {}}', capture_output=True, check=True,
        cwd=_REPOSITORY, env={**passed, **own, "TRE_SPARK_JAVA_OPTIONS": " ".join(options)},
    )  # fmt: skip
    shutil.rmtree(scratch)


if __name__ == "__main__":
    if sys.argv[1:] == ["--is-made"]:
        raise SystemExit(not _archive(java_home(_FOLDER / "java")).exists())
    make()
