"""A folder of a file of each type: every one is read, or named with the way to have it read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from passagework.ingest import ingest
from passagework.ingest.loaders.formats import PICTURES, RECORDINGS, SUFFIXES, Format, named_format
from passagework.ingest.loaders.ways_out import way_out
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.hits import Hits
from tests.support.every_format import PHRASES, UNREAD, write_every_format, write_unread
from tests.support.fakes import FakeEncoder
from tests.support.format_questions import MEANINGS, REAL


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of them."""
    folder = tmp_path_factory.mktemp("all") / "docs"
    write_every_format(folder)
    write_unread(folder)
    return folder


def test_every_file_is_read_or_named_with_its_way_out(folder: Path, tmp_path: Path) -> None:
    """In confined processes; what a person would search for in each file is found by its words, in that file."""
    report = ingest(folder, tmp_path / "c", encoder=FakeEncoder())
    assert report.failed == []
    assert {problem.path for problem in report.skipped} == set(UNREAD)
    told = {unread.type: unread for unread in report.unread}
    assert sum(unread.files for unread in report.unread) == len(UNREAD)
    for name, (_, says) in UNREAD.items():
        assert says in told[Path(name).suffix or "no suffix"].way_out, name
    assert told[".doc"].to_json() == {"type": ".doc", "files": 1, "way_out": told[".doc"].way_out}
    assert report.to_json()["unread"] == [unread.to_json() for unread in report.unread]
    with Collection.open(tmp_path / "c", encoder=FakeEncoder()) as collection:
        for name, phrase in PHRASES.items():
            hits = collection.search(phrase, k=3, stage="lexical")
            assert name in {hit.path for hit in hits} or phrase in hits[0].text, (name, phrase)
            assert phrase.casefold() in hits[0].text.casefold(), name


@pytest.mark.slow
def test_every_file_is_found_by_what_it_means(folder: Path, tmp_path: Path, real_data: Path) -> None:
    """By vectors of the default encoder, in other words; beside real files, found by their words too."""
    docs = tmp_path / "docs"
    shutil.copytree(folder, docs)
    for name in REAL:
        shutil.copy(real_data / "files" / "office-and-web" / name, docs)
    assert ingest(docs, tmp_path / "c").failed == []
    asked = [(name, question, "dense") for name, question in MEANINGS.items()]
    asked += [(name, question, "dense") for name, (_, question) in REAL.items()]
    asked += [(name, words, "lexical") for name, (words, _) in REAL.items()]
    with Collection.open(tmp_path / "c") as collection:
        missed = [
            (name, question)
            for name, question, stage in asked
            if name not in _paths(collection.search(question, k=5, stage=stage, per_document=1))
        ]
    assert MEANINGS.keys() == PHRASES.keys()
    assert missed == []


def _paths(hits: Hits) -> set[str]:
    """Those of the hits, and of the copies that stand beside them."""
    return {path for hit in hits for path in (hit.path, *(copy.path for copy in hit.also_in))}


def test_every_format_has_a_file(folder: Path) -> None:
    """None is left out of the folder, of which there are some sixty kinds; pictures and recordings take an extra."""
    assert {named_format(folder / name) for name in PHRASES} == set(Format) - PICTURES - RECORDINGS
    assert len(PHRASES) + len(UNREAD) >= 70


def test_places_of_code_and_speech(folder: Path, tmp_path: Path) -> None:
    """Hits and citations of source code say their lines, those of subtitles their seconds; all can be filtered."""
    ingest([folder / "script", folder / "film.srt", folder / "notes.md"], tmp_path / "c", encoder=FakeEncoder())
    with Collection.open(tmp_path / "c", encoder=FakeEncoder()) as collection:
        (code,) = collection.search("sandpiper", k=3, where={"language": "python"})
        assert (code.lines, code.seconds, code.headings) == ((1, 3), (), ("sandpiper",))
        assert code.place == "lines 1-3"
        said = collection.search("lapwing", k=1, stage="lexical")[0]
        assert (said.lines, said.seconds, said.place) == ((), (1.0, 2.0), "0:00:01-0:00:02")
        context = collection.context("sandpiper", max_tokens=200)
        cited = next(citation for citation in context.citations if citation.path == "script")
        assert cited.lines == (1, 3)
        assert cited.to_json()["lines"] == [1, 3]
        assert "script, lines 1-3" in context.text


def test_types_without_a_way_of_their_own() -> None:
    """Every type has something that can be done about it."""
    assert way_out(".nobodyknows") == "save them as text, HTML, PDF or an office file"
    assert "convert them with LibreOffice" in way_out(".doc")


def test_the_documentation_names_every_suffix() -> None:
    """Under "What is read"; source code is there by its languages."""
    text = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
    told = text[text.index("### What is read") :].casefold()
    unnamed = [suffix for suffix, kind in SUFFIXES.items() if kind is not Format.CODE and f"`{suffix}`" not in told]
    assert unnamed == []
