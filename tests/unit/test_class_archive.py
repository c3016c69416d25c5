"""The archive of Spark's classes: used where it is, done without where it is not, whole or not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tre.runs import class_archive
from tre.runs.java import java_home


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(class_archive, "_FOLDER", tmp_path / "spark-classes")
    class_archive.java_options.cache_clear()
    yield tmp_path / "spark-classes"
    class_archive.java_options.cache_clear()


def written(java: Path, folder: Path) -> None:
    for name in ("java.jsa", "spark.jsa"):
        (folder / name).write_bytes(b"classes")
        (folder / name).chmod(0o600)


@pytest.mark.spark
def test_spark_uses_what_was_archived_at_installation(spark):
    pid = spark._jvm.java.lang.ProcessHandle.current().pid()
    assert "/spark.jsa" in Path(f"/proc/{pid}/maps").read_text(), "is the archive made? .ci/bootstrap dev"


def test_without_an_archive_java_is_told_nothing(folder):
    assert class_archive.java_options(java_home(folder / "java")) == ""


def test_it_is_made_once_for_everyone_and_older_ones_go(folder, monkeypatch):
    monkeypatch.setattr(class_archive, "_write", written)
    (folder / "made-earlier").mkdir(parents=True)
    made = class_archive.make()
    assert [path.name for path in folder.glob("*")] == [made.name]
    modes = {path.name: path.stat().st_mode & 0o777 for path in (folder, made, *made.iterdir())}
    assert modes == {"spark-classes": 0o755, made.name: 0o755, "java.jsa": 0o644, "spark.jsa": 0o644}
    assert str(made / "spark.jsa") in class_archive.java_options(java_home(folder / "java"))
    monkeypatch.setattr(class_archive, "_write", lambda java, folder: pytest.fail("it is there"))
    assert class_archive.make() == made


def test_one_that_fails_leaves_nothing(folder, monkeypatch):
    def broken(java: Path, folder: Path) -> None:
        written(java, folder)
        raise RuntimeError("no space left")

    monkeypatch.setattr(class_archive, "_write", broken)
    with pytest.raises(RuntimeError, match="no space"):
        class_archive.make()
    assert list(folder.glob("*-*")) == []
