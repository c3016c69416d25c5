"""Django's registration of this room."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The ``people`` room."""

    name = "tre.people"
    label = "people"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to what allauth tells of, and have it be patient."""
        from allauth.core.internal import ratelimit

        from tre.people import recording  # noqa: F401

        # Attempts from one address are counted one after the other. allauth, which has no setting for it, gives up
        # after a second and turns the person away as one attempt too many: when many sign in at once they are none.
        ratelimit.CACHE_LOCK_WAIT_TIMEOUT = 2 * ratelimit.CACHE_LOCK_TIMEOUT
