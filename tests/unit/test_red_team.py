"""The document of attempts says what the tests try: no more, no less, and enough."""

from __future__ import annotations

from dataclasses import replace

from tests.red_team import DOCUMENT, INSIDE, OUTSIDE, document, stray, told


def test_the_document_is_current():
    assert DOCUMENT.read_text() == document(), "write it anew: python -m tests.red_team"


def test_there_are_enough_attempts_each_with_its_own_name():
    outside = (*told(), *OUTSIDE)
    assert len(outside) >= 30
    assert len(INSIDE) >= 40
    for attempts in (outside, INSIDE):
        assert len({each.what for each in attempts}) == len(attempts)
        assert all(each.stopped for each in attempts)


def test_every_attempt_is_bound_to_a_test_that_stands():
    assert stray((*told(), *OUTSIDE, *INSIDE)) == []


def test_a_test_or_a_word_that_is_gone_is_told():
    first = INSIDE[0]
    for gone in (replace(first, test="probes::nothing"), replace(first, word="no such word")):
        assert stray((gone,)) == [first.what]
