"""A Spark Connect inside a sandbox: what it runs, shows and needs, whoever's sandbox it is.

A Spark Connect client's Python runs as the server's user and reads whatever it can. So Spark stands in the sandbox of
those whom it serves, or in one that shows no more.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tre.config.options import load
from tre.runs.class_archive import java_options
from tre.runs.java import java_home
from tre.workspace.project_commands import spark_command, spark_settings, written
from tre.workspace.sandbox import Bind

_SETTINGS = Path("/opt/spark-settings/spark-defaults.conf")  # where it stands inside
_BESIDE_THE_HEAP = 4 * 1024**3  # Java's own, and what else runs there: Spark's Python workers, MLflow or a notebook


@dataclass(frozen=True)
class SparkInside:
    """What a sandbox needs for a Spark Connect of its own.

    Parameters
    ----------
    command : tuple of str
        Starts it; it listens on :data:`tre.workspace.sandbox.SPARK_PORT` of the sandbox's own loopback.
    environment : mapping
        What is added to the sandbox's.
    binds : tuple of Bind
        What is shown besides.
    memory : int
        Bytes that it and what calls it may take.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str]
    binds: tuple[Bind, ...]
    memory: int


def spark_inside(settings: Path, home: str) -> SparkInside:
    """Return what a Spark Connect needs, with its settings written.

    Parameters
    ----------
    settings : Path
        An existing folder that is this sandbox's alone, readable by its user.
    home : str
        Where its user may write, inside.
    """
    import pyspark

    options, spark = load(), Path(pyspark.__file__).parent
    java = java_home(options.path("run", "java"))
    path = settings / _SETTINGS.name
    path.write_text(written(spark_settings(options.spark_memory, "127.0.0.1", java_options(java), home)))
    path.chmod(0o644)
    return SparkInside(
        command=spark_command(str(spark / "bin" / "spark-submit"), str(_SETTINGS)),
        environment={"JAVA_HOME": str(java), "SPARK_HOME": str(spark), "PYSPARK_PYTHON": sys.executable},
        binds=(
            Bind(str(settings), str(_SETTINGS.parent)),
            *(() if java.is_relative_to("/usr") else (Bind(str(java), str(java)),)),
        ),
        memory=_bytes(options.spark_memory) + _BESIDE_THE_HEAP,
    )


def _bytes(memory: str) -> int:
    """Return the bytes of a setting such as ``2g``."""
    return int(memory[:-1]) * {"m": 1024**2, "g": 1024**3}[memory[-1]]
