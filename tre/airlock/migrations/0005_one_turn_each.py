"""What there was before turns becomes one turn with one group.

Two reviews that did not agree are being consolidated; a request whose release was halted is told from one that
inspection blocked by what the audit log says of it.
"""

from __future__ import annotations

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_MODEL = {"model.json", "weights.safetensors", "card.json", "card.md"}
_UNDECIDED = 2


def take_over(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    get = lambda name: apps.get_model("airlock", name).objects  # noqa: E731
    for request in get("Request").all():
        files = get("RequestFile").filter(request=request)
        group = get("Group").create(
            request=request, turn=1, name="Files", context=request.context, controls="As the context tells."
        )
        files.update(group=group)
        names = set(files.values_list("name", flat=True))
        folders = {name.rpartition("/")[0] for name in names if name.rpartition("/")[2] == "model.json"}
        whole = {each for each in folders if each and f"{each}/weights.safetensors" in names}
        parts = [f"{folder}/{name}" for folder in whole for name in _MODEL]
        files.filter(name__in=parts).update(kind="model")
        turn = get("Turn").create(request=request, number=1, members=_members(apps, request))
        get("Turn").filter(pk=turn.pk).update(began=request.created, submitted=request.created)
        _take_over_reviews(get("Review").filter(request=request).order_by("id"), request, get("Assignment"))
        request.phase = _phase(apps, request)
        if request.phase == "consolidation":
            request.places = 3
        get("Request").filter(pk=request.pk).update(phase=request.phase, places=request.places)


def _members(apps: StateApps, request: models.Model) -> list[str]:
    members = apps.get_model("projects", "Membership").objects.filter(project=request.project_id)
    return sorted(members.values_list("account__username", flat=True))


def _take_over_reviews(reviews: models.QuerySet, request: models.Model, assignments: models.Manager) -> None:
    for place, review in enumerate(reviews):
        phase = "independent" if place < _UNDECIDED else "consolidation"
        type(review).objects.filter(pk=review.pk).update(handed_in=review.at, phase=phase)
        assignments.create(request=request, turn=1, checker_id=review.checker_id)


def _phase(apps: StateApps, request: models.Model) -> str:
    if request.state == "in_review":
        reviews = apps.get_model("airlock", "Review").objects.filter(request=request).count()
        return "consolidation" if reviews >= _UNDECIDED else "independent"
    halted = apps.get_model("audit", "Entry").objects.filter(
        event="airlock.release_halted", subject=f"request:{request.pk}"
    )
    return "halted" if request.state == "blocked" and halted.exists() else ""


class Migration(migrations.Migration):
    dependencies = [("airlock", "0004_turns"), ("audit", "0001_initial")]
    operations = [migrations.RunPython(take_over, migrations.RunPython.noop)]
