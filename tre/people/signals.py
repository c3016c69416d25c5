"""What other rooms may want to know of people."""

from __future__ import annotations

from django.dispatch import Signal

# Sent with ``account`` and ``by`` when everything that was opened in a person's name ends, in the transaction of why.
access_ended = Signal()
