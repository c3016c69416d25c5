"""Models that were released before there was a table of them, and what their alias names: the newest of each."""

from __future__ import annotations

from typing import Any

from django.db import migrations
from django.utils import timezone


def keep(apps: Any, editor: Any) -> None:
    """Keep each of them, recalled where its release was, and queue that the registry says so."""
    release, job = apps.get_model("airlock", "Release"), apps.get_model("runs", "Job")
    kept, alias = (apps.get_model("registered", each) for each in ("RegisteredModel", "Alias"))
    for made in release.objects.select_related("request__project").exclude(models_registered=[]).order_by("id"):
        weights = [str(file["name"]).rpartition("/")[0] for file in made.files if _is_weights(str(file["name"]))]
        folders = {f"{made.request.project.code}-{folder.rpartition('/')[2]}": folder for folder in weights}
        for told in made.models_registered:
            name, version, recalled = str(told["name"]), int(told["version"]), made.request.state == "recalled"
            kept.objects.create(
                release=made, name=name, version=version, folder=folders.get(name, ""), recalled=recalled
            )
            if not recalled:
                alias.objects.update_or_create(name=name, alias="champion", defaults={"version": version})
            queued = {"kind": "registered.settle", "payload": {"name": name}, "due": timezone.now()}
            job.objects.get_or_create(once=f"registered.settle:{name}:kept", defaults=queued)


def _is_weights(name: str) -> bool:
    return name.endswith("/weights.safetensors")


class Migration(migrations.Migration):
    dependencies = [("registered", "0001_registered_models"), ("runs", "0001_initial")]

    operations = [migrations.RunPython(keep, migrations.RunPython.noop)]
