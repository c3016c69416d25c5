"""What the pack of the United Kingdom recognises, and what the evidence of a column makes of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from random import Random

import pytest

from tests.bench.disclosure_cells import PLANTED, nhs_number
from tre.disclosure import Context, DisclosureError, Inspection, inspect
from tre.disclosure import packs as packs_module
from tre.disclosure.detectors.births import birth_spans, dates, readings
from tre.disclosure.detectors.patterns import identifier_spans
from tre.disclosure.packs import load_pack
from tre.disclosure.packs.uk import checks
from tre.disclosure.packs.uk.checks import suffixes

OPEN = Context(sandbox=False)


def judged(folder: Path, content: str, context: Context = OPEN) -> Inspection:
    path = folder / "file.bin"
    path.write_text(content)
    return inspect(path, context)


def met(found: Inspection) -> set[tuple[str, str]]:
    return {(each.rule, each.kind) for each in found.findings}


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("NHS no. 943 476 5919", "nhs_number"), ("NHS 943-476-5919", "nhs_number"), ("nhs 943.476.5919", "nhs_number"),
        ("NHS number ９４３ ４７６ ５９１９", "nhs_number"), ("NHS number 943\u00a0476\u00a05919", "nhs_number"),
        ("CHI 9434765919", "nhs_number"), ("NI AB 12 34 56 C", "nino"), ("his NINO: ab123456c", "nino"),
        ("driving licence MORGA753116SM9IJ", "driving_licence"), ("MORGA 753116 SM9IJ", "driving_licence"),
        ("passport no 123456789", "passport"), ("passport AB1234567", "passport"),
        ("lives at SW1A 1AA", "postcode"), ("address: ec1a1bb", "postcode"),
        ("tel 020 7946 0958", "phone"), ("mobile 07700 900123", "phone"), ("call +44 (0)20 7946 0958", "phone"),
        ("tel 0044 20 7946 0958", "phone"), ("phone 02079460958x123", "phone"), ("contact +1 425 882 8080", "phone"),
        ("mail someone@example.co.uk now", "email"), ("e-mail <o'brien+nhs@trust.nhs.uk>", "email"),
        ("his car, reg AB51 XTR", "vehicle_registration"), ("vehicle A123 BCD", "vehicle_registration"),
        ("hospital_number=RX1234567", "hospital_number"),
        ("hospital number RX1234567", "hospital_number"), ("MRN: 00123456", "hospital_number"),
        ("seen by GMC 1234567", "professional_number"), ("lives at 12 Acacia Avenue", "address"),
        ("address FLAT 2, 14A HIGH STREET", "address"),
    ],
)  # fmt: skip
def test_an_identifier_in_its_context_is_one(tmp_path: Path, line: str, kind: str) -> None:
    found = judged(tmp_path, f"Results\n{line}\n")
    assert ("identifier", kind) in met(found)
    assert line.split()[-1] not in "".join(each.sample for each in found.findings)


@pytest.mark.parametrize(
    "line",
    [
        "row 1234567 of the registry was left out", "B12 low, CT2 normal", "version 943.476.5920",
        "AB123456E is no number of that kind", "viewBox 0 0 460.8 345.6", "0.2079460958", "02/03/2020 10:15",
        "someone@example.notasuffix", "a share of 0.9434765919 of all",
        "GB123456A", "99999753116SM9IJ", "page 0800 of 1111 is blank",
    ],
)  # fmt: skip
def test_a_form_without_its_meaning_is_not(tmp_path: Path, line: str) -> None:
    assert not {rule for rule, _ in met(judged(tmp_path, f"Results\n{line}\n"))} & {"identifier", "possible-identifier"}


@pytest.mark.parametrize("entity", PLANTED)
def test_a_column_of_identifiers_is_blocked_by_its_name(tmp_path: Path, entity: str) -> None:
    random, (_, make) = Random(4), PLANTED[entity]
    rows = "".join(f"{n % 7},{make(random)}\n" for n in range(40))
    name = entity.lower().removeprefix("uk_")
    kinds = {kind for rule, kind in met(judged(tmp_path, f"group,{name}\n{rows}")) if rule == "identifier"}
    assert {"phone_number": "phone", "email_address": "email", "nhs": "nhs_number"}.get(name, name) in kinds


def column(name: str, values: list[str]) -> str:
    return f"group,{name}\n" + "".join(f"{n % 7},{value}\n" for n, value in enumerate(values))


def test_random_numbers_give_one_finding_at_most_whatever_the_column_is_called(tmp_path: Path) -> None:
    random = Random(6)
    numbers = [str(random.randrange(10**9, 10**10)) for _ in range(1000)]
    forms = {"identifier", "possible-identifier"}
    for name, most in (("reading", 0), ("sample_id", 0), ("nhs_number", 1)):
        found = [each for each in judged(tmp_path, column(name, numbers)).findings if each.rule in forms]
        assert len(found) <= most
        assert all(each.rule == "possible-identifier" for each in found)


def test_more_valid_numbers_than_chance_makes_are_found(tmp_path: Path) -> None:
    random = Random(7)
    numbers = [str(random.randrange(10**9, 10**10)) for _ in range(700)] + [nhs_number(random) for _ in range(300)]
    assert ("possible-identifier", "nhs_number") in met(judged(tmp_path, column("reading", numbers)))
    few = [nhs_number(random) for _ in range(5)]
    assert ("identifier", "nhs_number") in met(judged(tmp_path, column("reading", few)))
    log = "\n".join(f"step {number} done" for number in numbers[:300])
    assert "nhs_number" not in {kind for _, kind in met(judged(tmp_path, log))}


def test_a_value_that_repeats_over_batches_proves_nothing(tmp_path: Path) -> None:
    random = Random(8)
    numbers = [str(random.randrange(10**9, 10**10)) for _ in range(30)] * 60
    assert "nhs_number" not in {kind for _, kind in met(judged(tmp_path, column("reading", numbers)))}


def test_columns_of_names(tmp_path: Path) -> None:
    people = ["Margaret O'Brien", "PATEL Priya", "Siân Hughes", "Zbigniew Nowak-Kowalski", "Peter Wilson"] * 3
    assert ("person-name", "name") in met(judged(tmp_path, column("patientName", people)))
    assert ("possible-name", "name") in met(judged(tmp_path, column("label", people)))
    drugs = ["Aspirin", "Paracetamol", "Grace", "Ivy extract", "Warfarin"] * 3
    assert ("person-name", "name") not in met(judged(tmp_path, column("drug name", drugs)))


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("seen with Margaret A. Thornton today", "person-name"), ("Mme and Sian O'Connor-Hughes", "person-name"),
        ("Thornton, Margaret", "person-name"), ("Siân Hughes came", "person-name"), ("Mrs Thornton", "person-name"),
        ("Mr Frobnitz came", "possible-name"), ("the patient Margaret came", "possible-name"), ("Miss Rate 0.2", ""),
        ("Kaplan Meier and Cox models", ""), ("Dr Excel", ""), ("random forest, page 2", ""),
    ],
)  # fmt: skip
def test_names_in_text(tmp_path: Path, line: str, rule: str) -> None:
    assert {each for each, kind in met(judged(tmp_path, f"Results\n{line}\n")) if kind == "name"} == ({rule} - {""})


@pytest.mark.parametrize(
    "text",
    [
        "born 12 March 1974", "DOB: 12/03/1974", "d.o.b. 12.3.74", "date of birth 1974-03-12", "12/03/1974 (DOB)",
        "born on the 12th of March, 1974", "born on the twelfth of March nineteen seventy-four",
        "Date of birth: March 12th, 1974", "DOB 12031974", "DOB19740312", "born 12-MAR-74",
        "patient_date_of_birth: 1974-03-12",
        "born March the second, two thousand and five",
    ],
)  # fmt: skip
def test_dates_of_birth_in_digits_and_in_words(tmp_path: Path, text: str) -> None:
    assert list(birth_spans(text))
    assert ("date-of-birth", "date_of_birth") in met(judged(tmp_path, f"Results\n{text}\n"))


def test_dates_that_are_not_of_birth_are_left_alone(tmp_path: Path) -> None:
    for text in ("admitted 12 March 1974", "born in 1974", "a newborn unit opened in May"):
        assert not list(birth_spans(text))
    assert [found[0] for found in dates("on 12 March 1974 and 1974-03-12")] == ["12 March 1974", "1974-03-12"]
    assert set(readings("12 March 1974")) == {date(1974, 3, 12)}
    assert date(1974, 3, 12) in set(readings("12031974")) & set(readings("19740312"))
    assert list(readings("31 February 1974")) == list(readings("1974")) == []
    header = "group,DateOfBirth\n" + "".join(f"{n % 5},12/{n % 9 + 1:02d}/1974\n" for n in range(20))
    assert ("date-of-birth", "date_of_birth") in met(judged(tmp_path, header))


def test_spans_for_de_identification_need_their_context() -> None:
    text = "B12 LOW, and a bed in the bay by the window was made; car reg AB51 XTR, 9434765919"
    assert {(text[start:end], kind) for start, end, kind in identifier_spans(text)} == {
        ("AB51 XTR", "vehicle_registration"), ("9434765919", "nhs_number"),
    }  # fmt: skip


def test_a_pack_that_is_not_there_or_broken_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("atlantis", "../uk", ""):
        with pytest.raises(DisclosureError):
            judged(tmp_path, "x", Context(sandbox=False, pack=name))
    monkeypatch.setattr(packs_module, "_FOLDER", tmp_path)
    (tmp_path / "uk").mkdir()
    (tmp_path / "uk" / "pack.yaml").write_text("entities: {}")
    load_pack.cache_clear()
    with pytest.raises(DisclosureError, match="cannot be read"):
        load_pack("uk")
    load_pack.cache_clear()


def test_without_the_suffix_list_nothing_is_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    suffixes.cache_clear()
    with monkeypatch.context() as patched:
        patched.setattr(checks, "find_spec", lambda name: None)
        with pytest.raises(ImportError):
            suffixes()
    assert {"uk", "com", "nhs"} & suffixes()


def model(folder: Path) -> Path:
    import spacy

    made = spacy.blank("en")
    made.add_pipe("entity_ruler").add_patterns([{"label": "PERSON", "pattern": "Quux Frobnitz"}])  # type: ignore[attr-defined]
    made.to_disk(folder / "model")
    return folder / "model"


@pytest.mark.parametrize("sandbox", [False, pytest.param(True, marks=pytest.mark.sandbox)])
def test_a_language_model_marks_persons_where_one_is_installed(tmp_path: Path, sandbox: bool) -> None:
    text = "we met Quux Frobnitz there\n"
    without = judged(tmp_path, text, Context(sandbox=sandbox, names_model="en_core_web_none"))
    assert (without.verdict, without.names_model) == ("pass", "dictionary")
    found = judged(tmp_path, text, Context(sandbox=sandbox, names_model=str(model(tmp_path))))
    assert ("person-name", "name") in met(found)
    assert found.names_model == "dictionary, model"


def test_of_a_few_numbers_one_that_passes_is_chance_and_most_are_not(tmp_path: Path) -> None:
    others = ["1264829913", "9876501234", "3316540082", "5518203377", "7740015523"]
    assert not met(judged(tmp_path, column("total_pence", ["9434765919", *others])))
    assert not met(judged(tmp_path, "Costs: " + ", ".join(["9434765919", *others]) + ".\n"))
    for few in (["9434765919"], ["9434765919", "9434765870", *others[:2]]):
        assert ("possible-identifier", "nhs_number") in met(judged(tmp_path, "See " + ", ".join(few) + ".\n"))
