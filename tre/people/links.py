"""Sending a person the link by which they come in, or come back: to their own address, and told nowhere else.

Each is sent after what it opens stands, so that no link is sent that opens nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from smtplib import SMTPException

from allauth.account.adapter import get_adapter
from allauth.account.forms import ResetPasswordForm
from django.http import HttpRequest

from tre.people.domain import INVITATION_DAYS, ROLES
from tre.people.models import Account, Invitation

_log = logging.getLogger("tre.people")


def send_invitation(request: HttpRequest, made: Invitation, link: str) -> bool:
    """Send an invitation's link, and return whether the mail server took it."""
    told = {"link": link, "days": INVITATION_DAYS, "roles": [ROLES[name] for name in made.roles]}
    return _sent("an invitation", lambda: get_adapter(request).send_mail("people/email/invitation", made.email, told))


def send_way_back(request: HttpRequest, account: Account) -> bool:
    """Send the link by which a person sets a new password, and return whether the mail server took it."""
    form = ResetPasswordForm({"email": account.email})
    return form.is_valid() and _sent("a link", lambda: form.save(request))


def _sent(what: str, send: Callable[[], object]) -> bool:
    try:
        send()
    except (SMTPException, OSError) as error:  # its words may hold an address: its kind is enough
        _log.error("%s could not be sent: %s", what, type(error).__name__)
        return False
    return True
