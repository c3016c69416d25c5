"""Names that are not written as names, and the names that things are kept under."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from pathlib import Path
from random import Random

import openpyxl
import pyarrow as pa
import pytest

from tests.disclosing import judged, rules
from tre.disclosure.contents import Cells
from tre.disclosure.detectors.likely_names import likely_named
from tre.disclosure.detectors.written_names import name_in, spelled_in
from tre.disclosure.packs import load_pack
from tre.disclosure.policy import load_policy

NAMES = load_pack().names
WRITTEN = [
    "margaret_hughes = 3", "margaretHughes", "MargaretHughes", "the row hughes_margaret", "x.margaret_a_hughes.y",
    "seen by margaret hughes", "hughes, margaret", "MARGARET_HUGHES", "margarethughes", "margaret-o'brien",
    "M a r g a r e t H u g h e s", "M.A.R.G.A.R.E.T. H.U.G.H.E.S", "m1a2r3g4a5r6e7t8h9u1g2h3e4s", "margaretMcDonald",
    "j a c k o k a f o r", "spoke to grace okafor", "df_margaret_abernethy", "gladys rhead",
    'grep -i "Hughes.*Margaret" letters', "LIKE '%Margaret%Hughes%'", "HUGHES Margaret passed away peacefully",
    "B1 OKAFOR 52M AKI, EDD Thu", "Patient(id=640, surname='Hughes')", "note = 'Patient(surname=''Hughes'')'",
    '{"forename": "Margaret"}', "row ['Hughes', 'Margaret', '09/03/47']",
    "row (\"Margaret\", \"Abernethyx\", \"2 May 1947\")",
    'grep "Abernethyx.*Margaret" letters',
    "4. HUGHES M (F, 71) - T2N1M0 - plan surgery", "Hughes M (71F)", "OKAFOR A.B., 52 M", "HUGHES, M female 71",
    "Hughes T, male, aged 42", "pt=Hughes bed=12", "PATIENT: HUGHES ALARM", "pt=Brown bed=12", "wearer: 'Margaret'",
    "@RG ID:1 SM:HUGHES_M_09031947 LB:lib1", "SM:BROWN_M_09031947", "Margaret_Abernethyx_19470309.bam",
    "Hughes_M_1947-03-09", "# Name: Hughes M", "Name = Cooper R", "friendly_name=Margaret H, age=71",
    '{"display_name": "Margaret", "gender": "female"}', "Hughes^Margaret^^Mrs",
    "/data/pacs/PLANT_ISABELLA_1972-01-02/CT",
    "skipped /data/pacs/HUGHES_MARGARET_1947-03-09/CT_2026-05-04/SE000002/IM000117.dcm",
    "/mnt/projects/a/raw/2026/cohort/margaret_hughes/session_02/visit_2026_01_02/sub/file01",
]  # fmt: skip
ORDINARY = [
    "martingale", "lee_carter", "adam_smith_index", "max_price", "grace_period", "kaplan_meier", "A B C D E F G H I J",
    "alexander", "charlotte received", "margaret", "rosalind", "x y z t u v w", "M F F M F F M M",
    "will page", "mark young people", "caraway", "A C G T T A G C A T", "jamestown", "jan_may", "HughesHughes",
    "Joseph_Rowntree_Foundation", "iris_dataset", "reg_covar", "lars_coef", "NelsonAalen", "AdamOptimizer",
    "TOTAL 52M", "WARD 12F", "USA Today", "forename='unknown'", "first_name='First'", "COX Model", "HILL 100M",
    "['Monday', 'Tuesday', '09/03/47']", "['Hughes', 'Margaret']", "['ward', 'Margaret', '09/03/47']",
    'grep "Total.*Ward" letters',
    "pt=Unknown bed=12", "patient: Ventilated", "name=Chelsea", "hostname: Victoria", "SM:NA12878 LB:lib1",
    "Name: Product A", "Name: Group B, age=40", "STAGE A (F, 71)", "TABLE_A_20041231", "EXPORT_JAN_20041231",
    "/data/study/thorax/CT_2026-05/SE000002/IM000117/series/derived/axial/slices.dcm", "x^y", "M (F, 71)",
]  # fmt: skip


@pytest.mark.parametrize("text", WRITTEN)
def test_a_name_is_one_however_it_is_written(tmp_path: Path, text: str) -> None:
    assert name_in(text, NAMES)
    found = judged(tmp_path, f"Results\n{text}\n")
    assert rules(found) & {"person-name", "possible-name"}
    assert "argaret" not in str(found.to_json())


@pytest.mark.parametrize("text", ORDINARY)
def test_a_word_is_no_name(text: str) -> None:
    assert name_in(text, NAMES) == ""


def test_letters_at_random_are_seldom_a_name() -> None:
    random = Random(5)
    letters = "".join(random.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", k=200_000))
    assert name_in(letters, NAMES) == ""
    assert spelled_in(" ".join(random.choices("abcdefghijklmnopqrstuvwxyz", k=400)), NAMES) == ""


def test_a_letter_a_line_is_a_name_too(tmp_path: Path) -> None:
    assert "possible-name" in rules(judged(tmp_path, "\n".join(["Results", *"MargaretHughes", "2024"])))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("Queen Elizabeth, John Radcliffe, St George's, James Cook and Great Ormond Street sent data", False),
        ("Nightingale Ward 412, Darwin Ward 377, Wedgwood Unit 512", False),
        ("James Cook, known to the clinic", True),
        ("James Cook was moved from St Thomas's", True),
        ("Queen Elizabeth, John Radcliffe, St George's: Margaret Hughes", True),
        ("Darren Ward was seen", True),
    ],
)
def test_what_is_called_after_somebody_is_nobody(tmp_path: Path, line: str, told: bool) -> None:
    found = rules(judged(tmp_path, f"Results\n{line}\n"))
    assert bool(found & {"person-name", "possible-name"}) is told


def test_a_list_that_commas_make_a_table_is_read_as_a_list(tmp_path: Path) -> None:
    rows = "".join(f"{n}. {name} (M, {40 + n}) - T2N1M0\n" for n, name in enumerate(("HUGHES M", "OKAFOR A"), 1))
    assert "possible-name" in rules(judged(tmp_path, f"Lung MDT, 4 June 2026\n{rows}"))
    stages = "".join(f"{n}. Stage {n} (men, women) - {400 + n}\n" for n in range(1, 4))
    assert "possible-name" not in rules(judged(tmp_path, f"Lung cancers, 2026\n{stages}"))


def test_fields_beside_a_scan_say_who_and_when_born(tmp_path: Path) -> None:
    told = judged(tmp_path, '{"Modality": "MR", "PatientName": "Hughes^Margaret", "PatientBirthDate": "1947-03-09"}')
    assert {"date-of-birth", "person-name"} <= rules(told)
    assert not rules(judged(tmp_path, '{"Modality": "MR", "PatientName": "", "PatientBirthDate": "", "n": 40}'))


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("Maggie Hughes came", "person-name"), ("Bob Hughes came", "person-name"),
        ("Sarah Abernethy came", "possible-name"), ("Abernethy, Sarah", "possible-name"),
        ("Sarah Smallbottom came", "possible-name"), ("Ivy Abernethy came", "possible-name"), ("Lee Carter model", ""),
        ("Dan Critchlow rang", "possible-name"),
        ("Max Speed", ""), ("Charlotte Hospital", ""), ("Sarah Results", ""), ("James Paget University Hospitals", ""),
    ],
)  # fmt: skip
def test_rarer_names_are_for_the_checker(tmp_path: Path, line: str, rule: str) -> None:
    names = {each.rule for each in judged(tmp_path, f"Results\n{line}\n").findings if each.kind == "name"}
    assert names == {rule} - {""}


def zipped(name: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("table.csv", "band,n\n20-29,40\n30-39,50\n")
        archive.writestr(name, "Counts are rounded.\n")
    return packed.getvalue()


def tarred(name: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = 4
        archive.addfile(entry, io.BytesIO(b"n=40"))
    return packed.getvalue()


def gzipped(name: str) -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile(name, "wb", fileobj=packed) as file:
        file.write(b"Counts are rounded.\n")
    return packed.getvalue()


def workbook(name: str) -> bytes:
    book, packed = openpyxl.Workbook(), io.BytesIO()
    book.active.title = name
    book.active.append(["band", "n"])
    book.active.append(["20-29", 40])
    book.save(packed)
    return packed.getvalue()


@pytest.mark.parametrize("make", [zipped, tarred, gzipped, workbook])
def test_what_a_part_is_called_is_read_with_its_words_parted(tmp_path: Path, make: object) -> None:
    assert callable(make)
    clean = judged(tmp_path, make("table_2_by_age"))
    assert clean.verdict == "pass", clean.findings
    for name in ("Margaret_Hughes", "nhs-number_943_476_5919"):
        found = judged(tmp_path, make(name))
        assert found.verdict == "block"
        assert rules(found) & {"identifier", "person-name"}


@pytest.mark.parametrize(
    ("address", "rule"),
    [
        ("info@trust.nhs.uk", ""), ("data.team@trust.nhs.uk", ""), ("DataEnquiries2@trust.nhs.uk", ""),
        ("stroke.research@trust.nhs.uk", "possible-identifier"), ("margaret.hughes@trust.nhs.uk", "identifier"),
        ("hughes.research@trust.nhs.uk", "identifier"), ("m.h@trust.nhs.uk", "identifier"),
    ],
)  # fmt: skip
def test_a_team_has_a_mailbox_and_is_nobody(tmp_path: Path, address: str, rule: str) -> None:
    for content in (f"Write to {address} for the code.\n", f"group,contact\n1,{address}\n2,{address}\n"):
        found = [each.rule for each in judged(tmp_path, content).findings if each.kind == "email"]
        assert found == [rule] * bool(rule)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("OP 02/03/1971", True), ("M.H., 12/03/1974", True), ("12/03/1974 (MH)", True), ("Brown 23-04-1946", True),
        ("Jack Rhead 12 March 2001", True), ("GP 12/03/2020", False), ("UTC 2024-01-02", False),
        ("CH 30/08/2025", True), ("CH 2025-08-30", False), ("CHX 30/08/2025", False), ("CH 31/02/2025", False),
        ("May 12/03/1974", False),
        ("Start 12/03/1974", False), ("MH 12/03/74", False), ("on 12/03/1974 it", False),
    ],
)  # fmt: skip
def test_a_date_of_long_ago_beside_initials_or_a_name_may_be_one_of_birth(
    tmp_path: Path, line: str, found: bool
) -> None:
    told = judged(tmp_path, f"Results\n{line}\n").findings
    assert ("date_of_birth" in {each.kind for each in told}) == found


@pytest.mark.parametrize(
    ("line", "found"), [("Case RJE00018920 was left out", True), ("REF00018920", False), ("ERJE00018920", False)]
)
def test_a_trust_s_own_number_is_one_without_a_word_beside_it(tmp_path: Path, line: str, found: bool) -> None:
    assert ("hospital_number" in {each.kind for each in judged(tmp_path, f"Results\n{line}\n").findings}) == found


@pytest.mark.parametrize("name", ["margaret hughes", "hughes.margaret", "margaretHughes", "margarethughes"])
def test_a_name_far_into_a_long_file_is_found(tmp_path: Path, name: str) -> None:
    rows = [f"step {n},the model was fitted to people aged over sixty and more" for n in range(9000)]
    assert sum(map(len, rows)) > 2 * load_policy().shape["turned_bytes"]
    assert not rules(judged(tmp_path, "\n".join(["what,note", *rows]))) & {"person-name", "possible-name"}
    rows[8000] = f"step 8000,{name}"
    (told,) = (each for each in judged(tmp_path, "\n".join(["what,note", *rows])).findings if each.kind == "name")
    assert (told.rule, told.row) == ("possible-name", 8001)


def test_of_very_many_cells_those_with_names_are_read() -> None:
    cells = Cells.of(
        "",
        "note",
        pa.array([*["words alone"] * 3, "grace", "margaret hughes and margaret hughes", "x"] * 9),
        in_table=True,
    )
    found = likely_named(cells, load_pack())
    assert found is not None
    assert found.values.to_pylist() == ["margaret hughes and margaret hughes"]
    assert likely_named(Cells.of("", "n", pa.array(["12", "a"]), in_table=True), load_pack()) is None
    many = Cells.of("", "n", pa.array([f"margaret hughes {n}" for n in range(2100)]), in_table=True)
    held = likely_named(many, load_pack())
    assert held is not None
    assert len(held.values) == 2000  # the rest says the same
