"""A checker of others' requests who is, or was, a member of a project stands on its author's side in it."""

from __future__ import annotations

import pytest

from tests.airlock import inspected, open_study, vote
from tests.api import call, token_of
from tests.factories import as_seen_now, person
from tests.unit.test_pages import browser
from tre.airlock.comments import comment
from tre.airlock.models import Request
from tre.people.models import Account
from tre.projects.models import Membership, PastMembership

pytestmark = pytest.mark.django_db
HIDDEN = "Their arithmetic is odd; look at group one."


@pytest.fixture
def made() -> Request:
    """Return a request that is decided, with a comment for checkers only, in a project that eve is a member of."""
    study = open_study()
    person("eve", "output_checker")
    Membership.objects.create(project=study, account=Account.objects.get(username="eve"), lead=False)
    request = inspected(study)
    group = request.groups.get(turn=request.turn)
    comment(request.pk, as_seen_now("cat"), group.pk, HIDDEN, checkers_only=True)
    for who in ("cat", "dan"):
        vote(request, who)
    return request


def seen(who: str, request: Request) -> str:
    return browser(who).get(f"/airlock/{request.pk}/").content.decode()


@pytest.mark.parametrize("left", [False, True])
def test_what_checkers_say_among_themselves_is_kept_from_them(made, left):
    if left:
        member = Membership.objects.get(account__username="eve")
        PastMembership.objects.create(project=member.project, account=member.account)
        member.delete()
    assert HIDDEN in seen("dan", made)
    assert HIDDEN not in seen("eve", made)
    told = call(token_of("eve", "requests.read"), "GET", f"/requests/{made.pk}").content.decode()
    assert HIDDEN not in told
