"""The pack: whole, dated, hashed into the audit log; it names accounts in one document and nobody elsewhere."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pypdf
import pytest

from tests.conftest import REPOSITORY
from tests.evidence import PEOPLE, in_order, installation, passes
from tre import cli
from tre.audit.models import Entry
from tre.config.options import load
from tre.errors import Refused
from tre.evidence import operator_files, pack
from tre.evidence.checks import CHECKS, data
from tre.evidence.documents import DOCUMENTS
from tre.evidence.documents.configuration import shown
from tre.evidence.domain import counts
from tre.hashing import sha256_of

pytestmark = pytest.mark.django_db
_WITHOUT_STYLES = re.compile(r"<style>.*?</style>", re.DOTALL)
OWN = "1.1.01 requirements.txt"


@pytest.fixture
def house(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "inspect", passes)
    yield in_order(tmp_path, monkeypatch)
    shutil.rmtree(load().path("evidence"), ignore_errors=True)


@pytest.fixture
def made(house, tmp_path) -> pack.Pack:
    own = load().path(*operator_files.FOLDER)
    own.mkdir(parents=True)
    (own / OWN).write_text("Who watches which requirement.")
    database = "postgresql://tre:correct-horse@localhost/tre"
    return pack.make(tmp_path / "packs", installation(database_url=database))


class Page(HTMLParser):
    """What a page refers to, its scripts, its headings and what it is called."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.levels: list[int] = []
        self.language = ""
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attributes}
        self.links += [told["href"]] if tag == "a" else []
        self.loads += [tag] if tag in {"script", "link", "img", "iframe", "object"} else []
        self.levels += [int(tag[1])] if re.fullmatch(r"h[1-6]", tag) else []
        self.language = told["lang"] if tag == "html" else self.language


def test_a_pack_is_a_dated_folder_with_everything_in_it(made):
    assert re.fullmatch(r"evidence-\d{4}-\d\d-\d\d", made.folder.name)
    names = {str(path.relative_to(made.folder)) for path in made.folder.rglob("*") if path.is_file()}
    documents = {f"documents/{name}.html" for name in (*DOCUMENTS, "project-frailty")}
    assert names == {
        "index.html", "evidence.pdf", "results.json", "sbom.cdx.json", f"operator/{OWN}", *documents,
    }  # fmt: skip
    assert made.folder.stat().st_mode & 0o077 == 0
    assert list(made.folder.parent.iterdir()) == [made.folder]  # nothing is left beside it


def test_it_says_of_each_statement_how_it_stands_and_when_that_was_looked_at(made):
    told = json.loads((made.folder / "results.json").read_text())
    results = {each["statement"]["number"]: each for each in told["results"]}
    assert len(results) == 185
    for number in CHECKS:
        assert results[number]["outcome"] in {"met", "not met", "not shown"}
        assert datetime.fromisoformat(results[number]["at"]) <= datetime.now(UTC)
        assert results[number]["detail"]
    assert results["2.2.11"]["outcome"] == "met"
    assert results["2.1.01"]["outcome"] == "not met"
    assert results["1.1.01"]["own"][0]["name"] == OWN
    assert results["1.1.03"]["outcome"] == ""
    assert sum(told["counts"]["mandatory"].values()) == 95
    assert told["attribution"].startswith("SATRE 2.0.0 by")
    index = (made.folder / "index.html").read_text()
    assert all(number in index for number in results)
    assert "Data Research UK" in index


def test_its_hashes_are_in_the_audit_log(made):
    entry = Entry.objects.get(event="evidence.made")
    assert entry.data["sha256"] == made.sha256 == sha256_of(made.folder / "results.json")
    assert entry.actor == "console"
    assert entry.subject == f"evidence:{made.folder.name}"
    assert pack.check(made.folder) == len(json.loads((made.folder / "results.json").read_text())["files"])


@pytest.mark.parametrize("name", ["index.html", "evidence.pdf", "sbom.cdx.json", f"operator/{OWN}"])
def test_an_altered_file_is_told(made, name):
    with (made.folder / name).open("a") as out:
        out.write(" ")
    with pytest.raises(Refused, match="A file is not what was made"):
        pack.check(made.folder)


def test_a_file_that_is_missing_or_was_added_is_told(made):
    (made.folder / "more.html").write_text("<p>More.</p>")
    with pytest.raises(Refused, match=r"not what was made \(.*more.html"):
        pack.check(made.folder)
    (made.folder / "more.html").unlink()
    (made.folder / "documents" / "roles.html").unlink()
    with pytest.raises(Refused, match=r"not what was made \(.*roles.html"):
        pack.check(made.folder)


def test_results_that_the_log_does_not_tell_of_are_no_evidence(made, tmp_path):
    results = made.folder / "results.json"
    results.write_text(results.read_text().replace('"not met"', '"met"'))
    with pytest.raises(Refused, match="tells of no pack with these results"):
        pack.check(made.folder)
    with pytest.raises(Refused, match="There is no pack of evidence"):
        pack.check(tmp_path)


def test_it_names_nobody_but_in_the_access_review(made):
    review = (made.folder / "documents" / "access-review.html").read_text()
    assert all(re.search(rf"\b{name}\b", review) for name in (*PEOPLE, "data-manager", "owner"))
    for path in made.folder.rglob("*"):
        if path.suffix in {".html", ".json"} and path.name != "access-review.html":
            text = path.read_text()
            assert "zebedee" not in text, path
            assert not re.search(r"\b(cat|dan|mia|aud|ope)\b", re.sub(r"<style>.*?</style>", "", text, flags=re.S)), (
                path
            )


def test_it_tells_no_password_no_key_and_no_exact_count_of_people(made):
    secrets = [path.read_text() for path in load().path("secrets").iterdir()]
    for path in made.folder.rglob("*"):
        if path.suffix in {".html", ".json"}:
            text = path.read_text()
            assert "correct-horse" not in text, path
            assert not any(secret.strip() in text for secret in secrets), path
            for count in ("4711", "20190"):  # the persons of the extract and of the warehouse; not a digest's digits
                assert not re.search(rf"(?<![0-9a-f]){count}(?![0-9a-f])", text), path
    assert "about 4,710 persons" in (made.folder / "documents" / "project-frailty.html").read_text()


def test_it_tells_which_guides_and_runbooks_there_are_and_their_hashes(made):
    told = (made.folder / "documents" / "guidance.html").read_text()
    pages = [path for name in ("guides", "runbooks") for path in (REPOSITORY / "docs" / name).glob("[a-z]*.md")]
    assert len(pages) >= 16
    for path in pages:
        assert f"docs/{path.parent.name}/{path.name}" in told
        assert sha256_of(path) in told
    assert "Back-up and restore" in told
    assert "Restore all of it" in told
    index = (made.folder / "index.html").read_text()
    assert index.count('href="documents/guidance.html"') >= 5  # four statements and the list of documents


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("postgresql://tre:secret@db.example:5432/tre", "postgresql://db.example:5432"),
        ("smtp://user:secret@mail.example", "smtp://mail.example"),
        ("", ""),
        (Path("/srv/tre"), "a path (tre)"),
        (60, "60"),
    ],
)
def test_a_setting_is_told_without_its_password(value, told):
    assert shown(value) == told


def test_its_pages_stand_alone_and_lead_where_something_is(made):
    for path in made.folder.rglob("*.html"):
        page = Page(path)
        text = path.read_text()
        assert page.loads == [], path
        assert "http-equiv" in text
        assert "default-src 'none'" in text
        assert not re.search(r"url\((?![\"']?data:)", text), path
        assert page.language == "en-GB"
        assert page.levels[0] == 1
        assert page.levels.count(1) == 1
        assert all(after <= before + 1 for before, after in zip(page.levels, page.levels[1:], strict=False))
        for link in page.links:
            if link.startswith("https://"):
                assert link.startswith("https://satre-specification.readthedocs.io/"), link
            elif not link.startswith("#"):
                assert (path.parent / unquote(link)).exists(), link


def test_its_pdf_is_tagged_and_holds_the_same(made):
    """ISO 14289-1 (PDF/UA-1) asks for tags, a language, a title, and that it says of itself what it is."""
    read = pypdf.PdfReader(made.folder / "evidence.pdf")
    root = read.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-GB"
    assert "/StructTreeRoot" in root
    assert read.metadata.title.startswith("Evidence of ")
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_object().get_data()
    text = " ".join(page.extract_text() for page in read.pages)
    assert all(number in text for number in CHECKS)
    assert "Access review" in text


def test_what_is_told_is_never_markup_of_the_pdf(house, tmp_path):
    house.title = house.purpose = '#panic("x") $x$ *b* _i_ <a> @b ```'
    type(house).objects.update(title=house.title, purpose=house.purpose)
    made = pack.make(tmp_path / "packs", installation())
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(made.folder / "evidence.pdf").pages)
    assert '#panic("x")' in text.replace("“", '"').replace("”", '"')
    assert '#panic("x")' not in (made.folder / "index.html").read_text()
    assert "<a> @b" not in (made.folder / "documents" / "projects.html").read_text()


def test_its_bill_of_materials_is_cyclonedx(made):
    bill = json.loads((made.folder / "sbom.cdx.json").read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", bill["serialNumber"])
    references = [each["bom-ref"] for each in bill["components"]]
    assert len(set(references)) == len(references) > 100
    django = next(each for each in bill["components"] if each["name"] == "django")
    assert django["purl"] == f"pkg:pypi/django@{django['version']}"
    assert django["licenses"] == [{"license": {"name": "BSD-3-Clause"}}]


def test_a_second_pack_of_a_day_is_numbered(made):
    again = pack.make(made.folder.parent, installation())
    assert again.folder.name == f"{made.folder.name}-2"
    assert pack.check(again.folder) > 0


def test_where_nothing_can_be_written_no_pack_is_told_of(house, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused, match="The pack cannot be written"):
        pack.make(tmp_path / "file", installation())
    assert not Entry.objects.filter(event="evidence.made").exists()


def test_a_pack_that_is_cut_off_leaves_no_folder(house, tmp_path, monkeypatch):
    def fail(*told: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tre.evidence.pdf.printed", fail)
    with pytest.raises(Refused, match="No space left"):
        pack.make(tmp_path / "packs", installation())
    assert list((tmp_path / "packs").iterdir()) == []


class TestOperatorFiles:
    def test_what_is_no_file_of_its_own_is_left_out(self, tmp_path):
        (tmp_path / "2.6.04 incidents.pdf").write_bytes(b"%PDF-1.7")
        (tmp_path / "2.6.04-exercise.txt").write_text("Done.")
        (tmp_path / "1.1.01 link.txt").symlink_to("/etc/passwd")
        (tmp_path / "1.1.02 folder").mkdir()
        (tmp_path / "notes.txt").write_text("No number.")
        (tmp_path / "9.1 x").write_text("No number.")
        found = operator_files.found(tmp_path)
        assert {number: [each.name for each in those] for number, those in found.items()} == {
            "2.6.04": ["2.6.04 incidents.pdf", "2.6.04-exercise.txt"]
        }

    def test_what_is_too_large_is_left_out(self, tmp_path):
        with (tmp_path / "1.1.01 huge.bin").open("wb") as out:
            out.truncate(50 * 1024**2 + 1)
        assert operator_files.found(tmp_path) == {}

    def test_no_folder_is_no_document(self, tmp_path):
        assert operator_files.found(tmp_path / "none") == {}


class TestCommand:
    @pytest.fixture
    def ready(self, house, monkeypatch):
        monkeypatch.setattr(pack, "Installation", installation)

    def test_it_says_what_it_came_to_and_where_it_is(self, ready, tmp_path, capsys):
        assert cli.main(["evidence", "--out", str(tmp_path / "packs")]) == 4
        said = capsys.readouterr().out
        assert "mandatory, met: " in said
        assert "2.8.01 is not met: Nothing is known to encrypt the home folder." in said
        folder = re.search(r"The pack is (\S+);", said)[1]
        assert cli.main(["evidence", "--check", folder]) == 0
        assert "is what was made" in capsys.readouterr().out

    def test_where_every_mandatory_check_holds_its_status_is_none(self, ready, tmp_path, monkeypatch, capsys):
        monkeypatch.setattr(pack.Pack, "unmet", lambda self: [])
        assert cli.main(["evidence", "--out", str(tmp_path / "packs")]) == 0
        assert "is not met" not in capsys.readouterr().out

    def test_it_goes_into_the_home_folder_by_itself(self, ready, capsys):
        cli.main(["evidence"])
        assert list(load().path("evidence").glob("evidence-*"))

    def test_what_is_no_pack_is_refused_in_a_sentence(self, ready, tmp_path, capsys):
        assert cli.main(["evidence", "--check", str(tmp_path)]) == 3
        assert "There is no pack of evidence" in capsys.readouterr().err


def test_counts_are_of_one_importance(made):
    told = counts(made.results, "optional")
    assert sum(told.values()) == sum(each.statement.importance == "optional" for each in made.results)
