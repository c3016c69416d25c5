"""What there is to tell, in words that hold no name of a person, file or project. Pure; no I/O."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Kind = Literal[
    "review_wanted", "third_wanted", "not_agreed", "blocked", "returned", "approved", "rejected", "halted", "released",
    "expired", "recalled", "download_ends", "import_review_wanted", "import_blocked", "import_rejected",
    "import_placed", "extract_ready", "extract_ends", "agreement_ends", "submission_landed", "submission_refused",
    "pairs_wait", "budget_nearly", "budget_spent", "application_approved", "application_declined",
]  # fmt: skip
How = Literal["once", "daily", "page"]
Mail = Literal["once", "daily", ""]

HOW: dict[How, str] = {
    "once": "By e-mail at once",
    "daily": "By one e-mail a day",
    "page": "In this page alone",
}
# What was being told while a digest is made goes into the next one: no transaction of ours takes so long.
_MARGIN = timedelta(minutes=5)


@dataclass(frozen=True)
class Words:
    """What one kind of notice says: its title, and one sentence that says what it means."""

    title: str
    sentence: str


KINDS: dict[Kind, Words] = {
    "review_wanted": Words("A request waits for review", "It needs output checkers. Take it if you can."),
    "third_wanted": Words("A request needs another checker", "Those who review it ask for one more voice."),
    "not_agreed": Words("Your review and others do not agree", "Look at what the others say, and hand in again."),
    "blocked": Words("Your request is blocked", "Inspection found what may not leave. It says what to mend."),
    "returned": Words("Your request is returned", "Its checkers ask for changes. You can begin its next version."),
    "approved": Words("Your request is approved", "It is released next; you are told when that is done."),
    "rejected": Words("Your request is rejected", "Its checkers say why."),
    "halted": Words("The release of your request was halted", "Nothing of it left. Its page says why."),
    "released": Words("Your request is released", "You can download it for a time."),
    "expired": Words("Your request has expired", "It waited too long for you. You can ask for the same files anew."),
    "recalled": Words("What you took out was recalled", "Do not use it any more, and delete it. Its page says why."),
    "download_ends": Words("The time to download a release ends soon", "Download it, if you have not."),
    "import_review_wanted": Words("An import waits for review", "Two who are not of its project have to look at it."),
    "import_blocked": Words("Your import is blocked", "What was found in it may not come in. Its page says what."),
    "import_rejected": Words("Your import is refused", "Its page says why."),
    "import_placed": Words("Your import is in the workspace", "Its page says in which folder."),
    "extract_ready": Words("A project's extract is ready", "You can open a workspace on it."),
    "extract_ends": Words("A project's extract ends soon", "What you need of it has to be done before its last day."),
    "agreement_ends": Words("A project's agreement ends soon", "Its lead asks for a renewal if the work is to go on."),
    "submission_landed": Words("A submission has landed", "It is in the warehouse once that is built next."),
    "submission_refused": Words("A submission was refused", "Nothing of it is kept. Whoever sent it was told why."),
    "pairs_wait": Words("Doubtful pairs wait for a decision", "A build found more records that may be one person's."),
    "budget_nearly": Words("A privacy budget is nearly spent", "Plan with what is left of it."),
    "budget_spent": Words("A privacy budget is spent", "No more can be told with it."),
    "application_approved": Words("A project's application is approved", "Its page says what was agreed."),
    "application_declined": Words("A project's application is declined", "Its page says why."),
}


def mailed(kind: Kind, chosen: How, always: Collection[str]) -> Mail:
    """Return how a notice goes by e-mail to somebody who has chosen so; an empty text where it does not."""
    if kind in always:
        return "once"
    return "" if chosen == "page" else chosen


def next_digest(now: datetime, hour: int) -> datetime:
    """Return the moment of the next digest that is sure to hold what is told now.

    Parameters
    ----------
    now : datetime
        In the time zone that the hour is of.
    """
    today = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    return today if today - now > _MARGIN else today + timedelta(days=1)
