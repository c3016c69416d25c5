"""Runs one job as ``python -m spark_jobs`` does, and lets it do nothing in its own process, as where rows are many.

Who is whom follows from local numbers, for linkage among so few has nothing to learn from.
"""

from __future__ import annotations

from unittest.mock import patch

from spark_jobs import linkage
from spark_jobs.__main__ import main
from spark_jobs.provisioning import few
from tests.health_system import by_local_number, on_spark_alone

if __name__ == "__main__":
    with on_spark_alone(), patch.object(few, "MOST_CELLS", -1), patch.object(linkage, "link", by_local_number):
        raise SystemExit(main())
