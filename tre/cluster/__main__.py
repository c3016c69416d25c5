"""Writes the cluster's manifests: ``python -m tre.cluster render VALUES FOLDER``, and ``... seccomp FOLDER``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import yaml

from tre.cluster.profile import FILE, profile
from tre.errors import TreError


def render(source: Path, folder: Path) -> None:
    """Write the manifests of these values, and a kustomization that lists them, into a folder.

    An operator's own patches go into another folder, whose kustomization names this one.
    """
    from tre.cluster.manifests import files, written
    from tre.cluster.values import read

    made = files(read(source))
    folder.mkdir(parents=True, exist_ok=True)
    for name, manifests in made.items():
        (folder / name).write_text(written(manifests))
    listed = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": [*made]}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(listed, sort_keys=False))


def seccomp(folder: Path) -> None:
    """Write the profile of system calls, for each node's ``seccomp/profiles`` folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(json.dumps(profile(), indent=1) + "\n")


def main() -> int:
    """Do what the command line says; a wrong value is one sentence."""
    parser = argparse.ArgumentParser(prog="python -m tre.cluster", description="Write a cluster's manifests")
    verbs = parser.add_subparsers(dest="verb", required=True)
    rendered = verbs.add_parser("render", help="write the manifests")
    rendered.add_argument("values", type=Path)
    rendered.add_argument("folder", type=Path)
    verbs.add_parser("seccomp", help="write the profile of system calls").add_argument("folder", type=Path)
    told = parser.parse_args()
    try:
        if told.verb == "render":
            render(told.values, told.folder)
        else:
            seccomp(told.folder)
    except TreError as error:
        print(error.sentence(), file=sys.stderr)
        return error.exit_status
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
