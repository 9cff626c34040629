"""A file is found by its name, where its title doesn't say that: in words, by models, and after it was renamed."""

from __future__ import annotations

from pathlib import Path

import pytest

from passagework import Collection, ingest
from passagework.ingest.maintenance.doctor import examine
from passagework.retrieval.types import Document, Stage
from passagework.retrieval.words.file_names import searched_title
from tests.support.fakes import FakeTokenEncoder


@pytest.mark.parametrize(
    ("title", "path", "searched"),
    [
        ("Overview", "policies/travel_policy_2021.md", "Overview (travel policy 2021)"),
        ("Travel policy", "policies/travel-policy.md", "Travel policy"),
        ("Travel policy", "policies/travelpolicy.md", "Travel policy"),
        ("Travel policy", "travel-policy-2.md", "Travel policy (travel policy 2)"),
        ("10-K - 3M Company", "3M_2022_10K.pdf", "10-K - 3M Company (3M 2022 10K)"),
        ("Reisekosten", "Reisekosten-Büro.docx", "Reisekosten (Reisekosten Büro)"),
        ("Overview", "travel/index.html", "Overview"),
        ("Overview", "README.md", "Overview"),
        ("Overview", "3f2a9c0d41b7e65f.pdf", "Overview"),  # a digest
        ("Overview", "20230412103322.pdf", "Overview"),  # an instant
        ("", "travel.md", ""),  # no title: an ingest gives it the file's name
        ("Overview", "", "Overview"),  # a text that is in no file
    ],
)
def test_what_a_name_says_beside_a_title(title: str, path: str, searched: str) -> None:
    """The name stands behind the title where it has a word that the title hasn't, and the word says something."""
    assert searched_title(Document("text", "text/plain", title=title, path=path, uri=f"file:///{path}")) == searched


def test_records_and_parts_of_files_have_names_of_their_own() -> None:
    """A record's file says nothing of it, nor does the mailbox that a message is in."""
    assert searched_title(Document("t", "text/plain", title="A", path="corpus.jsonl", name="17")) == "A"
    assert searched_title(Document("t", "text/plain", title="A", path="all.mbox", uri="file:///all.mbox#3")) == "A"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """Two versions of a policy, whose text and title are the same."""
    folder = tmp_path / "docs"
    folder.mkdir()
    for year in (2021, 2023):
        (folder / f"travel_{year}.md").write_text("# Overview\n\napple river stone\n", encoding="utf-8")
    return folder


def found(collection: Path, query: str, stage: Stage) -> list[str]:
    """The paths of hits, copies aside."""
    with Collection.open(collection, encoder=FakeTokenEncoder()) as opened:
        return [hit.path for hit in opened.search(query, stage=stage, copies="keep")]


@pytest.mark.parametrize("stage", [Stage.LEXICAL, Stage.DENSE, Stage.HYBRID, Stage.RERANK])
def test_versions_are_told_by_their_names(docs: Path, tmp_path: Path, stage: Stage) -> None:
    """Every stage reads the name; the title that is shown stays as the document has it."""
    ingest(docs, tmp_path / "c", encoder=FakeTokenEncoder(), token_vectors=True)
    assert found(tmp_path / "c", "apple stone 2021", stage)[0] == "travel_2021.md"
    assert found(tmp_path / "c", "apple stone 2023", stage)[0] == "travel_2023.md"
    with Collection.open(tmp_path / "c", encoder=FakeTokenEncoder()) as opened:
        hits = opened.search("apple 2021", stage=Stage.RERANK)
        assert {hit.title for hit in hits} == {"Overview"}
        assert {hit.to_json()["title"] for hit in hits} == {"Overview"}
        assert hits.plan.to_json()["token_vectors"] == "stored"
    assert not examine(tmp_path / "c").findings


def test_a_renamed_file_is_found_by_its_new_name(docs: Path, tmp_path: Path) -> None:
    """It counts as moved, and its old name finds nothing more; one that lies in another folder is not read again."""
    encoder = FakeTokenEncoder()
    ingest(docs, tmp_path / "c", encoder=encoder, token_vectors=True)
    (docs / "travel_2021.md").rename(docs / "voyage_2021.md")
    (docs / "old").mkdir()
    (docs / "travel_2023.md").rename(docs / "old" / "travel_2023.md")
    report = ingest(docs, tmp_path / "c", encoder=encoder)
    assert (report.moved, report.added, report.encoded) == (2, 0, 1)
    assert found(tmp_path / "c", "voyage", Stage.LEXICAL) == ["voyage_2021.md"]
    assert found(tmp_path / "c", "travel", Stage.LEXICAL) == ["old/travel_2023.md"]
    assert not examine(tmp_path / "c").findings
    assert ingest(docs, tmp_path / "c", encoder=encoder).unchanged == 2
