"""A served model: what it may be asked, who may still serve it, and what a caller is told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from ml import asked, deployment
from ml.asked import Unanswerable
from ml.errors import LearningRefused
from ml.released import Statement
from ml.server import Served, application
from ml.signing import new_key
from ml.spec import Category, Numeric, TrainingSpec
from ml.standing import Standing
from ml.watching import Watch
from tests.released_models import KEY, NAME, Registry, open_registry, packaged, standing
from tre.cli import main

SPEC = TrainingSpec(
    "pseudonym", "died", (Numeric("age", 0, 100),), (Category("sex", ("f", "m")),), epsilon=4.0, delta=1e-6
)  # fmt: skip
SECRET = "9434765919"


@pytest.fixture(name="registry")
def an_open_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    return open_registry(tmp_path, monkeypatch)


def split(columns: list[Any], *rows: list[Any], **more: Any) -> bytes:
    return json.dumps({"dataframe_split": {"columns": columns, "data": list(rows)}, **more}).encode()


def test_both_of_mlflows_forms_are_read():
    for body in (
        split(["sex", "age"], ["f", 50], [None, None]),
        json.dumps({"dataframe_records": [{"age": 50, "sex": "f"}, {"age": None, "sex": None}]}).encode(),
    ):
        told = asked.read(body, SPEC)
        assert told.frame["age"].iloc[0] == 50
        assert told.frame.isna().sum().to_dict() == {"age": 1, "sex": 1}
        assert told.units is None


def test_a_request_may_say_who_its_rows_are_of():
    assert asked.read(split(["age", "sex", "pseudonym"], [1, "f", "P1"]), SPEC).units == ("P1",)


BAD: dict[str, tuple[int, bytes]] = {
    "no JSON": (400, SECRET.encode() + b"{"),
    "no UTF-8": (400, b"\xff" + SECRET.encode()),
    "nested without end": (400, b"[" * 100_000),
    "a list": (400, b"[]"),
    "not a number": (400, b'{"dataframe_split": {"columns": ["age", "sex"], "data": [[NaN, "f"]]}}'),
    "another form": (400, json.dumps({"instances": [[SECRET]]}).encode()),
    "something beside": (400, split(["age", "sex"], [1, "f"], params={"x": SECRET})),
    "records that are none": (400, json.dumps({"dataframe_records": [SECRET]}).encode()),
    "records that differ": (422, json.dumps({"dataframe_records": [{"age": 1, "sex": "f"}, {SECRET: 1}]}).encode()),
    "a split table without data": (400, json.dumps({"dataframe_split": {"columns": [SECRET]}}).encode()),
    "columns that are no list": (400, json.dumps({"dataframe_split": {"columns": SECRET, "data": []}}).encode()),
    "a column that the model does not know": (422, split(["age", "sex", SECRET], [1, "f", 2])),
    "a column that is a list": (422, split(["age", "sex", [SECRET]], [1, "f", 2])),
    "a column twice": (422, split(["age", "age", "sex"], [1, 1, "f"])),
    "a column too few": (422, split(["age"], [1])),
    "a value too few": (422, split(["age", "sex"], [1])),
    "a row that is none": (422, split(["age", "sex"], SECRET)),
    "no row": (422, split(["age", "sex"])),
    "a text for a number": (422, split(["age", "sex"], [SECRET, "f"])),
    "a truth for a number": (422, split(["age", "sex"], [True, "f"])),
    "a number for a text": (422, split(["age", "sex"], [1, int(SECRET)])),
    "a number without bounds": (422, split(["age", "sex"], [10**400, "f"])),
    "infinity in digits": (422, b'{"dataframe_split": {"columns": ["age", "sex"], "data": [[1e999, "f"]]}}'),
    "a unit that names nobody": (422, split(["age", "sex", "pseudonym"], [1, "f", ""])),
    "a unit of half a character": (422, split(["age", "sex", "pseudonym"], [1, "f", f"\ud800{SECRET}"])),
    "too many rows": (413, split(["age", "sex"], *[[1, "f"]] * (asked.MOST_ROWS + 1))),
    "too long": (413, b" " * (asked.MOST_BYTES + 1)),
}


@pytest.mark.parametrize("name", BAD)
def test_what_the_model_was_not_made_for_is_refused_in_one_sentence_without_a_value(name):
    status, body = BAD[name]
    with pytest.raises(Unanswerable) as refusal:
        asked.read(body, SPEC)
    assert refusal.value.status == status
    assert refusal.value.sentence.count(".") == 1
    assert "\n" not in refusal.value.sentence
    assert SECRET not in refusal.value.sentence


# Who may still serve it


NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
STATEMENT = Statement(NAME, "release-1", "risk", "0" * 64)


def said(**more: Any) -> Standing:
    told = {"issued": NOW.isoformat(), "until": (NOW + timedelta(hours=1)).isoformat()}
    return standing(NAME, "release-1", "risk", 1, **{**told, **more})


class Said:
    """A registry's word, which a test changes."""

    def __init__(self, folder: Path) -> None:
        from ml.signing import public_key

        self.sealed = said().seal(KEY)
        self.public, self.kept = folder / "key.pem", folder / "fetched.standing.json"
        self.public.write_bytes(public_key(KEY))

    def __call__(self) -> str:
        return self.sealed


@pytest.fixture
def word(tmp_path: Path) -> Said:
    return Said(tmp_path)


def watch(word: Said) -> Watch:
    made = Watch(STATEMENT, word.public, word, word.kept)
    made.poll()
    return made


def test_a_recall_ends_what_is_served_with_the_next_poll(word):
    watching = watch(word)
    watching.check(NOW)
    word.sealed = said(serial=2, recalled=True).seal(KEY)
    watching.check(NOW)
    watching.poll()
    with pytest.raises(LearningRefused, match="recalled"):
        watching.check(NOW)


def test_a_retirement_ends_it_on_its_day_and_not_before(word):
    word.sealed = said(retires="2026-06-02", until="2026-06-09T00:00:00+00:00").seal(KEY)
    watching = watch(word)
    watching.check(datetime(2026, 6, 1, 23, 59, tzinfo=UTC))
    with pytest.raises(LearningRefused, match="retired since 2026-06-02"):
        watching.check(datetime(2026, 6, 2, tzinfo=UTC))


def test_who_holds_back_the_newest_word_ends_it_too(word):
    watching = watch(word)
    watching.check(NOW + timedelta(minutes=59))
    with pytest.raises(LearningRefused, match="lately"):
        watching.check(NOW + timedelta(hours=1))


def test_an_older_word_is_not_taken_back(word):
    before = word.sealed
    word.sealed = said(serial=2, recalled=True).seal(KEY)
    watching = watch(word)
    for older in (before, said(serial=1, issued=(NOW + timedelta(minutes=5)).isoformat()).seal(KEY)):
        word.sealed = older
        watching.poll()
        with pytest.raises(LearningRefused, match="recalled"):
            watching.check(NOW)


def test_the_newest_word_outlives_the_server_that_was_told_it(word):
    before = word.sealed
    word.sealed = said(serial=2, recalled=True).seal(KEY)
    watch(word)
    word.sealed = before
    with pytest.raises(LearningRefused, match="recalled"):
        watch(word).check(NOW)
    other = Watch(replace(STATEMENT, release="release-2"), word.public, word, word.kept)  # in that folder's place
    with pytest.raises(LearningRefused, match="Nobody has said"):
        other.check(NOW)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", said(recalled=True).seal(new_key()).encode()])
def test_a_kept_word_that_was_changed_is_not_passed_over(word, content):
    word.kept.write_bytes(content)
    with pytest.raises(LearningRefused, match="What was last said of the model cannot be read"):
        watch(word)


def test_a_word_that_cannot_be_kept_is_heeded_all_the_same(word, caplog):
    word.kept = word.kept.parent / "nowhere" / "kept.json"
    word.sealed = said(serial=2, recalled=True).seal(KEY)
    watching = watch(word)
    assert "is not kept" in caplog.text
    with pytest.raises(LearningRefused, match="recalled"):
        watching.check(NOW)


def test_a_word_that_is_another_models_or_another_keys_changes_nothing(word):
    watching = watch(word)
    later = said(serial=9)
    others = [replace(later, **each) for each in ({"name": "o"}, {"release": "release-2"}, {"model": "o"})]
    told = json.loads(said(serial=9, recalled=True).seal(KEY))
    changed = json.dumps({**told, "standing": told["standing"].replace("true", "false")})
    for sealed in (*(each.seal(KEY) for each in others), said(serial=9).seal(new_key()), "", "{}", "[" * 9000, changed):
        word.sealed = sealed
        with pytest.raises(LearningRefused):
            watching.poll()
        watching.check(NOW)


def test_nothing_is_served_before_anybody_has_said_that_it_may_be(word):
    with pytest.raises(LearningRefused, match="Nobody has said"):
        Watch(STATEMENT, word.public, word, word.kept).check(NOW)


def test_it_asks_on_and_bears_a_registry_that_is_away(word, caplog):
    watching, asked_for = watch(word), []

    def away() -> str:
        asked_for.append(1)
        if len(asked_for) == 3:
            watching.end()
        raise LearningRefused("The registry is away")

    watching._ask = away
    watching.keep_asking(0.001)
    assert len(asked_for) == 3
    watching.check(NOW)
    assert "The registry is away" in caplog.text


# Over HTTP


def served(registry: Registry, tmp_path: Path) -> tuple[Served, Path]:
    registry.promote(packaged(tmp_path / "m", 0.0), "release-1", "risk")
    folder = registry.fetch("release-1")
    return Served.of(folder, deployment.named_key(), name=NAME, release="release-1"), folder


def ask(client: TestClient, *rows: list[Any], columns: tuple[str, ...] = ("age",)) -> Any:
    return client.post("/invocations", json={"dataframe_split": {"columns": columns, "data": rows}})


def test_it_answers_in_mlflows_protocol_and_stops_when_it_is_recalled(registry, tmp_path):
    made, _ = served(registry, tmp_path)
    client = TestClient(application(made), raise_server_exceptions=False)
    assert ask(client, [50], [60]).json() == {"predictions": [{"probability": 0.5}] * 2}
    assert client.get("/health").status_code == client.get("/ping").status_code == 200
    registry.say(standing(NAME, "release-1", "risk", 1, serial=2, recalled=True))
    made.watch.poll()
    for answer in (ask(client, [50]), client.get("/health"), client.get("/ping")):
        assert answer.status_code == 503
        assert answer.json()["error"].startswith("The model is recalled")


def test_a_caller_is_told_one_sentence_and_never_a_value(registry, tmp_path, monkeypatch, caplog):
    client = TestClient(application(served(registry, tmp_path)[0]), raise_server_exceptions=False)
    for answer, status in (
        (ask(client, [SECRET]), 422),
        (client.post("/invocations", content=SECRET, headers={"Content-Type": "text/csv"}), 415),
        (client.post("/invocations", content=b" " * (asked.MOST_BYTES + 1),
                     headers={"Content-Type": "application/json"}), 413),
    ):  # fmt: skip
        assert answer.status_code == status
        assert SECRET not in answer.text
    monkeypatch.setattr("ml.package.predict", lambda *told: 1 / int(SECRET[:0] or 0))
    answer = ask(client, [float(SECRET)])
    assert answer.status_code == 500
    assert answer.json() == {"error": "The model could not answer."}
    assert SECRET not in caplog.text


def test_drift_is_told_of_windows_that_are_over_and_of_noisy_counts_alone(registry, tmp_path, monkeypatch):
    made, folder = served(registry, tmp_path)
    client = TestClient(application(made))
    ask(client, *[[30]] * 400)  # far above the noise of all bins together
    assert client.get("/drift").json()["windows"] == []
    assert made.drift is not None
    made.drift._begins -= timedelta(days=1)
    (window,) = client.get("/drift").json()["windows"]
    assert window["epsilon"] == 1.0
    assert sum(window["counts"]["age"]) > 0
    assert 'model_drift_epsilon{model="frailty-risk"} 1.0' in client.get("/metrics").text
    kept = folder.with_name(f"{folder.name}.drift.jsonl")
    assert json.loads(kept.read_text()) == window
    again = Served.of(folder, deployment.named_key())
    assert [vars(each) for each in again.windows()] == [window]


# What may not be served is neither fetched nor served nor loaded by MLflow


@pytest.mark.parametrize(
    ("more", "match"), [({"recalled": True}, "recalled"), ({"retires": "2026-01-01"}, "retired since 2026-01-01")]
)
def test_a_withdrawn_model_passes_no_door(registry, tmp_path, more, match):
    import mlflow.pyfunc

    registry.promote(packaged(tmp_path / "m", 0.0), "release-1", "risk")
    folder = registry.fetch("release-1")
    loaded = mlflow.pyfunc.load_model(str(folder))
    registry.say(standing(NAME, "release-1", "risk", 1, serial=2, **more))
    for act in (
        lambda: registry.fetch("release-1"),
        lambda: deployment.serve(NAME, folder, "release-1", "127.0.0.1", 1),
        lambda: mlflow.pyfunc.load_model(str(folder)),
    ):
        with pytest.raises(LearningRefused, match=match):
            act()
    model = loaded.unwrap_python_model() if hasattr(loaded, "_python_model") else loaded._model_impl
    model._watch.poll()
    with pytest.raises(LearningRefused, match=match):
        model.predict(None)


def test_a_version_of_which_nothing_was_said_yet_is_not_given_out(registry, tmp_path):
    registry.promote(packaged(tmp_path / "m", 0.0), "release-1", "risk")
    from mlflow import MlflowClient

    MlflowClient(registry.uri, registry.uri).delete_model_version_tag(NAME, "1", "standing")
    with pytest.raises(LearningRefused, match="not the platform's word"):
        registry.fetch("release-1")


def test_an_alias_rolls_back_and_names_nothing_once_nothing_is_left(registry, tmp_path):
    for number, weight in ((1, 1.0), (2, 2.0)):
        registry.promote(packaged(tmp_path / f"m{number}", weight), f"release-{number}", "risk")
    registry.fetch("release-2")
    registry.say(standing(NAME, "release-2", "risk", 2, serial=2, recalled=True), champion=1)
    registry.fetch("release-1")
    registry.settle(NAME, None)
    with pytest.raises(LearningRefused, match="registry did not give"):
        registry.fetch("release-1")
    registry.settle(NAME, None)


def test_the_verbs_verify_and_serve_what_may_be_served(registry, tmp_path, monkeypatch, capsys):
    registry.promote(packaged(tmp_path / "m", 0.0), "release-1", "risk")
    folder = str(registry.fetch("release-1"))
    assert main(["verify-model", NAME, folder, "--release", "release-1"]) == 0
    assert capsys.readouterr().out == "frailty-risk of release-1 is verified, and may be served.\n"
    ran: list[Any] = []
    monkeypatch.setattr("uvicorn.run", lambda *told, **more: ran.append(more))
    assert main(["serve", NAME, folder, "--release", "release-1", "--port", "9"]) == 0
    assert (ran[0]["host"], ran[0]["port"], ran[0]["access_log"]) == ("127.0.0.1", 9, False)
    registry.say(standing(NAME, "release-1", "risk", 1, serial=2, recalled=True))
    for verb in ("verify-model", "serve"):
        assert main([verb, NAME, folder, "--release", "release-1"]) == 3
        assert capsys.readouterr().err.startswith("The model is recalled")
    assert len(ran) == 1
