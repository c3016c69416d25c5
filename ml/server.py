"""Answers for one verified model over HTTP, in the requests and answers of MLflow's scoring protocol.

MLflow's own server tells in an error what it was sent, and never looks whether a model was recalled. This one does
neither: a refusal holds no value, and each answer asks the watch first.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ml import asked, drift
from ml.asked import MOST_BYTES, Unanswerable
from ml.errors import LearningRefused
from ml.packages import Packaged, load
from ml.released import DRIFT, PACKAGE, Statement, held_still
from ml.watching import Watch

_log = logging.getLogger("ml.server")


class Served:
    """One verified model, who may still serve it, and what is told of drift.

    Parameters
    ----------
    drift : Drift, optional
        None where the platform asked for no monitoring.
    """

    def __init__(self, package: Packaged, statement: Statement, watch: Watch, drift: drift.Drift | None) -> None:
        self.package, self.statement, self.watch, self.drift = package, statement, watch, drift

    @classmethod
    def of(cls, folder: Path, public: Path, *, name: str = "", release: str = "") -> Served:
        """Return the model of a folder, once it is verified: what is read is what was.

        Parameters
        ----------
        name, release : str
            What is expected; left out, any released model is served.

        Raises
        ------
        LearningRefused
            It is not the model that was asked for, unchanged, or may not be served.
        """
        with held_still(folder, public, name=name, release=release) as (held, statement):
            package, policy = load(held / PACKAGE), drift.Policy.read(held / DRIFT)
        whole = folder.absolute()
        kept = whole.with_name(f"{whole.name}.drift.jsonl")
        monitored = drift.Drift(package.schema, policy, kept, datetime.now(UTC)) if policy else None
        return cls(package, statement, Watch.begun(statement, public, folder), monitored)

    def answer(self, body: bytes) -> dict[str, Any]:
        """Return the answer to a request.

        Raises
        ------
        Unanswerable
            It is not what the model was made for.
        LearningRefused
            The model may not be served any more.
        """
        self.watch.check()
        what = asked.read(body, self.package.schema)
        told = self.package.predict(what.frame)
        if self.drift is not None:
            self.drift.count(what, np.asarray(told), datetime.now(UTC))
        return {"predictions": [{self.package.schema.answer(): float(each)} for each in told]}

    def windows(self) -> list[drift.Window]:
        """Return what is told of drift, oldest first."""
        return self.drift.windows(datetime.now(UTC)) if self.drift is not None else []


Page = Callable[[Request], Awaitable[Response]]


def application(served: Served) -> Starlette:
    """Return the web application that answers for a model."""

    async def invocations(request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Unanswerable(415, "A request is application/json.")
        return JSONResponse(await run_in_threadpool(served.answer, await _body(request)))

    async def health(request: Request) -> Response:
        served.watch.check()
        return PlainTextResponse("\n")

    async def windows(request: Request) -> Response:
        told = await run_in_threadpool(served.windows)
        return JSONResponse({"model": served.statement.name, "windows": [vars(each) for each in told]})

    async def metrics(request: Request) -> Response:
        return PlainTextResponse(_metrics(served, await run_in_threadpool(served.windows)))

    pages: dict[str, Page] = {"/ping": health, "/health": health, "/drift": windows, "/metrics": metrics}
    routes = [Route(path, _answered(page), methods=["GET"]) for path, page in pages.items()]
    routes.append(Route("/invocations", _answered(invocations), methods=["POST"]))
    return Starlette(routes=routes)


def _answered(page: Page) -> Page:
    """Return the page so that it raises nothing: a handler of Starlette's would have uvicorn log the error as well.

    An error's words may hold a value of the request.
    """

    async def answered(request: Request) -> Response:
        try:
            return await page(request)
        except Unanswerable as error:
            return JSONResponse({"error": error.sentence}, status_code=error.status)
        except LearningRefused as error:
            return JSONResponse({"error": error.sentence()}, status_code=503)
        except Exception as error:  # an entry point: whatever it is, its kind is told and nothing else of it
            _log.error("a request could not be answered: %s", type(error).__name__)
            return JSONResponse({"error": "The model could not answer."}, status_code=500)

    return answered


async def _body(request: Request) -> bytes:
    """Return a request's body, cut off as soon as it is too long."""
    held = bytearray()
    async for chunk in request.stream():
        held += chunk
        if len(held) > MOST_BYTES:
            raise Unanswerable(413, f"A request has up to {MOST_BYTES // 1024**2} MB.")
    return bytes(held)


def _metrics(served: Served, windows: list[drift.Window]) -> str:
    """Return the newest window in Prometheus's text format (version 0.0.4): noisy figures alone."""
    lines = ["# TYPE model_drift_stability_index gauge", "# TYPE model_drift_epsilon gauge"]
    if windows:
        name, newest = served.statement.name, windows[-1]
        lines.append(f'model_drift_epsilon{{model="{name}"}} {newest.epsilon}')
        lines += [
            f'model_drift_stability_index{{model="{name}",column="{column}"}} {value}'
            for column, value in newest.stability.items()
            if value is not None
        ]
    return "\n".join(lines) + "\n"


def run(served: Served, host: str, port: int) -> None:
    """Answer until stopped."""
    import uvicorn

    uvicorn.run(application(served), host=host, port=port, access_log=False, log_level="warning", server_header=False)
