"""The sandbox's trial of itself: nothing is reached from a real one, and what tries finds what is open."""

from __future__ import annotations

import os
import shutil
import socket

import pytest

from tre.config.options import load
from tre.errors import SettingsError, TreError
from tre.workspace import trial, trying
from tre.workspace.trial import Trial

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]


def test_nothing_is_reached_from_a_sandbox():
    assert trial.run() == Trial((), (), (), ())
    assert list(load().path("run", "trials").iterdir()) == []


def test_outside_of_one_the_same_tries_find_what_is_open(tmp_path, monkeypatch):
    """A try that finds nothing where everything is open could not fail anywhere. No other machine is called here."""
    monkeypatch.setattr(trying, "ELSEWHERE", ())
    monkeypatch.setattr(trying, "NAME", "localhost")
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind("\0tre-trial-test")
        abstract.listen()
        port = listening.getsockname()[1]
        known = {"port": port, "abstract": "tre-trial-test", "neighbour": port, "paths": [str(tmp_path)]}
        outside = trying.outside(known)
        assert "this machine's own loopback" in outside
        assert "a socket of this machine" in outside
        assert "the address of localhost: 127.0.0.1" in outside or "the address of localhost: ::1" in outside
        assert trying.neighbours(known) == ["another sandbox"]
        assert trying.files(known) == [str(tmp_path)]


def test_a_process_that_is_not_the_sandbox_s_own_is_found(monkeypatch):
    monkeypatch.setattr(os, "listdir", lambda path: ["1", "7", "4711", "self"])
    assert trying.processes({}) == ["process 4711"]


def test_what_does_not_open_is_told_in_a_sentence(monkeypatch):
    monkeypatch.setattr(trial, "_LISTENER", "raise SystemExit(1)")
    with pytest.raises(TreError, match="A sandbox for the trial did not open"):
        trial.run()


def test_what_tells_nothing_is_told_in_a_sentence(monkeypatch, tmp_path):
    silent = tmp_path / "silent.py"
    silent.write_text("def tell(known): pass\n")
    monkeypatch.setattr(trial, "_TRIED", silent)
    with pytest.raises(TreError, match="told nothing"):
        trial.run()


def test_without_bubblewrap_there_is_no_trial(monkeypatch):
    monkeypatch.setattr("tre.workspace.sandbox.shutil.which", lambda name: None)
    with pytest.raises(SettingsError, match="bubblewrap is not installed"):
        trial.run()
