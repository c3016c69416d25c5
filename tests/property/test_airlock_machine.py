"""The whole airlock against a model of it: whoever does whatever in whatever order, nothing leaves unapproved.

The model is written apart from the product: plain sets and counts, no code of its. After each step the two are in the
same place, and whatever is approved has been approved, file by file and byte by byte, by as many independent checkers
as have to be. Each example is one transaction that is rolled back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.airlock import SAFE, open_study, quick_inspection
from tests.factories import as_seen_now, person
from tre.airlock import assignments, comments, drafts, jobs, recalls, reviews, services, submissions
from tre.airlock.deciding import Vote
from tre.airlock.drafts import Upload
from tre.airlock.models import Release, Request
from tre.errors import Refused
from tre.people.models import Account
from tre.projects.models import Membership, PastMembership, Project

pytestmark = pytest.mark.django_db
CHECKERS = ("cat", "dan", "eve", "fay")
NAMES = ("a.csv", "b.csv")
BYTES = (SAFE, SAFE + b"90s,30\n", SAFE + b"91s,31\n")
OF_AUTHOR = frozenset({"add", "remove", "submit", "revise", "withdraw", "comment"})
OF_CHECKERS = frozenset({"take", "give_back", "vote", "hand_in", "escalate", "comment", "recall"})
# Who may do what in any state: the author, checkers, and nobody else of these.
MAY = {"ann": OF_AUTHOR, **dict.fromkeys(CHECKERS, OF_CHECKERS)} | dict.fromkeys(
    ("amy", "pat", "old", "res"), frozenset()
)
# In which states alone an act can succeed.
IN = {
    **dict.fromkeys(("add", "remove", "submit"), frozenset({"draft"})),
    **dict.fromkeys(("take", "give_back", "vote", "hand_in", "escalate"), frozenset({"in_review"})),
    "revise": {"returned", "blocked"},
    "recall": {"released"},
    "withdraw": {"draft", "submitted", "in_review", "returned", "blocked"},
}
_WHO = st.sampled_from(sorted(MAY))
_CHECKER, _NAME = st.sampled_from(CHECKERS), st.sampled_from(NAMES)
_CHOICE = st.sampled_from(["approve", "approve", "approve", "return", "reject"])
_WAYS = ("drafted", "in review", "returned", "approved", "a third", "thought again", "withdrawn")
_SEEN: Counter[str] = Counter()


class Airlock(RuleBasedStateMachine):
    """One request, everybody who may want something of it, and what should become of it."""

    study: ClassVar[Project]
    way: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self._whole = transaction.atomic()
        self._whole.__enter__()
        made = drafts.draft(as_seen_now("ann"), self.study, "Counts.")
        self.number, self.state, self.phase, self.turn = made.pk, "draft", "", 1
        self.files: dict[str, int] = {}
        self.before: dict[str, dict[str, tuple[str, int]]] = {}  # approvals of the turn before, by checker
        self._empty()

    def _empty(self) -> None:
        self.needed = self.places = 2
        self.holders: list[str] = []
        self.saved: dict[str, dict[str, str]] = {}
        self.handed: dict[str, dict[str, str]] = {}  # the last of each checker
        self.again: set[str] = set()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self._whole.__exit__(None, None, None)

    # What people try

    def _try(self, who: str, act: str, name: str = "a.csv", choice: str = "approve") -> None:
        person = as_seen_now(who)
        request = Request.objects.get(pk=self.number)
        file = next((each for each in request.held() if each.name == name), None)
        group = request.groups.filter(turn=request.turn).first()
        acts: dict[str, Callable[[], Any]] = {
            "take": lambda: assignments.take(self.number, person),
            "give_back": lambda: assignments.give_back(self.number, person),
            "vote": lambda: reviews.save_vote(
                self.number, person, Vote(file.pk if file else 0, choice, "Why.", file.sha256 if file else "")
            ),
            "hand_in": lambda: reviews.hand_in(self.number, person),
            "escalate": lambda: assignments.escalate(self.number, person, "Look."),
            "comment": lambda: comments.comment(self.number, person, group.pk if group else 0, "Said."),
            "recall": lambda: recalls.recall(self.number, person, "Wrong."),
            "add": lambda: drafts.add_files(self.number, person, "Tables", [Upload(name, [BYTES[0]])]),
            "remove": lambda: drafts.remove_file(self.number, person, file.pk if file else 0),
            "submit": lambda: submissions.submit_draft(self.number, person, "Done."),
            "revise": lambda: submissions.revise(self.number, person),
            "withdraw": lambda: services.withdraw(self.number, person),
        }
        acts[act]()

    def _expect(self, allowed: bool, who: str, act: str, name: str = "a.csv", choice: str = "approve") -> bool:
        """Do it, and see that it is refused just where the model says so."""
        if allowed:
            self._try(who, act, name, choice)
            _SEEN[act] += 1
        else:
            with pytest.raises(Refused):
                self._try(who, act, name, choice)
        return allowed

    @rule(who=_WHO, act=st.sampled_from(sorted(OF_AUTHOR | OF_CHECKERS)))
    def nobody_does_what_the_table_forbids(self, who: str, act: str) -> None:
        if act not in MAY[who]:
            with pytest.raises(Refused):
                self._try(who, act)
            _SEEN["forbidden"] += 1

    @rule(who=st.sampled_from(["ann", *CHECKERS]), act=st.sampled_from(sorted(IN)))
    def nobody_does_what_the_state_forbids(self, who: str, act: str) -> None:
        if self.state not in IN[act]:
            with pytest.raises(Refused):
                self._try(who, act)
            _SEEN["out of turn"] += 1

    # Ways that are gone often, so that steps at their end are met too

    @initialize(names=st.sampled_from([NAMES[:1], NAMES]))
    def begin(self, names: tuple[str, ...]) -> None:
        """Begin at one of the places from which all others are near."""
        for name in names:
            self.add(name, 0)
        if self.way == "drafted":
            self.remove(NAMES[0])
            return
        self.submit()
        self.inspect()
        if self.way == "returned":
            self.agree("return")
            self.answer(1)
        elif self.way == "approved":
            self.agree("approve")
        elif self.way == "a third":
            self.take_and_ask_for_a_third(CHECKERS[0])
        elif self.way == "thought again":
            self.think_again(CHECKERS[0])
        elif self.way == "withdrawn":
            self.withdraw(0)

    @rule(content=st.sampled_from(range(len(BYTES))))
    @precondition(lambda self: self.state == "returned")
    def answer(self, content: int) -> None:
        self.revise()
        self.add(NAMES[0], content)
        self.submit()
        self.inspect()

    @rule(who=_CHECKER)
    @precondition(lambda self: self.state == "in_review")
    def think_again(self, who: str) -> None:
        self.take(who)
        self.give_back(who)

    @rule(who=_CHECKER)
    @precondition(lambda self: self.state == "in_review")
    def take_and_ask_for_a_third(self, who: str) -> None:
        self.take(who)
        self.escalate(who)

    @rule(choice=st.sampled_from(["approve", "approve", "return"]))
    @precondition(lambda self: self.state == "in_review")
    def agree(self, choice: str) -> None:
        """Let whoever holds a place, and others where there is one left, say the same until it is decided."""
        free = [who for who in CHECKERS if who not in self.holders][: self.places - len(self.holders)]
        for who in [*self.holders, *free]:
            if self._may_vote(who):
                self.vote_on_all_and_hand_in(who, [choice] * len(NAMES))

    @rule()
    @precondition(lambda self: self.state == "approved")
    def release_and_recall(self) -> None:
        self.release()
        self.recall(CHECKERS[0])

    # The author

    @rule(name=_NAME, content=st.sampled_from(range(len(BYTES))))
    @precondition(lambda self: self.state == "draft")
    def add(self, name: str, content: int) -> None:
        drafts.add_files(self.number, as_seen_now("ann"), "Tables", [Upload(name, [BYTES[content]])])
        drafts.describe_group(self.number, as_seen_now("ann"), "Tables", "Counts.", "Rounded.")
        self.files[name] = content

    @rule(name=_NAME)
    @precondition(lambda self: self.state == "draft")
    def remove(self, name: str) -> None:
        if self._expect(self.state == "draft" and name in self.files, "ann", "remove", name):
            del self.files[name]

    @rule()
    @precondition(lambda self: self.state == "draft")
    def submit(self) -> None:
        if self._expect(self.state == "draft" and bool(self.files), "ann", "submit"):
            self.state = "submitted"

    @rule()
    @precondition(lambda self: self.state == "returned")
    def revise(self) -> None:
        if self._expect(self.state == "returned", "ann", "revise"):
            self.before = {
                who: {name: (choice, self.files[name]) for name, choice in votes.items()}
                for who, votes in self.handed.items()
            }
            self.state, self.phase, self.turn = "draft", "", self.turn + 1
            self._empty()

    @rule(sure=st.integers(0, 5))
    def withdraw(self, sure: int) -> None:
        if sure == 0 and self._expect(self.state in IN["withdraw"], "ann", "withdraw"):
            self.state, self.phase = "withdrawn", ""

    # The platform

    @rule()
    @precondition(lambda self: self.state == "submitted")
    def inspect(self) -> None:
        jobs.inspect_request({"request": self.number})
        if self.state == "submitted":
            self.state, self.phase = "in_review", "independent"
            for who, votes in list(self.before.items())[:2]:
                self.holders.append(who)
                same = {name: choice for name, (choice, held) in votes.items() if self.files.get(name) == held}
                self.saved[who] = {name: choice for name, choice in same.items() if choice == "approve"}
            _SEEN["inspect"] += 1

    @rule()
    @precondition(lambda self: self.state == "approved")
    def release(self) -> None:
        jobs.release_request({"request": self.number})
        if self.state == "approved":
            self.state = "released"
            _SEEN["release"] += 1

    # Checkers

    def _may_vote(self, who: str) -> bool:
        if self.state != "in_review" or (who in self.handed and self.phase == "independent"):
            return False
        return who in self.holders or len(self.holders) < self.places

    def _hold(self, who: str) -> None:
        if who not in self.holders:
            self.holders.append(who)
        self.saved.setdefault(who, dict(self.handed.get(who, {})))

    @rule(who=_CHECKER)
    @precondition(lambda self: self.state == "in_review")
    def take(self, who: str) -> None:
        free = self.state == "in_review" and (who in self.holders or len(self.holders) < self.places)
        if self._expect(free, who, "take") and who not in self.holders:
            self.holders.append(who)

    @rule(who=_CHECKER)
    @precondition(lambda self: self.state == "in_review" and bool(self.holders))
    def give_back(self, who: str) -> None:
        held = self.state == "in_review" and who in self.holders and who not in self.handed
        if self._expect(held, who, "give_back"):
            self.holders.remove(who)

    @rule(who=_CHECKER, name=_NAME, choice=_CHOICE)
    @precondition(lambda self: self.state == "in_review")
    def vote(self, who: str, name: str, choice: str) -> None:
        if self._expect(self._may_vote(who) and name in self.files, who, "vote", name, choice):
            self._hold(who)
            self.saved[who][name] = choice

    @rule(who=_CHECKER, choices=st.lists(_CHOICE, min_size=len(NAMES), max_size=len(NAMES)))
    @precondition(lambda self: self.state == "in_review")
    def vote_on_all_and_hand_in(self, who: str, choices: list[str]) -> None:
        for name, choice in zip(sorted(self.files), choices, strict=False):
            self.vote(who, name, choice)
        self.hand_in(who)

    @rule(who=_CHECKER)
    @precondition(lambda self: self.state == "in_review")
    def hand_in(self, who: str) -> None:
        votes = self.saved.get(who, self.handed.get(who, {}))
        if self._expect(self._may_vote(who) and set(votes) == set(self.files), who, "hand_in"):
            self._hold(who)
            self.handed[who] = self.saved.pop(who)
            if self.phase == "consolidation":
                self.again.add(who)
            self._decide()

    @rule(who=_CHECKER)
    @precondition(lambda self: self.state == "in_review")
    def escalate(self, who: str) -> None:
        first = self.phase == "independent" and self.needed == 2
        second = self.phase == "consolidation" and self.places == self.needed
        if self._expect(self.state == "in_review" and who in self.holders and (first or second), who, "escalate"):
            self.places = 3 if first else self.needed + 1
            self.needed = 3 if first else self.needed

    @rule(who=_CHECKER)
    @precondition(lambda self: self.state == "released")
    def recall(self, who: str) -> None:
        if self._expect(self.state == "released", who, "recall"):
            self.state = "recalled"

    def _decide(self) -> None:
        if len(self.handed) < self.needed:
            return
        come_to = {name: self._file(Counter(votes[name] for votes in self.handed.values())) for name in self.files}
        if None not in come_to.values():
            severest = next(each for each in ("reject", "return", "approve") if each in come_to.values())
            self.state = {"reject": "rejected", "return": "returned", "approve": "approved"}[severest]
            self.phase = ""
        elif self.phase == "independent":
            self.phase = "consolidation"
        elif set(self.holders) <= self.again:
            self.places = self.needed + 1

    def _file(self, votes: Counter[str]) -> str | None:
        for choice in ("reject", "return", "approve"):
            if votes[choice] >= self.needed:
                return choice
        return "return" if votes.total() > self.needed else None

    # What always holds

    @invariant()
    def it_is_where_the_model_is(self) -> None:
        request = Request.objects.get(pk=self.number)
        assert (request.state, request.phase, request.turn) == (self.state, self.phase, self.turn)
        assert (request.checkers, request.places) == (self.needed, self.places) or self.state == "draft"

    @invariant()
    def nothing_leaves_that_was_not_approved(self) -> None:
        left = Release.objects.filter(request=self.number).first()
        assert (left is not None) is (self.state in {"released", "recalled"})
        if self.state in {"approved", "released", "recalled"}:
            assert set(self.handed) <= set(CHECKERS)
            for name in self.files:
                assert sum(votes[name] == "approve" for votes in self.handed.values()) >= self.needed >= 2
        if left is not None:
            assert sorted(each["name"] for each in left.files) == sorted(self.files)


def test_no_path_releases_what_was_not_approved_and_nobody_does_what_is_not_theirs(monkeypatch):
    quick_inspection(monkeypatch)
    Airlock.study = open_study()
    person("fay", "output_checker")
    person("old", "output_checker", trained=False)
    for name in ("amy", "res"):
        person(name, "researcher")
    person("pat", "output_checker")
    Membership.objects.create(project=Airlock.study, account=Account.objects.get(username="amy"), lead=False)
    PastMembership.objects.create(project=Airlock.study, account=Account.objects.get(username="pat"))
    _SEEN.clear()
    for way in _WAYS:
        Airlock.way = way
        how = settings(
            max_examples=4,
            stateful_step_count=12,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        run_state_machine_as_test(Airlock, settings=how)
    wanted = {
        *OF_AUTHOR - {"add", "comment"},
        *OF_CHECKERS - {"comment"},
        "inspect",
        "release",
        "forbidden",
        "out of turn",
    }
    assert wanted - set(_SEEN) == set(), "an operation never came up"
