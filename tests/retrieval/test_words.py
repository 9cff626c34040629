"""Words of other languages and scripts: as the text index has them, as queries look for them, where they are marked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from passagework import Collection, ConfigError, Stage, ingest
from passagework.ingest.writing.languages import identified
from passagework.retrieval.lexical.bm25 import matching_spans, query_terms
from passagework.retrieval.lexical.compounds import compound_parts
from passagework.retrieval.store.fulltext import any_of, matched_words
from passagework.retrieval.types import Tokens
from passagework.retrieval.words.folding import folded
from passagework.retrieval.words.indexed import indexed, indexed_with_origins, phrase_forms
from passagework.retrieval.words.inflection import STEMMED, stem
from tests.support.fakes import FakeEncoder

GERMAN = "Die Fenster der alten Häuser wurden im Herbst von den Handwerkern der Stadt gestrichen und abgedichtet."
SPANISH = "Las bombas de agua del edificio principal fueron reparadas por los técnicos durante la noche."
ENGLISH = "The pumps of the main building were repaired by the technicians during the night, and they hold."
CHINESE = "泵的额定压力是十巴，安装必须保持真实完整。"
THAI = "แรงดันของปั๊มน้ำต้องไม่เกินสิบบาร์"
JAPANESE = "ポンプの定格圧力は十バールです。"
KOREAN = "펌프의 정격압력은 십 바입니다."


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection of notes, each in a language of its own."""
    folder = tmp_path_factory.mktemp("words")
    (folder / "docs").mkdir()
    texts = {"de": GERMAN, "es": SPANISH, "en": ENGLISH, "zh": CHINESE, "th": THAI, "ja": JAPANESE, "ko": KOREAN}
    for name, text in texts.items():
        (folder / "docs" / f"{name}.txt").write_text(text, encoding="utf-8")
    ingest(folder / "docs", folder / "c", encoder=FakeEncoder())
    return folder / "c"


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("Haus", "de.txt"),
        ("Handwerker", "de.txt"),
        ("reparación técnico bomba", "es.txt"),
        ("repairing a pump", "en.txt"),
        ("压力", "zh.txt"),
        ("泵", "zh.txt"),
        ("真实完整", "zh.txt"),
        ('"额定压力"', "zh.txt"),
        ("ปั๊มน้ำ", "th.txt"),
        ("บาร์", "th.txt"),
        ("圧力", "ja.txt"),
        ("정격압력", "ko.txt"),
        ("압력", "ko.txt"),
    ],
)
def test_words_are_found_in_their_language(notes: Path, query: str, path: str) -> None:
    """Inflected words by their stems, parts of texts without blanks as they stand."""
    with Collection.open(notes, encoder=FakeEncoder()) as collection:
        assert collection.search(query, stage="lexical")[0].path == path


def test_what_no_passage_has_is_not_found(notes: Path) -> None:
    """A word of a script without blanks is found as a whole, in quotes; without, its parts may be."""
    with Collection.open(notes, encoder=FakeEncoder()) as collection:
        assert not collection.search("温度", stage="lexical")
        assert not collection.search('"压定"', stage="lexical")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (GERMAN, "de"),
        (SPANISH, "es"),
        (ENGLISH, "en"),
        ("Valve 9", ""),
        ("", ""),
        ("x = f(1)", ""),
        ("0101010 1010101 x 0001 1110 " * 9, ""),
    ],
)
def test_the_language_of_a_text(text: str, language: str) -> None:
    """Told by what is long enough; of a name or a formula, nothing is."""
    assert identified(text) == language


def test_what_is_said_of_the_language_counts(tmp_path: Path) -> None:
    """Said later, the words of what is there are indexed anew; said to be other, none is stemmed; kept until said."""
    docs, collection = tmp_path / "docs", tmp_path / "c"
    docs.mkdir()
    (docs / "a.txt").write_text("Häuser", encoding="utf-8")

    def found(query: str) -> int:
        with Collection.open(collection, encoder=FakeEncoder()) as opened:
            return len(opened.search(query, stage="lexical", syntax="plain"))  # else Maus is read as Mäuse

    ingest(docs, collection, encoder=FakeEncoder())
    assert (found("Haus"), found("Häuser")) == (0, 1)
    ingest(docs, collection, encoder=FakeEncoder(), language="de")
    assert (found("Haus"), found("Häuser")) == (1, 1)
    (docs / "b.txt").write_text("Mäuse", encoding="utf-8")
    ingest(docs, collection, encoder=FakeEncoder())
    assert found("Maus") == 1
    ingest(docs, collection, encoder=FakeEncoder(), language="other")
    assert (found("Haus"), found("Häuser"), found("Maus")) == (0, 1, 0)


def test_a_language_that_is_none_is_refused(tmp_path: Path) -> None:
    """By name, and nothing is made."""
    with pytest.raises(ConfigError, match=r"'german' is no language that is known here: give one of auto, en, ar"):
        ingest(tmp_path, tmp_path / "c", encoder=FakeEncoder(), language="german")
    assert not (tmp_path / "c").exists()


def test_english_is_indexed_as_it_stands() -> None:
    """No language and English change nothing; neither do queries of a collection without others."""
    assert indexed(ENGLISH, "en") == indexed(ENGLISH) == ENGLISH
    assert query_terms("the main pumps, in SA-4471") == ["main", "pumps", "SA", "4471", "SA-4471"]


@pytest.mark.parametrize("language", sorted(STEMMED))
def test_every_language_has_stems(language: str) -> None:
    """Its algorithm is there, and gives a word back for what it does not know."""
    assert stem("x1", language) == "x1"
    assert stem("Radio", language)


def test_marked_words_stand_where_the_text_has_them() -> None:
    """Of pieces that overlap one place is made, and of a stem the word."""
    [spans] = matching_spans("额定压力", [CHINESE])
    assert [CHINESE[start:end] for start, end in spans] == ["额定压力"]
    [spans] = matching_spans("Haus", [GERMAN], ["de"])
    assert [GERMAN[start:end] for start, end in spans] == ["Häuser"]


@given(st.text(alphabet="abA é東京都กินข้าวﬁ\u00ad가나 .", max_size=40), st.sampled_from(["", "de", "th", "code"]))
def test_each_character_stands_for_a_place(text: str, language: str) -> None:
    """The indexed text is the same with its places as without; these lie in the text, and are in order."""
    made = indexed_with_origins(text, language)
    assert (text if made is None else made.text) == indexed(text, language)
    if made is not None:
        assert len(made.starts) == len(made.ends) == len(made.text)
        assert all(0 <= start <= end <= len(text) for start, end in zip(made.starts, made.ends, strict=True))


def test_forms_of_a_word_count_as_one(tmp_path: Path) -> None:
    """A rare form, of the one document in another language, tells no more than the word does: ranks stay."""
    (tmp_path / "docs").mkdir()
    for number in range(30):
        (tmp_path / "docs" / f"{number:02}.txt").write_text(
            f"{SPANISH} {'Los puntos.' * (number % 2)}", encoding="utf-8"
        )
    (tmp_path / "docs" / "30.txt").write_text("puntos bombas", encoding="utf-8")  # too short to be told
    (tmp_path / "docs" / "31.txt").write_text(f"{SPANISH} Las casas bonitas.", encoding="utf-8")
    ingest(tmp_path / "docs", tmp_path / "c", encoder=FakeEncoder())
    with Collection.open(tmp_path / "c", encoder=FakeEncoder()) as collection:
        hits = collection.search("puntos casas", stage="lexical", k=40)
        assert hits[0].path == "31.txt"
        scores = {hit.path: hit.stages[Stage.LEXICAL].score for hit in hits}
        assert scores["30.txt"] < 3 * scores["01.txt"]  # shorter, but no rarer


@given(st.text(alphabet="東京都水源กินข้าว가나다", min_size=1, max_size=12), st.data())
def test_every_part_of_a_run_is_found(text: str, data: st.DataObject) -> None:
    """Whichever part is asked for, as words or as a phrase, is found where it stands in the text."""
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    [as_words] = matching_spans(text[start:end], [text])
    [as_phrase] = matched_words([text], any_of(phrase_forms(folded(text[start:end]))))
    for spans in (as_words, as_phrase):
        marked = {place for first, last in spans for place in range(first, last)}
        assert set(range(start, end)) <= marked


@pytest.mark.parametrize(
    ("query", "languages", "words"),
    [
        ("Welche Farbe hat das Haus?", ["de"], ["Farbe", "hat", "das", "Haus"]),
        ("Welche?", ["de"], ["Welche"]),
        ("¿Cuántos puntos?", ["es"], ["puntos", "punt"]),
        ("cuantos puntos", ["es"], ["puntos", "punt"]),
        ("quand come", ["fr"], ["come", "com"]),
        ("quand come", [], ["quand", "come"]),
    ],
)
def test_words_that_questions_begin_with_are_left_out(query: str, languages: list[str], words: list[str]) -> None:
    """In the languages that the collection has, with accents or without; alone they are looked for."""
    assert query_terms(query, languages) == words


def test_compounds_are_found_by_their_parts(tmp_path: Path) -> None:
    """A German word that no passage holds is looked for by the words that it is made of; one that is held is not."""
    texts = {
        "a": "Die Wellen, mit denen der Funk im Herbst über das Meer ging, wurden von den Technikern gemessen.",
        "b": "Die Wellen des Meeres wurden im Herbst von den Handwerkern der Stadt nicht gestrichen.",
        "c": "Das Sonnendach der alten Halle wurde im Herbst von den Handwerkern der Stadt gestrichen.",
        "d": "Die Sonne und das Dach der Halle sind von den Handwerkern der Stadt im Herbst gesehen worden.",
    }
    (tmp_path / "docs").mkdir()
    for name, text in texts.items():
        (tmp_path / "docs" / f"{name}.txt").write_text(text, encoding="utf-8")
    ingest(tmp_path / "docs", tmp_path / "c", encoder=FakeEncoder(), language="de")
    with Collection.open(tmp_path / "c", encoder=FakeEncoder()) as collection:
        assert [hit.path for hit in collection.search("Funkwellen", stage="lexical")] == ["a.txt", "b.txt"]
        assert [hit.path for hit in collection.search("Sonnendächer", stage="lexical")] == ["c.txt"]
        assert not collection.search("Mondfinsternis", stage="lexical")
    ingest(tmp_path / "docs", tmp_path / "c", encoder=FakeEncoder(), language="es")
    with Collection.open(tmp_path / "c", encoder=FakeEncoder()) as collection:
        assert not collection.search("Funkwellen", stage="lexical")


@pytest.mark.parametrize(
    ("word", "language", "parts"),
    [
        ("Funkwellen", "de", ("funk", "well")),
        ("Gesundheitswesen", "de", ("gesund", "wes")),
        ("Donau", "de", ()),
        ("vattenkraft", "sv", ("vatt", "kraft")),
        ("Funkwellen", "es", ()),
        ("Funk1wellen", "de", ()),
    ],
)
def test_the_parts_of_a_compound(word: str, language: str, parts: tuple[str, ...]) -> None:
    """Both are held, with what joins them between; the way whose rarer part is the most frequent counts."""
    held = {"funk": 3, "well": 2, "gesund": 4, "wes": 9, "vatt": 1, "kraft": 1, "wellen": 0}
    assert compound_parts(word, [language], lambda part: held.get(part, 0)) == parts


class AsciiEncoder(FakeEncoder):
    """Knows nothing of words in other letters than those of ASCII."""

    unknown_token = 7

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        """As FakeEncoder does; what it doesn't know is the unknown token."""
        found = super().tokenize(texts)
        for text, tokens in zip(texts, found, strict=True):
            words = [text[start:end] for start, end in zip(tokens.starts, tokens.ends, strict=True)]
            tokens.ids[:] = [one if word.isascii() else 7 for one, word in zip(tokens.ids, words, strict=True)]
        return found


def test_what_the_encoder_does_not_know_is_told_and_words_decide(tmp_path: Path) -> None:
    """Its unknown token is near to that of every other text: the one that has the word is found all the same."""
    (tmp_path / "docs").mkdir()
    for name, text in {"a": "泵 额定 压力", "b": "图书馆", "c": "安装 说明 书 图书 馆员"}.items():
        (tmp_path / "docs" / f"{name}.txt").write_text(text, encoding="utf-8")
    ingest(tmp_path / "docs", tmp_path / "c", encoder=AsciiEncoder())
    with Collection.open(tmp_path / "c", encoder=AsciiEncoder()) as collection:
        hits = collection.search("安装", stage="hybrid")
        assert (hits[0].path, hits.plan.unknown_tokens) == ("c.txt", 1)
        assert hits.plan.to_json()["unknown_tokens"] == 1
        assert hits.plan.weights is not None
        assert hits.plan.weights.lexical > 10 * hits.plan.weights.dense
        assert "unknown_tokens" not in collection.search("pump", stage="hybrid").plan.to_json()
