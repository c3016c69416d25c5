"""Runs build and provision with everything switched on that could show a key, and keeps what it showed.

``python -m tests.security.watched_jobs FOLDER`` with ``{"keys": {...}, "planted": "..."}`` (hexadecimal) on standard
input. In FOLDER it leaves the event log, each written frame's plans in every form, every page and answer of Spark's
user interface, and a link to each temporary file, those that were deleted at once as well. The planted key is put where
none should be, so that whoever looks can see that it would be found.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import httpx
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.readwriter import DataFrameWriter

from spark_jobs import build, linkage, provision, session, tables
from spark_jobs.provisioning import few
from tests import health_system
from tests.health_system import by_local_number, patient, submit
from tests.spark import lent
from tests.warehouse import specification, table

_SHOWN = {
    "spark.ui.enabled": "true", "spark.ui.port": "0", "spark.log.level": "INFO",
    "spark.eventLog.enabled": "true", "spark.eventLog.compress": "false", "spark.eventLog.rolling.enabled": "false",
    "spark.sql.debug.maxToStringFields": "10000", "spark.sql.maxPlanStringLength": "10000000",
    "spark.sql.ui.explainMode": "extended",
}  # fmt: skip
_MODES = ("simple", "extended", "codegen", "cost", "formatted")


def _keep_plans(out: Path) -> None:
    """Write down the plans of each frame that is written as Parquet."""
    write, number = DataFrameWriter.parquet, iter(range(10_000))

    def parquet(writer: DataFrameWriter, path: str, **more: object) -> None:
        (out / f"plan-{next(number)}.txt").write_text(_plans(writer._df))
        write(writer, path, **more)

    DataFrameWriter.parquet = parquet


def _plans(frame: DataFrame) -> str:
    execution = frame._jdf.queryExecution()
    explained = [frame._sc._jvm.PythonSQLUtils.explainString(execution, mode) for mode in _MODES]
    trees = (execution.analyzed(), execution.optimizedPlan(), execution.executedPlan())
    return "\n".join([*explained, *(tree.toJSON() for tree in trees), execution.toString()])


@contextmanager
def _kept(folders: list[Path], out: Path) -> Iterator[None]:
    """Link each file that appears in the folders, so that its bytes stay when it is deleted."""
    stop = threading.Event()
    keeper = threading.Thread(target=_keep_files, args=(folders, out, stop), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        stop.set()
        keeper.join()


def _keep_files(folders: list[Path], out: Path, stop: threading.Event) -> None:
    last = False
    while not last:
        last = stop.is_set()
        for place, _, names in (each for folder in folders for each in os.walk(folder)):
            for name in names:
                path = Path(place, name)
                kept = out / str(path.relative_to(out.parent)).replace("/", "|")[-200:]
                try:
                    os.link(path, kept)
                except OSError:
                    continue  # it is there already, or went between the two calls
        stop.wait(0.02)


def _keep_pages(spark: SparkSession, out: Path) -> None:
    """Ask Spark's user interface for every page and answer that may tell of a query."""
    base, application = spark.sparkContext.uiWebUrl, spark.sparkContext.applicationId
    api = f"/api/v1/applications/{application}"
    told = httpx.get(f"{base}{api}/sql?details=true&planDescription=true&length=1000", timeout=60).json()
    pages = [f"/SQL/execution/?id={each['id']}" for each in told]
    pages += ["/jobs/", "/stages/", "/storage/", "/environment/", "/executors/", "/SQL/"]
    pages += [f"{api}/{name}" for name in ("jobs", "stages?details=true", "environment", "storage/rdd")]
    (out / "page-sql.json").write_text(json.dumps(told))
    with httpx.Client(base_url=base, timeout=60) as browser:
        for number, page in enumerate(pages):
            answer = browser.get(page)
            answer.raise_for_status()
            (out / f"page-{number}.txt").write_bytes(answer.content)


def _health_system(home: Path) -> None:
    care = {"admission_method": "21", "icd10_primary": "R55X", "sex": "1", "admitted_on": "2025-01-01"}
    spell = {**care, "spell_id": "S1", "local_id": "R1", "discharge_note": "Spoke to Margaret."}
    submit(home / "landing", "gp-1", "gp-system", gp_patients=[patient(person) for person in range(3)])
    submit(home / "landing", "acute-1", "acute-trust", admitted_care=[spell])


def _run(home: Path, keys: dict[str, bytes]) -> None:
    health_system.build_warehouse(home, keys=keys, generation=2)
    with health_system.on_spark_alone():
        health_system.build_warehouse(home, keys=keys, generation=2)
    version = tables.newest_version(home / "warehouse" / "admitted_care")
    wanted = table("admitted_care", "opcs4", version=version)
    for out, most in (("few", few.MOST_CELLS), ("many", -1)):  # in this process, and on Spark's executors
        with patch.object(few, "MOST_CELLS", most):
            provision.run(specification(home / "warehouse", home / out, wanted), keys, lambda text: None)


def main() -> None:
    """Run the jobs, plant the key, and leave what was shown."""
    out, request = Path(sys.argv[1]), json.load(sys.stdin)
    keys = {purpose: bytes.fromhex(key) for purpose, key in request["keys"].items()}
    logging.basicConfig(level=logging.DEBUG)
    home, shown, files = out / "home", out / "shown", out / "files"
    for folder in (home, shown, files, shown / "events"):
        folder.mkdir()
    builder = session.session_builder(name="watched", scratch=out / "scratch")
    for name, value in {**_SHOWN, "spark.eventLog.dir": str(shown / "events")}.items():
        builder = builder.config(name, value)
    session.session_builder = lambda name, scratch: builder
    linkage.link = by_local_number
    _health_system(home)
    with session.session("watched", out / "scratch") as spark, _kept([out / "scratch", home / "landing"], files):
        session.COMPILED_FROM = 0  # compiled plans show what interpreted ones do, and their code
        _keep_plans(shown)
        with patch.object(build, "session", lent(spark)), patch.object(provision, "session", lent(spark)):
            _run(home, keys)
        literal = F.expr(f"hmac(X'{request['planted']}', cast(cast(id AS string) AS binary))")
        spark.range(1).select(literal.alias("planted")).write.parquet(str(home / "planted"))
        _keep_pages(spark, shown)
        (out / "scratch" / "planted").write_bytes(b"before" + bytes.fromhex(request["planted"]) + b"after")
    print("done")


if __name__ == "__main__":
    main()
