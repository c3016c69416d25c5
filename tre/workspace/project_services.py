"""A project's Spark Connect and MLflow: one sandbox for each project, kept running by :mod:`tre.workspace.rooms`.

A Spark Connect client's Python runs as the server's user and can read whatever it can. So the server stands inside a
sandbox of its own, over this project's extract alone, and is called through sockets in one folder that is bound into
this project's notebooks and no other's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tre.config.options import REPOSITORY, load
from tre.config.secrets import secret
from tre.projects.models import Project
from tre.workspace.folders import folder
from tre.workspace.limits import Bounds
from tre.workspace.project_commands import SERVICE_HOME, mlflow_command, service_environment
from tre.workspace.sandbox import MLFLOW_PORT, SPARK_PORT, Bind, First, Inbound, Later, Sandbox
from tre.workspace.services import sockets_folder, tracking_template
from tre.workspace.spark_inside import SparkInside, spark_inside
from tre.workspace.users import service_uid

# Spark and MLflow each take every processor for some seconds when they start, and a notebook's first question is
# Spark's. Its first answer comes about as long after it listens as it took until then, on a busy machine longer. So
# MLflow waits for twice as long again, or until a notebook calls it; it comes in any case.
_AGAIN = 2.0
_MLFLOW_WITHIN_SECONDS = 120.0
_TEMPLATE = "/opt/mlflow.db"  # where the empty MLflow database stands inside


def launch(sandbox: Sandbox) -> subprocess.Popen[bytes]:
    """Start a sandbox's launcher; the sandbox travels on its standard input."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tre.workspace.launch"],
        stdin=subprocess.PIPE,
        cwd=REPOSITORY,
        env={"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(REPOSITORY)},
        start_new_session=True,
    )
    if process.stdin is not None:
        process.stdin.write(json.dumps(sandbox.to_json()).encode())
        process.stdin.close()
    return process


def service_sandbox(project: Project, extract: Path) -> Sandbox:
    """Return the sandbox of a project's Spark Connect and MLflow."""
    options, code = load(), project.code
    uid, gid = service_uid(project), project.gid
    state = folder("projects", code, "service", uid=uid, gid=gid, mode=0o700)
    shared = folder("projects", code, "shared", uid=0, gid=gid, mode=0o2770)
    own = folder("run", "services", code, "launch", uid=0, gid=0, mode=0o700)
    settings = folder("run", "services", code, "spark", uid=0, gid=0, mode=0o755)
    spark = spark_inside(settings, SERVICE_HOME)
    sockets = sockets_folder(code)
    template = tracking_template()
    begun = template.exists()  # MLflow makes its database whole where there is no template; see ml.databases
    if begun:
        template.chmod(0o644)  # it holds nothing, and the sandbox's own user copies it
    return Sandbox(
        name=f"services of {code}",
        uid=uid,
        gid=gid,
        username="services",
        home=SERVICE_HOME,
        commands=(spark.command,),
        later=(_mlflow(),),
        environment=_environment(code, spark),
        folder=str(own),
        log=str(options.path("logs", f"services-{code}.log")),
        binds=(
            Bind(str(extract), "/project/data"),
            Bind(str(shared), "/project/shared", writable=True),
            Bind(str(state), SERVICE_HOME, writable=True),
            *((Bind(str(template), _TEMPLATE),) if begun else ()),
            *spark.binds,
        ),
        inbound=(
            Inbound(str(sockets / "spark.sock"), SPARK_PORT),
            Inbound(str(sockets / "mlflow.sock"), MLFLOW_PORT),
        ),
        firsts=(First(_TEMPLATE, f"{SERVICE_HOME}/mlflow.db"),) if begun else (),
        bounds=Bounds(spark.memory),
        watch=os.getpid(),
    )


def _environment(code: str, spark: SparkInside) -> dict[str, str]:
    return {
        **service_environment(secret(f"spark-{code}")),
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        **spark.environment,
    }


def _mlflow() -> Later:
    command = mlflow_command(sys.executable, "127.0.0.1")
    return Later(command, MLFLOW_PORT, SPARK_PORT, _AGAIN, _MLFLOW_WITHIN_SECONDS)
