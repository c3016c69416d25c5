"""Accuracy against epsilon: what was measured holds together, is drawn within its frame, and has its price."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from django.template.loader import render_to_string

from tests.bench.accuracy import EPSILONS, FEW, SEEDS
from tests.factories import as_seen_now, person, project
from tre.privacy.accuracy import accuracy
from tre.privacy.models import Ledger
from tre.privacy.plots import plot
from tre.privacy.prices import choices
from tre.privacy.services import reserve
from tre.workspace.client.display import Budget


def test_the_curves_are_those_that_the_command_measures():
    told = accuracy()
    assert [float(each) for each in told.epsilons] == list(EPSILONS)
    assert told.seeds == len(SEEDS)
    assert told.curves[0].persons == FEW
    assert told.made_by == "python -m tests.bench.accuracy"


def test_more_epsilon_and_more_people_are_worth_more():
    few, many = accuracy().curves
    for curve in (few, many):
        means = [each.mean for each in curve.at.values()]
        assert means == sorted(means)
        assert means[-1] <= curve.without_privacy.mean
        assert all(0 < each.spread < 0.05 for each in curve.at.values())
    assert all(many.at[epsilon].mean > few.at[epsilon].mean for epsilon in few.at)


def test_everything_is_drawn_within_the_frame():
    made = plot(accuracy())
    root = ElementTree.fromstring(render_to_string("privacy/accuracy_plot.html", {"plot": made}))
    for each in root.iter():
        for name in ("x", "x1", "x2", "cx"):
            assert 0 <= float(each.get(name, 0)) <= made.width
        for name in ("y", "y1", "y2", "cy"):
            assert 0 <= float(each.get(name, 0)) <= made.height
    assert len(root.findall("circle")) == sum(len(each.at) for each in accuracy().curves)
    assert len({line.dashes for line in made.lines}) == len(made.lines)


@pytest.fixture
def study():
    person("ann", "researcher")
    return project("frailty", "ann")


@pytest.mark.django_db
def test_each_choice_has_its_price_for_the_project(study):
    told = choices(study)
    assert [each.price.epsilon for each in told] == list(accuracy().epsilons)
    added = [each.price.added for each in told]
    assert added == sorted(added)
    left = Ledger.objects.get(project=study).epsilon
    assert [each.price.covered for each in told] == [each is not None and each <= left for each in added]
    reserve(study, epsilon=left, delta=accuracy().delta, purpose="All", actor=as_seen_now("ann"), once="all")
    assert not any(each.price.covered for each in choices(study))


def test_a_notebook_shows_each_choice_beside_its_worth():
    chosen = {"epsilon": 0.5, "added": 0.6, "covered": True, "figures": [{"mean": 0.9, "spread": 0.01}]}
    more = {"data": "<b>", "figure": "AUROC", "persons": [3000], "choices": [chosen], "svg": "<svg></svg>"}
    html = Budget(epsilon=4.0, spent_epsilon=1.0, spends=[], accuracy=more)._repr_html_()
    for shown in ("<td>0.5</td>", "<td>0.6</td>", "0.900 ± 0.010", "<svg></svg>", "&lt;b&gt;", "AUROC, 3,000 people"):
        assert shown in html
