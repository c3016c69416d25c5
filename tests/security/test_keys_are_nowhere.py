"""A key is data of a Spark job and nothing else: no plan, page, event log, log, file or command line has it."""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.processes import tree

pytestmark = pytest.mark.spark
# Spark's shell keeps all but warnings from its log whatever level is asked for: this file is read before.
_LOG = """
rootLogger.level = info
rootLogger.appenderRef.stdout.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %p %c: %m%n%ex
logger.execution.name = org.apache.spark.sql
logger.execution.level = debug
"""
_BYTES = 10  # of a key: so much of it in a row is no chance


def forms(key: bytes) -> dict[str, bytes]:
    """Return how the beginning of a key may be written."""
    part = key[:_BYTES]
    signed = [each - 256 if each > 127 else each for each in part]
    told = {
        "hexadecimal": part.hex(),
        "base64": base64.b64encode(key)[:12].decode(),
        "base64 of a web address": base64.urlsafe_b64encode(key)[:12].decode(),
        "Python": repr(part)[2:-1],
        "JSON": json.dumps(part.decode("latin-1"))[1:-1],
    }
    for name, numbers in (("decimal", list(part)), ("Java's bytes", signed)):
        for separator in (", ", ",", " "):
            told[f"{name}, by '{separator}'"] = separator.join(str(each) for each in numbers)
    spelled = {name: text.encode() for name, text in told.items()}
    return {**spelled, "HEXADECIMAL": part.hex().upper().encode(), "raw": part}


def where(key: bytes, places: dict[str, bytes]) -> set[tuple[str, str]]:
    """Return where a key was found, and in which form."""
    return {(place, form) for place, told in places.items() for form, text in forms(key).items() if text in told}


@pytest.mark.parametrize("form", forms(bytes(32)))
def test_every_form_of_a_key_is_found(form):
    key = secrets.token_bytes(32)
    assert (("a place", form)) in where(key, {"a place": b"before " + forms(key)[form] + b" after"})
    assert not where(key, {"a place": secrets.token_bytes(4096)})


def sampled(process: subprocess.Popen[bytes]) -> dict[str, bytes]:
    """Return every command line and environment of a process and its children, looked at until it ends."""
    seen: dict[str, bytes] = {}
    while process.poll() is None:
        for pid in [each.pid for each in tree(process.pid)]:
            for name in ("cmdline", "environ"):
                try:
                    told = Path(f"/proc/{pid}/{name}").read_bytes()
                except OSError:
                    continue
                seen[f"{name} of {told[:40]!r} {hash(told)}"] = told
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
    return seen


@pytest.fixture(scope="module")
def watched(tmp_path_factory, request) -> tuple[dict[str, bytes], dict[str, bytes], bytes]:
    """Run the jobs with everything switched on; return what was to be seen, the keys, and the planted one."""
    from tre.config.options import load
    from tre.runs.class_archive import java_options
    from tre.runs.java import java_home

    out = tmp_path_factory.mktemp("watched")
    (out / "log4j2.properties").write_text(_LOG)
    purposes = ("warehouse-pseudonym", "warehouse-pseudonym.1", "exact-match", "project-pseudonym")
    keys, planted = {each: secrets.token_bytes(32) for each in purposes}, secrets.token_bytes(32)
    told = {"keys": {purpose: key.hex() for purpose, key in keys.items()}, "planted": planted.hex()}
    java = java_home(load().path("run", "java"))
    options = f"{java_options(java)} -Dlog4j2.configurationFile={out / 'log4j2.properties'}"
    own = {"JAVA_HOME": str(java), "PYSPARK_PYTHON": sys.executable}
    own |= {"TRE_SPARK_JAVA_OPTIONS": options, "TRE_SPARK_PARTITIONS": "2"}
    with (out / "log").open("wb") as log, subprocess.Popen(
        [sys.executable, "-m", "tests.security.watched_jobs", str(out)], cwd=REPOSITORY, stdin=subprocess.PIPE,
        stdout=log, stderr=subprocess.STDOUT, env={**os.environ, **own},
    ) as process:  # fmt: skip
        assert process.stdin is not None
        process.stdin.write(json.dumps(told).encode())
        process.stdin.close()
        places = sampled(process)
    text = (out / "log").read_text(errors="replace")
    assert process.returncode == 0, text[-3000:]
    files = [path for name in ("log", "shown", "files") for path in [out / name, *(out / name).rglob("*")]]
    places |= {str(path.relative_to(out)): path.read_bytes() for path in files if path.is_file()}
    return places, keys, planted


def test_the_jobs_keys_are_nowhere(watched):
    places, keys, _ = watched
    for purpose, key in keys.items():
        assert where(key, places) == set(), purpose


def test_everything_was_looked_at_and_a_planted_key_is_found_in_each_kind_of_place(watched):
    places, _, planted = watched
    found = {place.split("/")[-1].split("-")[0] for place, _ in where(planted, places)}
    assert {"plan", "page"} <= found
    assert any(place.startswith("shown/events/") for place, _ in where(planted, places))
    assert any(place.startswith("files/") for place, _ in where(planted, places))
    names = " ".join(places)
    for kind in ("shown/plan-", "shown/page-", "shown/events/", "files/scratch|", "log", "cmdline of", "environ of"):
        assert kind in names, kind
    assert b"INFO org.apache.spark" in places["log"]
    assert b"DEBUG org.apache.spark.sql" in places["log"]
    assert b"public Object generate(Object[] references)" in places["log"]  # the code that plans were compiled to
    plans = b"".join(told for place, told in places.items() if "shown/plan-" in place)
    assert plans.count(b"hmac(_key") > 3  # the frames that are pseudonymised were among them
