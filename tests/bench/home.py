"""A home of its own for a benchmark that needs the product's database."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from tre.config.options import load


@contextmanager
def product_home() -> Iterator[Path]:
    """Set the product up in an empty folder, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tre-bench-") as home:
        told = {"TRE_HOME": home, "DJANGO_SETTINGS_MODULE": "tre.config.settings"}
        with patch.dict(os.environ, told):
            load.cache_clear()
            try:
                import django
                from django.db import connections

                django.setup()
                yield Path(home)
                connections.close_all()
            finally:
                load.cache_clear()
