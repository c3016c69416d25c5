"""Seeing what a file would disclose before it is submitted, in the workspace itself."""

from __future__ import annotations

import os
from pathlib import Path

from tre.workspace.client.display import Inspected
from tre.workspace.client.door import PlatformError
from tre.workspace.client.rules import rules


def inspect(path: str | Path, *, profile: str | None = None) -> Inspected:
    """Return what inspection finds in one file, as the airlock will see it but for exact match.

    The identifiers that the platform holds are in no workspace, nor is the key they are asked with, so that an exact
    match is made at the airlock alone: a file that passes here may be blocked there.

    Parameters
    ----------
    path : str or Path
        The file.
    profile : str, optional
        A profile of ``policies/disclosure.yaml``; the project's own rules without it.

    Returns
    -------
    Inspected
        A dict of ``file``, ``verdict`` (``pass``, ``review`` or ``block``), ``type``, ``findings``, each with place,
        the reason and what to do, and ``fixes``, the mends that `tre inspect --fix` would offer.

    Raises
    ------
    PlatformError
        There is no such file, or the platform does not say what the project's rules are.
    DisclosureError
        There is no such profile.
    """
    from tre.disclosure import Context
    from tre.disclosure import inspect as examined
    from tre.disclosure.fixes import fixes_for

    file = Path(path)
    if not file.is_file() or file.is_symlink():
        raise PlatformError("There is no such file", where=os.fspath(path), todo="Check its path")
    # The workspace is a sandbox without a network already, and bubblewrap does not work within it.
    held = rules(profile)
    context = Context(
        held.profile, sandbox=False, quasi=held.quasi, population=held.population, overrides=held.overrides()
    )
    found = examined(file, context, name=file.name)
    told = found.to_json()
    kept = {name: told[name] for name in ("verdict", "type", "findings")}
    return Inspected(file=file.name, **kept, fixes=[fix.name for fix in fixes_for(found)])
