"""The sample collection: its binary files are made from their sources, and it can be searched as the README says."""

from __future__ import annotations

import email.policy
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import docx
import pypdf
import pypdfium2
import pytest
import yaml

from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval.evaluation import evaluate
from passagework.retrieval.evaluation.judged_places import JudgedPlaces
from passagework.retrieval.evaluation.judgments import read_judgments

pytestmark = pytest.mark.slow

DATA = Path(__file__).resolve().parent.parent / "data"
SAMPLE = DATA / "sample"
TEXT_SUFFIXES = {".md", ".html", ".txt", ".rst", ".eml", ".csv", ".jsonl"}


def _make(out: Path) -> None:
    subprocess.run([sys.executable, str(DATA / "make_sample.py"), "--out", str(out)], check=True, capture_output=True)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that data/make_sample.py fills when it runs now."""
    out = tmp_path_factory.mktemp("made")
    _make(out)
    return out


def _files(folder: Path, suffix: str) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob(f"*{suffix}"))


def _pdf_content(path: Path) -> dict[str, Any]:
    reader = pypdf.PdfReader(path)
    pages = pypdfium2.PdfDocument(path)
    try:
        text = [page.get_textpage().get_text_range() for page in pages]
    finally:
        pages.close()
    flat: list[tuple[str, int | None]] = []

    def walk(items: list[Any]) -> None:
        for item in items:
            if isinstance(item, list):
                walk(item)
            else:
                flat.append((item.title, reader.get_destination_page_number(item)))

    walk(reader.outline)
    meta = {key: str(value) for key, value in (reader.metadata or {}).items() if key != "/Producer"}
    return {"text": text, "outline": flat, "labels": reader.page_labels, "meta": meta}


def _docx_content(path: Path) -> dict[str, Any]:
    document = docx.Document(str(path))
    properties = document.core_properties
    return {
        "paragraphs": [(paragraph.style.name, paragraph.text) for paragraph in document.paragraphs],
        "tables": [[[cell.text for cell in row.cells] for row in table.rows] for table in document.tables],
        "meta": (properties.title, properties.author, properties.subject, properties.keywords, properties.created),
    }


def test_every_pdf_is_what_its_source_makes(made: Path) -> None:
    """A committed PDF has the text, outline, page labels and metadata that its source gives now."""
    assert _files(made, ".pdf") == _files(SAMPLE, ".pdf")
    for name in _files(SAMPLE, ".pdf"):
        assert _pdf_content(SAMPLE / name) == _pdf_content(made / name), name


def test_every_docx_is_what_its_source_makes(made: Path) -> None:
    """A committed DOCX has the paragraphs, styles, tables and properties that its source gives now."""
    assert _files(made, ".docx") == _files(SAMPLE, ".docx")
    for name in _files(SAMPLE, ".docx"):
        assert _docx_content(SAMPLE / name) == _docx_content(made / name), name


def test_the_same_sources_make_the_same_bytes(made: Path, tmp_path: Path) -> None:
    """Two runs write the same bytes, and no file carries the hour it was made."""
    _make(tmp_path)
    for name in _files(made, ".pdf") + _files(made, ".docx"):
        assert (tmp_path / name).read_bytes() == (made / name).read_bytes(), name
    manual = pypdf.PdfReader(made / "telescope/brandt-operating-manual.pdf")
    assert manual.metadata is not None
    assert str(manual.metadata["/CreationDate"]) == "D:20190903000000Z"
    with zipfile.ZipFile(made / "minutes/operations-meeting-2025-04-02.docx") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_manual_has_labels_and_an_outline_that_point_right() -> None:
    """The manual's first two pages are labelled i and ii, and an outline entry names the page its section is on."""
    content = _pdf_content(SAMPLE / "telescope/brandt-operating-manual.pdf")
    assert content["labels"][:4] == ["i", "ii", "1", "2"]
    outline = dict(content["outline"])
    assert outline["4 Weather limits"] == outline["4.1 When the dome must be closed"] == 4
    assert "65 km/h" in content["text"][4]
    assert "E-212" in content["text"][outline["7.1 Error codes"]]


def _text_files() -> Iterator[tuple[str, str]]:
    for path in sorted((*SAMPLE.rglob("*"), *(DATA / "sources").glob("*.md"))):
        if path.suffix in TEXT_SUFFIXES:
            yield path.relative_to(DATA).as_posix(), path.read_text(encoding="utf-8")


def test_documents_refer_to_documents_that_exist() -> None:
    """Whatever path of the collection a document names, the collection has."""
    folders = "policies|telescope|safety|visitors|news|minutes|facilities|mail"
    referred = set()
    for name, text in _text_files():
        for path in re.findall(rf"\b(?:{folders})/[\w.-]+\.(?:md|pdf|html|docx|jsonl|csv|eml|rst|txt)\b", text):
            assert (SAMPLE / path).is_file(), f"{name} names {path}"
            referred.add(path)
    assert {
        "policies/travel-policy-2024.md",
        "facilities/energy-system.pdf",
        "safety/incident-2025-03-15.html",
    } <= referred


def test_an_old_policy_and_its_successor_name_each_other() -> None:
    """The two travel policies contradict each other, and their front matter says which one holds since when."""
    old, new = (
        yaml.safe_load((SAMPLE / f"policies/travel-policy-{year}.md").read_text(encoding="utf-8").split("---")[1])
        for year in (2021, 2024)
    )
    assert (old["superseded_by"], new["supersedes"]) == (
        "policies/travel-policy-2024.md",
        "policies/travel-policy-2021.md",
    )
    assert (old["status"], new["status"]) == ("superseded", "current")
    assert old["effective"] < new["effective"]


def test_equipment_records_have_fields_to_filter_on() -> None:
    """Every record has its own `_id`, a text, and year, building and price of one type."""
    lines = (SAMPLE / "facilities/equipment.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    assert len({record["_id"] for record in records}) == len(records)
    for record in records:
        assert record["text"].strip()
        assert record["title"].strip()
        assert 1974 <= record["year"] <= 2025
        assert isinstance(record["price"], int)
        assert record["building"]
    pumps = {record["_id"] for record in records if record["category"] == "vacuum" and record["price"] < 15000}
    assert pumps == {"KRO-0403", "KRO-0404"}


def test_the_mail_parses_with_its_date() -> None:
    """The mail has a subject, a date and a plain text body that a mail parser reads without a defect."""
    raw = (SAMPLE / "mail/coating-dates.eml").read_bytes()
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert message.defects == []
    assert message["date"].datetime == datetime.fromisoformat("2025-05-12T16:48:00+01:00")
    body = message.get_body(("plain",))
    assert body is not None
    assert "from 8 to 26 September 2025" in body.get_content()


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    """The sample, ingested with the default encoder."""
    folder = tmp_path_factory.mktemp("sample") / "collection"
    report = ingest([str(SAMPLE)], collection=str(folder))
    assert list(report.failed) == []
    with Collection.open(str(folder)) as opened:
        yield opened


QUESTIONS = [
    ("Who approves a trip to another continent?", "policies/travel-policy-2024.md", "approved by the Director"),
    ("How much may the duty engineer spend in an emergency?", "policies/procurement-rules.md", "EUR 8,000"),
    ("proprietary period for a doctoral thesis", "policies/data-policy.md", "18 months"),
    ("What does error E-212 mean?", "telescope/brandt-operating-manual.pdf", "Shutter motor overcurrent"),
    ("At what wind speed must the dome be closed?", "minutes/operations-meeting-2025-04-02.docx", "55 km/h"),
    ("why did the read noise of detector H3 rise", "telescope/detector-calibration-2025.pdf", "31.2 kHz"),
    ("What happened with the shutter on 15 March?", "safety/incident-2025-03-15.html", "E-212"),
    ("oxygen level at which to leave at once", "safety/safety-handbook.md", "18.0 percent"),
    (
        "How long does the battery carry the observatory when the grid fails?",
        "facilities/energy-system.pdf",
        "nine hours",
    ),
    ("When is the Brandt Telescope closed for the coating?", "mail/coating-dates.eml", "8 to 26 September"),
    ("Can I take my dog to the observatory?", "visitors/faq.html", "Assistance dogs"),
    ("comet found by the robotic telescopes", "news/newsletter-spring-2025.html", "Lynx"),
    ("Who was the first director of the observatory?", "visitors/history.rst", "Edda Brandt"),
    ("lightning struck the mount of a robotic telescope", "facilities/equipment.jsonl", "2 August 2022"),
    ("price of a spare shutter motor", "facilities/spare-parts.csv", "SP-0417"),
    ("supernova alert in NGC 3941", "telescope/night-log-2025-03.txt", "46 minutes"),
]


@pytest.mark.parametrize(("question", "path", "fact"), QUESTIONS, ids=[path for _, path, _ in QUESTIONS])
def test_a_question_finds_the_passage_that_answers_it(
    collection: Collection, question: str, path: str, fact: str
) -> None:
    """Among the first eight hits of each question is the passage of the right file with the fact asked for."""
    hits = collection.search(question, k=8, stage="hybrid")
    found = [(hit.path, " ".join(hit.text.split())) for hit in hits]
    assert any(at == path and fact in text for at, text in found), found


def test_the_judgments_of_the_sample_hold(collection: Collection) -> None:
    """Every quote stands where it is said to, and reranking is worth its time."""
    judged = JudgedPlaces(collection, read_judgments(DATA / "sample-judgments.jsonl"), name="sample")
    found = evaluate(collection, judged, stages=["lexical", "hybrid", "rerank"])
    assert (list(found.notes), len(found.queries)) == ([], 36)
    means = [figures.means["nDCG@10"] for figures in found.stages.values()]
    assert means == sorted(means), means
    assert means[-1] > 0.75


def test_a_filter_leaves_the_old_policy_out(collection: Collection) -> None:
    """With the status filter, the per diem comes from the policy in force only; without it, both answer."""
    question = "What is the per diem for a full day?"
    policies = {hit.path for hit in collection.search(question, k=5, where={"path": {"$glob": "policies/*"}})}
    assert {"policies/travel-policy-2021.md", "policies/travel-policy-2024.md"} <= policies
    current = collection.search(question, k=5, where={"status": "current"})
    assert "EUR 68" in current[0].text
    assert {hit.metadata["status"] for hit in current} == {"current"}


def test_a_question_on_a_pdf_names_the_page(collection: Collection) -> None:
    """The passage that answers the demo's second question is among those printed, with its page and section."""
    hits = collection.search("How long can the battery bank carry an observing night?", k=3)
    [hit] = [hit for hit in hits if "nine hours" in " ".join(hit.text.split())]
    assert (hit.path, hit.pages) == ("facilities/energy-system.pdf", (3,))
    assert hit.headings == ("2 Loads", "2.2 How long the battery lasts")


def test_records_are_filtered_by_number_and_word(collection: Collection) -> None:
    """A filter on price and building returns exactly the records that match it."""
    hits = collection.search("pump", k=10, where={"building": "Workshop", "price": {"$lt": 20000}})
    assert {hit.document for hit in hits} == {"KRO-0402", "KRO-0403", "KRO-0404", "KRO-0415"}
