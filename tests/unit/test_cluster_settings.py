"""How a job takes up a cluster from its settings, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from spark_jobs.cluster import Cluster, code
from spark_jobs.errors import JobRefused
from tre.config.options import Options
from tre.runs import runner


@pytest.fixture
def secret(tmp_path) -> Path:
    path = tmp_path / "secret"
    path.write_text("a-secret\n")
    path.chmod(0o600)
    return path


def told(secret: Path, **more: str) -> dict[str, str]:
    own = {"TRE_SPARK_MASTER": "spark://head:7077", "TRE_SPARK_ADDRESS": "10.0.0.7"}
    return {**own, "TRE_SPARK_SECRET_FILE": str(secret), **more}


@pytest.mark.parametrize("master", ["", "local[*]", "local[2]"])
def test_on_this_machine_s_cores_there_is_no_cluster(master):
    assert Cluster.told({"TRE_SPARK_MASTER": master}) is None


def test_the_secret_is_no_option_and_shows_nowhere(secret):
    found = Cluster.told(told(secret, TRE_SPARK_CORES="4", TRE_SPARK_EXECUTOR_MEMORY="3g"))
    assert found is not None
    assert found.secret == "a-secret"
    options = found.options()
    assert options["spark.driver.host"] == options["spark.driver.bindAddress"] == "10.0.0.7"
    assert (options["spark.cores.max"], options["spark.executor.memory"]) == ("4", "3g")
    assert "a-secret" not in f"{options} {found!r}"
    everything = Cluster.told(told(secret))
    assert everything is not None
    assert "spark.cores.max" not in everything.options()


@pytest.mark.parametrize(
    ("mode", "text", "because"),
    [(0o640, "s", "read by others"), (0o604, "s", "read by others"), (0o600, " \n", "empty")],
)
def test_a_secret_that_is_none_is_refused(secret, mode, text, because):
    secret.write_text(text)
    secret.chmod(mode)
    with pytest.raises(JobRefused, match=because):
        Cluster.told(told(secret))


def test_a_secret_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(JobRefused, match="cannot be read"):
        Cluster.told(told(tmp_path / "none"))


def test_a_job_is_told_where_spark_runs_and_never_the_secret(secret, monkeypatch):
    options = Options(
        spark_master="spark://head:7077", spark_address="10.0.0.7", spark_secret_file=secret, spark_cores=3,
        spark_partitions=24,
    )  # fmt: skip
    monkeypatch.setattr(runner, "load", lambda: options)
    environment = runner.job_environment()
    found = Cluster.told(environment)
    assert found == Cluster("spark://head:7077", "10.0.0.7", "a-secret", "2g", 3)
    assert environment["TRE_SPARK_PARTITIONS"] == "24"
    assert "a-secret" not in environment.values()


def test_a_job_of_this_machine_is_told_of_no_cluster():
    assert not {name for name in runner.job_environment() if name.startswith("TRE_SPARK_SECRET")}


def test_the_code_has_one_digest():
    assert code() == code()
    assert len(code()) == 64
