"""Brings the registry to what the platform has decided of a model's versions: what is said of each, and its aliases.

It may run again at any time. Who starts it looks afterwards whether more was decided meanwhile, and starts it again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ml.registry_client import platforms
from ml.standing import TAG, Standing


def run(spec: dict[str, Any], keys: dict[str, bytes], progress: Callable[[str], None]) -> dict[str, Any]:
    """Write each version's standing and set the aliases.

    Parameters
    ----------
    spec : dict
        ``registry_uri`` and ``registry_user``; ``name``; ``standings``, each the values of a
        :class:`~ml.standing.Standing`; ``aliases``, the version of each or None where it names none.
    keys : dict
        ``registry-password`` and ``model-signing`` (PEM).
    """
    client = platforms(spec, keys)
    progress(f"settling {spec['name']}")
    for told in spec["standings"]:
        standing = Standing(**told)
        sealed = standing.seal(keys["model-signing"])
        client.set_model_version_tag(standing.name, str(standing.version), TAG, sealed)
    for alias, version in spec["aliases"].items():
        _set_alias(client, spec["name"], alias, version)
    return {"name": spec["name"], "versions": len(spec["standings"])}


def _set_alias(client: Any, name: str, alias: str, version: int | None) -> None:
    if version is not None:
        client.set_registered_model_alias(name, alias, str(version))
        return
    client.delete_registered_model_alias(name, alias)
