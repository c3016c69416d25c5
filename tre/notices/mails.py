"""A notice as an e-mail: plain text and HTML of the same words, with links alone.

It says what kind of thing happened, and nothing of what is in it: no name of a person, file or project, nothing that
anybody typed. Mail passes through machines of others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from tre.config.options import load
from tre.notices.models import Notice
from tre.people.models import Account


def single(notice: Notice) -> EmailMultiAlternatives:
    """Return the e-mail of one notice."""
    return _mail(notice.account, [notice], notice.words.title, f"{notice.once}:{notice.account_id}")


def digest(account: Account, notices: Sequence[Notice], day: str) -> EmailMultiAlternatives:
    """Return the e-mail of what a person was told up to the digest of a day.

    Parameters
    ----------
    day : str
        ``YYYY-MM-DD``.
    """
    title = f"{len(notices)} notices" if len(notices) > 1 else "One notice"
    return _mail(account, notices, title, f"digest:{day}:{account.pk}")


def _mail(account: Account, notices: Sequence[Notice], title: str, once: str) -> EmailMultiAlternatives:
    portal = load().portal
    told = {
        "title": title,
        "site_name": settings.SITE_NAME,
        "items": [(each, f"{portal}{reverse('notice', args=[each.pk])}") for each in notices],
        "page": f"{portal}{reverse('notices')}",
    }
    headers = {"Message-ID": _identity(once), "Auto-Submitted": "auto-generated"}  # RFC 3834, section 5
    body = render_to_string("notices/email.txt", told)
    made = EmailMultiAlternatives(f"[TRE] {title}", body, to=[account.email], headers=headers)
    made.attach_alternative(render_to_string("notices/email.html", told), "text/html")
    return made


def _identity(once: str) -> str:
    """Return the same Message-ID (RFC 5322, section 3.6.4) for the same e-mail: sent twice, a reader shows it once."""
    host = load().mail_from.rpartition("@")[2] or "localhost"
    return f"<{hashlib.sha256(f'{load().portal} {once}'.encode()).hexdigest()[:40]}@{host}>"
