"""What the audit log is told of a landing that was refused."""

from __future__ import annotations

import pytest

from tre.audit.models import Entry
from tre.catalogue import jobs
from tre.catalogue.models import Submission
from tre.runs.runner import JobRefused

pytestmark = pytest.mark.django_db


def test_a_refused_landing_is_written_down_without_the_sender_s_words(monkeypatch, tmp_path):
    def refuse(name: str, spec: dict, keys: dict, **more: object) -> dict:
        raise JobRefused("A file is there that the manifest does not list (Margaret Hughes.csv).")

    monkeypatch.setattr(jobs, "run_job", refuse)
    for _ in range(2):
        with pytest.raises(JobRefused):
            jobs.land(tmp_path, "data-manager")
    assert not Submission.objects.exists()
    told = Entry.objects.filter(event="catalogue.landing_refused")
    assert [(entry.actor, entry.subject, entry.data) for entry in told] == [("data-manager", "landing", {})] * 2
