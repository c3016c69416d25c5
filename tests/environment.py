"""The settings of a test run, made before anything reads them: pytest loads this ahead of every other plugin (`-p`).

pytest-django reads Django's settings before any conftest.py is loaded, so this cannot stand there. Nothing of the
developer's own settings or home is used.
"""

from __future__ import annotations

import os
import tempfile

for _name in [name for name in os.environ if name.startswith("TRE_") and not name.startswith("TRE_TEST_")]:
    del os.environ[_name]
# Every Java here is short-lived: compiling what it runs as well as can be would cost more than it saves. Compiled so,
# it has room for 48 MB of code by default, which Spark fills, and then compiles again and again what it threw away.
os.environ.setdefault(
    "JDK_JAVA_OPTIONS",
    "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:ReservedCodeCacheSize=240m -XX:MetaspaceSize=300m -XX:NewSize=400m",
)
os.environ["TRE_HOME"] = tempfile.mkdtemp(prefix="tre-test-")
if os.environ.get("TRE_TEST_DB") == "postgresql":
    from tests import postgres

    os.environ["TRE_DATABASE_URL"] = postgres.start()
