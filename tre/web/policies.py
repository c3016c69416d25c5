"""The page that says who may do what and why: the policies in force in words, and the reader's own answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from tre.people.services import principal
from tre.policy.decision import acts, decide, rules
from tre.policy.domain import PLATFORM, Decision, Principal, Resource
from tre.policy.words import act_in_words
from tre.projects.models import Project


@dataclass(frozen=True)
class Told:
    """One policy, as far as it is about one act."""

    identity: str
    sentence: str


@dataclass(frozen=True)
class Act:
    """One act: what it is called, and the policies that permit and that forbid it."""

    name: str
    words: str
    permits: tuple[Told, ...]
    forbids: tuple[Told, ...]


@dataclass(frozen=True)
class Answers:
    """What the decision point answers one person about one thing, by act."""

    subject: str
    answers: tuple[tuple[str, Decision], ...]


@require_safe
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """Show every policy in words, by act, and what the person may do, asked of the decision point now."""
    person = principal(request)
    own = Project.objects.filter(code__in=person.projects)
    answers = [
        _answers(person, "The platform", PLATFORM),
        *(_answers(person, each.title, each.resource()) for each in own),
    ]
    return render(request, "web/policies.html", {"acts": told_acts(), "answers": answers})


def told_acts() -> tuple[Act, ...]:
    """Return every act of the schema with its policies in words."""
    return tuple(
        Act(act, act_in_words(act), _told(act, kinds, permits=True), _told(act, kinds, permits=False))
        for act, kinds in acts().items()
    )


def _told(act: str, kinds: Iterable[str], *, permits: bool) -> tuple[Told, ...]:
    found = (rule for rule in rules() if rule.permits is permits and rule.about(act, kinds))
    return tuple(Told(rule.identity, rule.sentence({act: kinds})) for rule in found)


def _answers(person: Principal, subject: str, resource: Resource) -> Answers:
    asked = (act for act, kinds in acts().items() if resource.kind in kinds)
    return Answers(subject, tuple((act_in_words(act), decide(person, act, resource)) for act in asked))
