"""The portal in the test's own process, for a browser that looks at its pages."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.core.cache import cache

from tre.people import forms


@pytest.fixture
def portal(live_server, monkeypatch, settings):
    """The portal's address: that of the test's own server, which has a port of its own."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright keeps a loop in this thread
    monkeypatch.setattr(forms, "load", lambda: SimpleNamespace(portal=live_server.url))
    settings.ANSWERED_HOSTS = [live_server.url.removeprefix("http://")]
    cache.clear()
    return live_server.url
