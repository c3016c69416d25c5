"""A standalone cluster of Spark as a job uses it: how it joins, and what it makes sure of before it trusts the nodes.

Every node runs the same image, and sees the same folders at the same paths. Neither is taken on trust: an executor that
wrote to a folder of its own would lose rows without an error, and one with other code would make other rows.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import shutil
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
from pyspark import SparkConf, SparkContext
from pyspark.sql import SparkSession

from spark_jobs.errors import JobRefused

_STANDALONE = "spark://"
_SECRET = "spark.authenticate.secret"  # noqa: S105 - the setting's name
# Of its own accord Spark takes a mode in which altered bytes are not noticed, and the first version of its handshake
# ("Spark Security"). Master and workers must be told the same.
CRYPTO = {
    "spark.authenticate": "true",
    "spark.network.crypto.enabled": "true",
    "spark.network.crypto.cipher": "AES/GCM/NoPadding",
    "spark.network.crypto.authEngineVersion": "2",
}
_REPOSITORY = Path(__file__).resolve().parents[1]
_CODE = ("spark_jobs", "tre")
_ENGINES = ("pyspark", "pyarrow", "pandas", "numpy")
_EXECUTORS_WITHIN_SECONDS = 120.0
_SETTLED_SECONDS = 1.0  # nodes that are asked at once come within so long of each other
_LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class Cluster:
    """Where the master listens, how this job is reached from there, and what it takes of the nodes.

    Parameters
    ----------
    master : str
        ``spark://HOST:PORT``.
    address : str
        Of the machine that the job runs on, as the nodes reach it.
    secret : str
        By which master, workers, executors and jobs know each other.
    memory : str
        Heap of each executor.
    cores : int
        That the job takes of the cluster at most; 0 for all that are free.
    """

    master: str
    address: str
    secret: str = field(repr=False)
    memory: str
    cores: int

    @classmethod
    def told(cls, environment: Mapping[str, str]) -> Cluster | None:
        """Return the cluster that the settings name, or None where they name none.

        Raises
        ------
        JobRefused
            When its secret cannot be read, or can be read by others.
        """
        master = environment.get("TRE_SPARK_MASTER", "")
        if not master.startswith(_STANDALONE):
            return None
        return cls(
            master,
            environment["TRE_SPARK_ADDRESS"],
            _private(Path(environment["TRE_SPARK_SECRET_FILE"])),
            environment.get("TRE_SPARK_EXECUTOR_MEMORY", "2g"),
            int(environment.get("TRE_SPARK_CORES", "0")),
        )

    def options(self) -> dict[str, str]:
        """Return what Spark is told of it, all but the secret: this stands on the command line of the job's Java."""
        own = os.environ.get("TRE_SPARK_JAVA_OPTIONS", "")
        told = {
            "spark.master": self.master,
            "spark.driver.host": self.address,
            "spark.driver.bindAddress": self.address,
            "spark.executor.memory": self.memory,
            "spark.executor.extraJavaOptions": f"-XX:-UsePerfData {own}",
            "spark.executorEnv.PYTHONPATH": str(_REPOSITORY),
            "spark.executorEnv.PYTHONDONTWRITEBYTECODE": "1",
            "spark.scheduler.barrier.maxConcurrentTasksCheck.interval": "1s",
        }
        return told | ({"spark.cores.max": str(self.cores)} if self.cores else {})


def joined(builder: SparkSession.Builder, cluster: Cluster) -> SparkSession:
    """Return the session that a builder starts, on a cluster.

    The Java of the job is started without the secret, for whatever a builder holds then stands on its command line;
    the secret follows over PySpark's own connection to it.
    """
    for name, value in cluster.options().items():
        builder = builder.config(name, value)
    begun = SparkConf(loadDefaults=False).setAll([(name, str(value)) for name, value in builder._options.items()])
    SparkContext._ensure_initialized(conf=begun)
    return builder.config(_SECRET, cluster.secret).getOrCreate()


def check(spark: SparkSession, shared: Sequence[Path]) -> None:
    """Ask every executor for its code, and whether it and this job see each other's files in the shared folders.

    Raises
    ------
    JobRefused
        When no executor comes, one runs other code, or one does not see a folder as the job does.
    """
    _wait(spark)
    slots = spark.sparkContext.defaultParallelism
    with ExitStack() as marks:
        places = [marks.enter_context(_marked(folder)) for folder in dict.fromkeys(shared)]
        asked = spark.range(0, slots, numPartitions=slots)
        # A barrier: all tasks at once, so that no executor is passed over.
        told = asked.mapInArrow(_tell([str(each) for each in places]), "code string, mark string", barrier=True)
        rows = told.collect()  # one for each core
        if any(row.code != code() for row in rows):
            what = "An executor runs other code than this job"
            raise JobRefused(what, where="cluster", todo="Start every node from the image of this version")
        for place in places:
            if not all((place / row.mark).exists() for row in rows):
                what = "An executor does not see the folder as this job does"
                raise JobRefused(what, where=place.parent.name, todo="Mount it on every node at the same path")


def code() -> str:
    """Return a digest of the code that jobs run by, and of the versions of what it stands on."""
    versions = " ".join(f"{each} {importlib.metadata.version(each)}" for each in _ENGINES)
    digest = hashlib.sha256(f"{sys.version} {versions}".encode())
    for folder in _CODE:
        for path in sorted((_REPOSITORY / folder).rglob("*.py")):
            digest.update(path.relative_to(_REPOSITORY).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _tell(places: Sequence[str]) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Return what an executor runs: sent whole, since the executor may have no code of ours, or other code."""

    def tell(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pathlib import Path
        from uuid import uuid4

        import pyarrow

        try:
            from spark_jobs.cluster import code

            found = code()
        except ImportError:
            found = ""
        mark = uuid4().hex
        for place in map(Path, places):
            if place.is_dir():
                (place / mark).touch()
        for _ in batches:
            yield pyarrow.RecordBatch.from_pydict({"code": [found], "mark": [mark]})

    return tell


@contextmanager
def _marked(folder: Path) -> Iterator[Path]:
    """Give a new folder in a shared one, and remove it at the end."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = folder / f".nodes-{uuid.uuid4().hex}"
    place.mkdir(mode=0o700)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _wait(spark: SparkSession) -> None:
    """Wait for the executors: those that come first, and those that come with them."""
    began, held, since = time.monotonic(), 0, time.monotonic()
    while not held or time.monotonic() - since < _SETTLED_SECONDS:
        here = len(spark.sparkContext._jsc.sc().statusTracker().getExecutorInfos()) - 1  # the job itself is among them
        if here != held:
            held, since = here, time.monotonic()
        if not held and time.monotonic() - began > _EXECUTORS_WITHIN_SECONDS:
            todo = "Look whether its workers are up and have free cores"
            raise JobRefused("No executor came", where="cluster", todo=todo)
        time.sleep(_LOOK_SECONDS)


def _private(path: Path) -> str:
    try:
        told = path.read_text(encoding="ascii").strip()
        open_to = path.stat().st_mode & 0o077
    except (OSError, ValueError):
        raise JobRefused("The cluster's secret cannot be read", where=str(path), todo="Make it, mode 0600") from None
    if open_to or not told:
        what = "The cluster's secret can be read by others" if told else "The cluster's secret is empty"
        raise JobRefused(what, where=str(path), todo="Make it anew, mode 0600")
    return told
