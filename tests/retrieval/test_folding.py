"""Folding: words as people type them, in the text index and for the models; the stored text and its offsets stay."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from passagework.ingest.chunker import Chunker, ChunkSettings
from passagework.retrieval.lexical.bm25 import Bm25, matching_spans
from passagework.retrieval.store import Store, integrity
from passagework.retrieval.store.vocabulary import in_memory_word_reader
from passagework.retrieval.types import Document
from passagework.retrieval.words.folding import folded, folded_with_origins
from tests.support.fakes import FakeEncoder
from tests.support.stored_documents import new_store, put


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Raum\u00adthermo\u00adstat", "Raumthermostat"),
        ("navi\u200bga\u2060tion\ufeff", "navigation"),
        ("eﬃcient ﬁlter certiﬁed", "efficient filter certified"),
        ("ＡＢＣ１２３！", "ABC123!"),
        ("ｶﾞｷﾞ", "\u30ac\u30ae"),
        ("\ufefc \u062e\ufefc\u0644", "\u0644\u0627 \u062e\u0644\u0627\u0644"),
        ("\U0001d404\U0001d41f Ⅷ ſo", "Ef VIII so"),
        ("10⁶ in 1998⁴, words², m², H₂O, 3½, ¾", "10^6 in 1998^4, words^2, m2, H2O, 3 1/2, 3/4"),
        ("Auf\u200clage", "Auflage"),
        *[(kept, kept) for kept in ("\u0645\u06cc\u200c\u062e", "\U0001f468\u200d\U0001f469")],
        ("Größe ℃ ﷺ", "Größe ℃ ﷺ"),
    ],
)  # fmt: skip
def test_a_text_as_people_type_it(text: str, words: str) -> None:
    """Invisible characters go, doubles of letters become them, and numbers stay apart from what is raised."""
    assert folded(text) == words


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("ab1 \u00adﬁﬃＡ⁶½ｶﾞ\u200b\u200d\ufefc"))))
def test_every_character_knows_where_it_comes_from(text: str) -> None:
    """The places are those of the characters folded, in order; nothing that is folded can be folded again."""
    made = folded_with_origins(text)
    assert (text if made is None else made.text) == folded(text)
    if made is not None:
        assert made.starts.tolist() == sorted(made.starts)
        for place, character in enumerate(made.text):
            start, end = made.original(place, place + 1)
            assert 0 <= start < end <= len(text)
            assert text[start:end] == character or character in folded(text[max(0, start - 3) : end])


TEXT = "Der Raum\u00adthermo\u00adstat ist eﬃzient. "


def found(store: Store, query: str) -> list[int]:
    """The passages that words find."""
    with store.read() as snapshot:
        return [passage for passage, _ in Bm25().search(snapshot, query, 10, None)]


def test_words_are_found_as_they_are_typed(tmp_path: Path) -> None:
    """By the plain word and by the word as it stands; an update and a removal take the same words out again."""
    with new_store(tmp_path / "store.db") as store:
        with store.write() as writer:
            put(writer, "a", TEXT, size=100)
            put(writer, "b", "Ein Thermometer.", size=100)
        for query in ("Raumthermostat", "Raum\u00adthermostat", "effizient", "ｅｆｆｉｚｉｅｎｔ"):
            assert found(store, query) == [1], query
        assert found(store, "thermo") == []
        with store.write() as writer:
            integrity.correct_passage(writer, 1, start=0, end=6, text="ﬁlter", title="ﬂow")
        assert (found(store, "Raumthermostat"), found(store, "filter"), found(store, "flow")) == ([], [1], [1])
        with store.write() as writer:
            writer.connection.exec_driver_sql("DELETE FROM passages WHERE id = 1")
        assert found(store, "filter") == []
        assert problem(tmp_path / "store.db") is None


def problem(path: Path) -> str | None:
    """What FTS5's own check finds."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        return integrity.text_index_problem(connection, wait_ms=1000, then_ms=1000)
    finally:
        connection.close()


def test_folded_words_that_are_lost_are_found_missing_and_made_again(tmp_path: Path) -> None:
    """The index is checked against the folded words, and both are made of the passages by a repair."""
    path = tmp_path / "store.db"
    with new_store(path) as store, store.write() as writer:
        put(writer, "a", TEXT, size=100)
    connection = sqlite3.connect(path)
    connection.execute("DROP TRIGGER passages_updated")
    connection.execute("UPDATE passages SET indexed_text = 'lost'")
    connection.commit()
    connection.close()
    assert problem(path) is not None
    with Store.open(path) as store:
        with store.write() as writer:
            integrity.rebuild_text_index(writer)
        assert found(store, "Raumthermostat") == [1]
    assert problem(path) is None


def test_new_passages_are_counted_as_the_index_counts_them(tmp_path: Path) -> None:
    """What is counted in memory, for postings saved before, has the same words."""
    with new_store(tmp_path / "store.db") as store:
        with store.write() as writer:
            put(writer, "a", TEXT, size=100)
        with store.read() as snapshot:
            with snapshot.words() as reader:
                indexed = sorted(reader.frequent(1))
            with in_memory_word_reader(snapshot.passage_texts(first=1)) as reader:
                assert sorted(reader.frequent(1)) == indexed
        assert ("raumthermostat", 1) in indexed


def test_words_are_marked_where_they_stand() -> None:
    """The places are those of the text as it is, hyphens and ligatures included."""
    ((first, second),) = matching_spans("raumthermostat effizient", [TEXT])
    assert TEXT[slice(*first)] == "Raum\u00adthermo\u00adstat"
    assert TEXT[slice(*second)] == "eﬃzient"


def test_the_encoder_reads_folded_words_of_slices_that_stay() -> None:
    """A passage is a slice of the text; what the encoder gets of it, tokens and text, is folded."""
    encoder = FakeEncoder()
    pairs = list(
        Chunker(encoder, ChunkSettings(passage_tokens=20, overlap_tokens=0)).chunk(Document(text=TEXT, media_type=""))
    )
    assert [passage.text for passage, _ in pairs] == [TEXT.strip()]
    (seen,) = (seen for _, seen in pairs)
    assert seen.text == "Der Raumthermostat ist effizient."
    assert seen.token_ids.tolist() == encoder.tokenize([seen.text])[0].ids.tolist()
