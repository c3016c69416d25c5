"""Proving a person by a code without a page: as the pages do it, with the same counting and the same record."""

from __future__ import annotations

from allauth.core import context
from allauth.mfa import signals
from allauth.mfa.models import Authenticator

from tre.errors import TreError
from tre.people.forms import AuthenticateForm
from tre.people.models import Account


class CodeWrong(TreError):
    """The code is not right, was used before, or too many were tried."""

    def __init__(self, *, too_often: bool) -> None:
        self.too_often = too_often
        if too_often:
            super().__init__("Too many codes were tried", todo="Wait five minutes")
        else:
            super().__init__("The code is not right, or was used before", todo="Wait for the next one")


def prove(account: Account, code: str) -> None:
    """Take a code of a person's authenticator app, or a recovery code: once, and written down.

    Raises
    ------
    CodeWrong
        When it does not prove the person; that it was wrong is written down, and counted with the sign-in's.
    """
    form = AuthenticateForm(data={"code": code}, user=account)
    if not form.is_valid():
        reasons = {each.code for each in form.errors.as_data().get("code", ())}
        raise CodeWrong(too_often="too_many_login_attempts" in reasons)
    proved: Authenticator = form.authenticator
    proved.record_usage()
    signals.authenticator_used.send(
        sender=Authenticator, request=context.request, user=account, authenticator=proved, reauthenticated=True,
        passwordless=False,
    )  # fmt: skip
