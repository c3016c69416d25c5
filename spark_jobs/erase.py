"""Erases what a controller withdrew: landing's own copy, and from the tables every version older than the newest.

A certificate says what was removed: of landing which files, with the digests they were sent with; of each table which
versions, which files and their digests. It holds no value.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spark_jobs import landed, vacuum


def run(spec: dict[str, Any], keys: dict[str, bytes], progress: Callable[[str], None]) -> dict[str, Any]:
    """Erase, and return what the certificate says in short. Run again, it erases what is still there.

    Parameters
    ----------
    spec : dict
        ``landing``, ``warehouse`` and ``certificates`` (folders), ``submissions`` (each with its name and the
        ``datasets`` of it to erase) and ``tables`` (those whose newest version no longer holds what was withdrawn).

    Returns
    -------
    dict
        ``landing`` (files erased), ``tables`` (each with its name, the versions erased, the version kept, and how many
        files), ``certificate`` (file name) and ``sha256`` (of the certificate).
    """
    landing, warehouse = Path(spec["landing"]), Path(spec["warehouse"])
    files = [
        {"submission": each["submission"], **file}
        for each in spec["submissions"]
        for file in landed.erase(landing, each["submission"], each["datasets"])
    ]
    tables = []
    for name in spec["tables"]:
        if (warehouse / name).is_dir():
            progress(f"erasing older versions of {name}")
            tables.append({"table": name, **vacuum.keep_newest(warehouse / name)})
    if spec["tables"]:  # a build without the data is done: its own spine is the current one
        landed.erase_old_spines(landing)
    text = json.dumps({"landing": files, "tables": tables}, indent=2, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    certificate = Path(spec["certificates"]) / f"erasure-{digest[:16]}.json"
    certificate.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    staged = certificate.with_suffix(".part")
    staged.write_text(text)
    os.replace(staged, certificate)
    told = [{**each, "files": len(each["files"])} for each in tables]
    return {"landing": len(files), "tables": told, "certificate": certificate.name, "sha256": digest}
