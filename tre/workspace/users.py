"""Which user ids sandboxes run as: one for each person in a project, and one for each project's services."""

from __future__ import annotations

from tre.config.options import load
from tre.projects.models import Membership, Project

# User ids of project services lie above those of persons: one range for each, both above the base.
_SERVICES_ABOVE = 100_000
_SCREENS_ABOVE = 200_000
_TRIALS_ABOVE = 300_000


def person_uid(membership: Membership) -> int:
    """Return the user id under which a person's notebook server in a project runs."""
    return load().sandbox_uid_base + membership.pk


def screen_uid(membership: Membership) -> int:
    """Return the user id under which the screen of a person's strict workspace in a project runs: not the person's."""
    return person_uid(membership) + _SCREENS_ABOVE


def service_uid(project: Project) -> int:
    """Return the user id under which a project's Spark and MLflow run."""
    return project.gid + _SERVICES_ABOVE


def trial_ids() -> tuple[int, int]:
    """Return the user and group id of a sandbox that is opened for a trial: nobody's else."""
    trial = load().sandbox_uid_base + _TRIALS_ABOVE
    return trial, trial
