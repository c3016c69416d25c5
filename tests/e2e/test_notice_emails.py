"""E-mails of notices can be read by everybody: axe looks at one as a mail reader shows it."""

from __future__ import annotations

import pytest
from django.core import mail
from django.db import transaction

from tests.airlock import work
from tests.e2e.accessible import faults, pictured
from tests.e2e.browsing import browser, chromium
from tests.factories import person
from tre.notices.services import tell
from tre.people.models import Account

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="Chromium is not installed"),
]


def test_an_email_can_be_read_by_everybody(monkeypatch):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright keeps a loop in this thread
    person("ann", "researcher")
    with transaction.atomic():
        tell("returned", Account.objects.all(), "request:7", once="x")
    work()
    html, _ = mail.outbox[0].alternatives[0]
    with browser() as started:
        page = started.new_context(viewport={"width": 1024, "height": 700}).new_page()
        page.set_content(html)
        pictured(page, "notices", "email")
        assert faults(page, "e-mail") == []
