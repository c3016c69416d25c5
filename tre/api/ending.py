"""Ends tokens with what they stand on: whoever loses a role, a second factor or their account loses their tokens."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from tre.api.tokens import revoke_all_of
from tre.people.models import Account
from tre.people.signals import access_ended


@receiver(access_ended)
def _ended(sender: object, *, account: Account, by: str, **more: Any) -> None:
    revoke_all_of(account, by)
