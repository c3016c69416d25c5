"""What an operator does with submissions at the command line, in the name of a data manager."""

from __future__ import annotations

from pathlib import Path

from tre.catalogue import jobs
from tre.catalogue.withdrawals import withdraw
from tre.errors import Refused
from tre.people.models import Account
from tre.people.services import principal_of
from tre.policy.decision import require
from tre.policy.domain import PLATFORM, Principal
from tre.progress import Say


def land(folder: Path, provider: str | None, by: str, say: Say) -> None:
    """Land one submission from a provider's outbox.

    Raises
    ------
    Refused
        When the person may not land, or the submission is refused; then nothing of it stays.
    """
    require(_acting(by), "land_submission", PLATFORM)
    submission = jobs.land(folder, by, say, provider=provider)
    rows = sum(file["rows"] for file in submission.files)
    say(f"{submission.identity} from {submission.provider} has landed: {len(submission.files)} files, {rows:,} rows.")


def take_back(submission: str, dataset: str, reason: str, by: str, say: Say) -> None:
    """Withdraw a submission or a dataset, as its controller asks.

    Raises
    ------
    Refused
        When the person may not, or nothing of this name is held.
    """
    made = withdraw(_acting(by), submission=submission, dataset=dataset, reason=reason)
    for each in made:
        say(f"{each.dataset} of {each.submission} is withdrawn.")
    say("The worker erases landing's copy, builds the warehouse without it, and erases the versions that held it.")


def stream(bounded: bool, by: str, say: Say) -> None:
    """Take device readings in until stopped; bounded, until what has been dropped is in.

    Raises
    ------
    Refused
        When the person may not land, or the warehouse was never built.
    """
    require(_acting(by), "land_submission", PLATFORM)
    jobs.stream(by, say, bounded=bounded)


def _acting(username: str) -> Principal:
    """Return the person in whose name the operator acts; who may use this machine's shell has been let in already."""
    account = Account.objects.filter(username=username).first()
    if account is None:
        raise Refused("There is no such account", where=username, todo="Name a data manager with --by")
    return principal_of(account, used_second_factor=True)
