"""Postings beside the text index: FTS5's passages and scores, whatever came and went since they were saved."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, settings, strategies as st

from passagework.retrieval.errors import StoreError
from passagework.retrieval.filters.allowed import AllowedIds
from passagework.retrieval.lexical import saved_postings
from passagework.retrieval.lexical.bm25 import Bm25
from passagework.retrieval.lexical.live_postings import LivePostings, _rounded
from passagework.retrieval.lexical.postings import Postings
from passagework.retrieval.lexical.postings_file import load_postings, save_postings
from passagework.retrieval.lexical.saved_postings import open_postings, refresh_postings, replay_postings
from passagework.retrieval.store import Store
from passagework.retrieval.store.fulltext import DECIMALS, TOKENIZER
from passagework.retrieval.store.vocabulary import _stemmer, _stems, stems
from tests.support.stored_documents import copied, new_store, put

WORDS = ("gold", "iron", "wood", "box", "river", "blue", "pumping", "pumps", "snake_case", "case")
QUERIES = (
    "gold",
    "iron gold wood",
    "pump",
    "snake_case",
    "case snake",
    "absent",
    "gold gold absent river blue box",
    "__",
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an empty store, to be copied."""
    path = tmp_path_factory.mktemp("empty") / "store.db"
    new_store(path).close()
    return path


def texts(count: int, seed: int) -> Iterator[str]:
    """Texts of a few words, the first ones far more frequent than the last, as words are."""
    draw = random.Random(seed)
    for _ in range(count):
        yield " ".join(draw.choices(WORDS, weights=[1 / rank for rank in range(1, 11)], k=draw.randint(1, 12)))


def fill(store: Store, count: int, *, seed: int = 1, prefix: str = "a") -> None:
    """Documents of one passage each, a third of them odd."""
    with store.write() as writer:
        for number, text in enumerate(texts(count, seed)):
            put(writer, f"{prefix}{number}.md", text, size=1000, metadata={"third": number % 3, "number": number})


def words_of(store: Store, *, least: int) -> LivePostings:
    """Postings of a store as it is now."""
    with store.read() as snapshot, snapshot.words() as reader:
        return LivePostings((Postings.read(reader, least=least),))


def assert_same(
    store: Store,
    words: LivePostings,
    *,
    where: dict[str, object] | None = None,
    ks: tuple[int, ...],
    queries: tuple[str, ...] = QUERIES,
) -> None:
    """Every query finds what FTS5 finds, in its order, with its scores to the last digit."""
    with store.read() as snapshot:
        within = None if where is None else AllowedIds(where, snapshot)
        for query in queries:
            for k in ks:
                expected = Bm25().search(snapshot, query, k, within)
                found = words.search(snapshot, query, k, within)
                assert found == expected, (query, k)


@pytest.mark.parametrize("least", [1, 20, 1000])
def test_scores_and_order_are_those_of_fts5(empty: Path, least: int) -> None:
    """Whichever words are kept, all, the frequent ones or none; a pool that ends among equals takes them all."""
    with copied(empty) as store:
        fill(store, 200)
        words = words_of(store, least=least)
        assert ("gold" in words.segments[0].words) is (least <= 20)
        assert_same(store, words, ks=(1, 3, 10, 1000))


@pytest.mark.parametrize(
    "where", [{"third": 0}, {"third": {"$gte": 0}}, {"number": {"$lt": 3}}, {"number": 400}, {"third": {"$ne": 1}}]
)
def test_filters_hold(empty: Path, where: dict[str, object]) -> None:
    """A filter that lets few, many, all or none through, where the pool without it is enough and where it isn't."""
    with copied(empty) as store:
        fill(store, 200)
        assert_same(store, words_of(store, least=20), where=where, ks=(1, 5, 60, 1000))


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 40)), min_size=1, max_size=6), st.integers(1, 30))
@settings(max_examples=15, deadline=None, phases=[Phase.explicit, Phase.generate])
@pytest.mark.slow
def test_changes_are_replayed(empty: Path, steps: list[tuple[bool, int]], least: int) -> None:
    """After any adding and removing the answers are FTS5's: of frequencies and lengths as they are then."""
    with copied(empty) as store:
        fill(store, 30)
        words = words_of(store, least=least)
        with store.read() as snapshot:
            change = snapshot.last_change()
        for step, (adds, count) in enumerate(steps):
            if adds:
                fill(store, count, seed=step, prefix=f"s{step}-")
            else:
                with store.write() as writer:
                    there = [document.id for document in writer.documents()]
                    writer.remove_documents(random.Random(step).sample(there, min(count, len(there))))
            with store.read() as snapshot:
                words, change = replay_postings(words, snapshot, change), snapshot.last_change()
                assert (
                    len(words.ids) - (0 if words.removed is None else words.removed.sum()) == snapshot.passage_count()
                )
            assert_same(store, words, ks=(3, 1000))
        assert_same(store, words, where={"path": {"$glob": "*1.md"}}, ks=(3,))


def replayed(store: Store, text: str, *, title: str = "") -> LivePostings:
    """Postings of all words of a store, and a document that came since."""
    words = words_of(store, least=1)
    with store.read() as snapshot:
        change = snapshot.last_change()
    with store.write() as writer:
        put(writer, "later.md", text, size=len(text), title=title)
    with store.read() as snapshot:
        return replay_postings(words, snapshot, change)


@pytest.mark.parametrize(
    "text", ["\uf0b7gold \uf0b7iron", "\U0001f914gold", "wood\U0001fa70gold", "e\u0301te \u00e9t\u00e9 gold"]
)
def test_what_came_since_is_cut_into_words_as_the_text_index_does(empty: Path, text: str) -> None:
    """A bullet of a PDF or a pictograph at a word is no part of it, whether it was counted by the index or since."""
    with copied(empty) as store:
        fill(store, 30)
        assert_same(store, replayed(store, text), ks=(3, 1000), queries=("gold", "iron", "wood gold", "ete"))
        assert_same(store, words_of(store, least=1), ks=(3, 1000), queries=("gold", "iron", "wood gold", "ete"))


def test_the_tokenizer_is_that_of_the_text_index(empty: Path) -> None:
    """The very words of the first migration, which made the table."""
    with copied(empty) as store, store.read() as snapshot:
        sql = snapshot.connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'passages_fts'").scalar()
        assert f'tokenize="{TOKENIZER}"' in str(sql)


def test_a_word_of_which_a_passage_is_full(empty: Path) -> None:
    """More often than a count can hold, as a table read whole may have it: FTS5 scores that word."""
    with copied(empty) as store:
        fill(store, 30)
        words = replayed(store, "river " * 70_000)
        assert words.segments[-1].of("river")[1].tolist() == [65_535]
        assert_same(store, words, ks=(1, 1000))
        assert_same(store, words_of(store, least=1), ks=(1, 1000))


def test_a_word_that_ends_amid_a_character(empty: Path) -> None:
    """FTS5 cuts words of more than 32,768 bytes; neither a document nor a query of such a word spoils a search."""
    long = "\u4e2d" * 11_000
    with copied(empty) as store:
        fill(store, 30)
        words = replayed(store, f"{long} gold")
        queries = ("gold", long, f"{long} gold", "wood")
        assert_same(store, words, ks=(1, 1000), queries=queries)
        assert_same(store, words_of(store, least=1), ks=(1, 1000), queries=queries)


def test_an_interrupted_look_up_spoils_no_later_one() -> None:
    """Words left behind in the index that stems, as Ctrl-C leaves them, committed or not, are none of the next ones."""
    for left, word, of_word in (
        ("COMMIT", "zebra_houses", ("zebra", "hous")),
        ("", "quickly_running", ("quickli", "run")),
    ):
        _stemmer().execute("BEGIN")
        _stemmer().execute("INSERT INTO t (rowid, text) VALUES (0, 'interrupted words'), (7, 'more')")
        _stemmer().execute(left)
        assert stems([word, word, ""]) == [of_word, of_word, ()]


@given(st.lists(st.text(max_size=12), max_size=20))
def test_words_are_stemmed_together_as_one_by_one(words: list[str]) -> None:
    """In their order, however often each comes."""
    together = _stems(words)
    assert together == [_stems([word])[0] for word in words] == stems(words)


def test_scores_are_rounded_as_pythons_are() -> None:
    """To the last digit: NumPy's own rounding multiplies first, and errs once in a thousand."""
    scores = np.random.default_rng(0).uniform(0, 30, 10_000)
    assert _rounded(scores).tolist() == [round(one, DECIMALS) for one in scores.tolist()]
    assert np.round(scores, DECIMALS).tolist() != _rounded(scores).tolist()


def test_merged_segments_stay_few(empty: Path) -> None:
    """Many small additions end as few segments, and answer as one."""
    with copied(empty) as store:
        fill(store, 30)
        words = words_of(store, least=1)
        with store.read() as snapshot:
            change = snapshot.last_change()
        for step in range(40):
            fill(store, 2, seed=step, prefix=f"s{step}-")
            with store.read() as snapshot:
                words, change = replay_postings(words, snapshot, change), snapshot.last_change()
        assert len(words.segments) <= 8
        assert words.changed_count == 80
        assert_same(store, words, ks=(5,))


def test_saved_postings_come_back(empty: Path, tmp_path: Path) -> None:
    """The file gives the same answers; a changed byte or another digest is refused."""
    with copied(empty) as store:
        fill(store, 100)
        words = words_of(store, least=5)
        path = tmp_path / "w.index"
        digest = save_postings(words.segments[0], path)
        assert_same(store, LivePostings((load_postings(path, digest=digest),)), ks=(10,))
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
        with pytest.raises(StoreError, match="damaged: sha256"):
            load_postings(path, digest=digest)
        with pytest.raises(StoreError, match="can't be read"):
            load_postings(tmp_path / "absent", digest=digest)


def test_postings_are_saved_where_a_collection_is_large(
    empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Made once, kept while little changes, made anew when much does; set aside when damaged; gone when it shrinks."""
    monkeypatch.setattr(saved_postings, "LEAST_PASSAGES", 100)
    monkeypatch.setattr(saved_postings, "LEAST_HOLDING", 5)
    monkeypatch.setattr("passagework.retrieval.lexical.live_postings.REBUILD_LEAST", 20)
    folder = tmp_path / "index"
    with copied(empty) as store:

        def files() -> list[str]:
            refresh_postings(store, folder)
            with store.read() as snapshot:
                assert snapshot.generations() == []
                return [one.file for one in snapshot.postings_generations()]

        fill(store, 99)
        assert files() == []
        fill(store, 5, prefix="b")
        first = files()
        assert len(first) == 1
        fill(store, 10, prefix="c")
        assert files() == first
        fill(store, 30, prefix="d")
        second = files()
        assert second[1:] == first
        (folder / second[0]).write_bytes(b"nothing")
        with store.read() as snapshot:
            opened = open_postings(snapshot, folder)
        assert opened is not None
        assert len(opened.derived.ids) == 144
        assert "damaged" in caplog.text
        assert (folder / f"{second[0]}.damaged").exists()
        with store.write() as writer:
            writer.remove_documents([document.id for document in writer.documents()][:100])
        assert files() == []
        assert [entry.name for entry in folder.iterdir()] == [f"{second[0]}.damaged"]
