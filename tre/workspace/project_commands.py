"""What a project's services run: the commands of its Spark Connect and MLflow, and Spark's settings.

The same in a sandbox and in a cluster's pod; only where they stand and listen differs.
"""

from __future__ import annotations

from collections.abc import Mapping

from tre.workspace.sandbox import MLFLOW_PORT, SPARK_PORT

SERVICE_HOME = "/project/service"
_SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"


def spark_settings(memory: str, host: str, java_options: str = "", home: str = SERVICE_HOME) -> dict[str, str]:
    """Return Spark's settings.

    Parameters
    ----------
    memory : str
        Java's heap, such as ``2g``.
    host : str
        The address that callers reach it by; its own parts speak on the loopback whatever it is.
    java_options : str
        More options of Java.
    home : str
        Where its user may write.
    """
    return {
        "spark.master": "local[*]",
        "spark.driver.memory": memory,
        "spark.driver.host": "127.0.0.1",  # with a bind address alone, Spark would advertise the host's name
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.connect.grpc.binding.address": host,
        "spark.connect.grpc.binding.port": str(SPARK_PORT),
        "spark.ui.enabled": "false",
        "spark.log.level": "WARN",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "8",
        "spark.sql.warehouse.dir": f"{home}/spark-warehouse",
        "spark.local.dir": "/tmp/spark",  # noqa: S108 - inside the sandbox
        "spark.driver.extraJavaOptions": f"-Dderby.system.home=/tmp/derby -Djava.io.tmpdir=/tmp {java_options}".strip(),
    }


def written(settings: Mapping[str, str]) -> str:
    """Return settings as Spark's properties file holds them."""
    return "".join(f"{name} {value}\n" for name, value in settings.items())


def spark_command(submit: str, settings: str) -> tuple[str, ...]:
    """Return the command of Spark Connect.

    Parameters
    ----------
    submit : str
        Where ``spark-submit`` is.
    settings : str
        Where its properties file is: Spark's own folder for settings would stand on Java's class path, and Java take no
        archive of classes then.
    """
    return (submit, "--properties-file", settings, "--class", _SERVER, "--name", "project", "spark-internal")


def spark_remote(token: str) -> str:
    """Return how a client inside a sandbox finds the Spark Connect of its own loopback, with that one's token."""
    return f"sc://127.0.0.1:{SPARK_PORT}/;authorization=Bearer%20{token}"


def mlflow_command(python: str, host: str) -> tuple[str, ...]:
    """Return the command of MLflow."""
    return (
        python, "-m", "mlflow", "server", "--host", host, "--port", str(MLFLOW_PORT), "--workers", "1",
        "--backend-store-uri", f"sqlite:///{SERVICE_HOME}/mlflow.db",
        "--artifacts-destination", f"{SERVICE_HOME}/artifacts", "--serve-artifacts",
    )  # fmt: skip


def service_environment(token: str) -> dict[str, str]:
    """Return what both services are told wherever they run.

    Parameters
    ----------
    token : str
        By which Spark Connect knows its callers; empty when it comes from elsewhere.
    """
    told = {
        "HOME": SERVICE_HOME,
        "LANG": "C.UTF-8",
        "SPARK_NO_DAEMONIZE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
        # MLflow's own jobs (for language models' traces) would be eight more processes, of 250 MB each.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    return told | ({"SPARK_CONNECT_AUTHENTICATE_TOKEN": token} if token else {})
