"""Lexical search: BM25 as the formula says, ties whole, and no text of a user is anything but words."""

from __future__ import annotations

import math
import re
import time
import unicodedata
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import example, given, settings, strategies as st

from passagework.retrieval.filters.allowed import AllowedIds
from passagework.retrieval.lexical.bm25 import MAX_TERMS, Bm25, LexicalRetriever, match_expression, query_terms
from passagework.retrieval.lexical.live_postings import LivePostings
from passagework.retrieval.lexical.postings import Postings
from passagework.retrieval.store import NewPassage, Store
from tests.support.stored_documents import copied, key_of, new_store, put

K1, B, LEAST_IDF = 1.2, 0.75, 1e-6

CORPUS = [  # (title, headings, text): words that Porter's rules leave alone
    ("tool box", ("metal",), "iron tool and gold tool"),
    ("", (), "gold gold gold"),
    ("gold", ("gold", "gold"), "gold"),
    ("box", (), "wood box with iron and wood and wood in a long long list of wood and iron and box"),
    ("", ("list",), "a short list"),
    ("", (), ""),
    ("river", (), "blue river"),
    ("river", (), "blue river"),
    ("RIVER", (), "Blue, river!"),
]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an empty store, to be copied."""
    path = tmp_path_factory.mktemp("empty") / "store.db"
    new_store(path).close()
    return path


@pytest.fixture(scope="module")
def store(empty: Path) -> Iterator[Store]:
    """The corpus, one passage a document, with ids from 1 in its order."""
    with copied(empty) as made:
        with made.write() as writer:
            for number, (title, headings, text) in enumerate(CORPUS, start=1):
                passage = NewPassage(0, len(text), headings, key_of(text), False)
                put(
                    writer,
                    f"{number}/index.md",
                    text,
                    title=title,
                    passages=[passage],
                    metadata={"even": number % 2 == 0},
                )
        yield made


def search(store: Store, query: str, k: int = 100, where: object = None) -> list[tuple[int, float]]:
    """What BM25 finds, in one snapshot."""
    with store.read() as snapshot:
        within = AllowedIds(where, snapshot) if isinstance(where, dict) else None
        return Bm25().search(snapshot, query, k, within)


def words_of(number: int) -> list[str]:
    """All words of a passage, whatever column they stand in."""
    title, headings, text = CORPUS[number]
    return re.findall(r"\w+", " ".join([title, *headings, text]).lower())


def bm25(query: list[str]) -> dict[int, float]:
    """Robertson and Zaragoza's formula over the corpus, with the least inverse document frequency of FTS5."""
    documents = {number + 1: words_of(number) for number in range(len(CORPUS))}
    average = sum(map(len, documents.values())) / len(documents)
    scores: dict[int, float] = {}
    for number, words in documents.items():
        for term in query:
            frequency = words.count(term)
            if frequency:
                having = sum(term in other for other in documents.values())
                idf = max(math.log((len(documents) - having + 0.5) / (having + 0.5)), LEAST_IDF)
                norm = frequency + K1 * (1 - B + B * len(words) / average)
                scores[number] = scores.get(number, 0.0) + idf * frequency * (K1 + 1) / norm
    return scores


@pytest.mark.parametrize(
    "query",
    ["gold", "iron tool", "wood box list", "gold iron blue absent", "long absent", "river", "tool box metal gold"],
)
def test_scores_are_those_of_the_formula(store: Store, query: str) -> None:
    """Over title, headings and text as one document; best first, ties by id."""
    expected = bm25(query.split())
    found = search(store, query)
    assert dict(found) == pytest.approx(expected, rel=1e-6, abs=1e-11)
    assert found == sorted(found, key=lambda pair: (-pair[1], pair[0]))


def test_words_in_most_passages_still_tell_them_apart(empty: Path) -> None:
    """FTS5 floors the weight of a frequent word at 0.000001: the order by its count must survive that."""
    with copied(empty) as store:
        with store.write() as writer:
            for number in range(1, 6):
                text = " ".join(["gold"] * number + ["iron"] * (6 - number))
                put(writer, f"{number}.md", text, size=100)
        assert [one for one, _ in search(store, "gold")] == [5, 4, 3, 2, 1]
        scores = [score for _, score in search(store, "gold")]
        assert all(0 < score < 3e-6 for score in scores)
        assert len(set(scores)) == 5


def test_words_meet_whatever_their_form(empty: Path) -> None:
    """Stems by Porter's rules, any case, accents or none, composed or not, underscores, a PDF's bullets."""
    texts = [
        "Approving travels",
        "École élémentaire",
        "E\u0301cole decomposed",
        "snake_case name",
        "naïve ΣΊΣΥΦΟΣ",
        "e=mc² 42",
        "\uf0b7bullet\uf0a7point🧠",
    ]
    with copied(empty) as store:
        with store.write() as writer:
            for text in texts:
                put(writer, text, text, size=100)

        def first(query: str) -> list[int]:
            return sorted(one for one, _ in search(store, query))

        assert first("approved TRAVEL") == [1]
        assert first("ecole") == first("école") == first("e\u0301cole") == first("É\u0301COLE") == [2, 3]
        assert first("snake_case") == first("case") == [4]
        assert first("snake_name") == []
        assert first("σίσυφος") == first("NAIVE") == [5]
        assert first("42") == first("mc²") == [6]
        assert first("bullet") == first("point") == first("\uf0b7points") == [7]


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
@example('" OR title:*')
@example("NEAR(gold iron, 2) AND NOT box")
@example("gold* ^gold -gold {title}: gold + gold")
@example('"')
@example("_ __ ___")
@example("\u0301 \u0331")
@example("\x00gold\x00")
@example("\ud800 gold \udfff")
@example("''; DROP TABLE passages_fts; --")
@example(":expression ? $1 @x")
@example("١٢٣ ² ㎏ ﬁ \u00ad\u200b")
def test_any_text_is_a_query(store: Store, text: str) -> None:
    """No text is an error, or finds a passage that has none of its words."""
    found = search(store, text)
    assert all(score > 0 for _, score in found)
    plain = unicodedata.normalize("NFKD", " ".join(query_terms(text)).lower().replace("_", " "))
    initials = {word[0] for word in re.findall(r"\w+", plain)}
    for one, _ in found:
        assert initials & {word[0] for word in words_of(one - 1)}


WRITING = st.characters(categories=["L", "N"]) | st.sampled_from(" \n-_.,'’“”()…+=\u00ad\u0301\u0327\uf0b7あ漢ไทยहि")


@given(st.text(WRITING, max_size=40))
@example("\U000118a0")
@settings(max_examples=80, deadline=None)
@pytest.mark.slow
def test_a_text_finds_itself(empty: Path, text: str) -> None:
    """Whatever words a passage has, its own text as a query finds it: query and text are read by the same rules."""
    with copied(empty) as store:
        with store.write() as writer:
            put(writer, "a", text, size=100)
            put(writer, "b", "other words", size=100)
            vocabulary = "CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab(main, passages_fts, 'instance')"
            writer.connection.exec_driver_sql(vocabulary)
            query = "SELECT count(*) FROM temp.vocabulary WHERE doc = 1"
            has_words = bool(text) and writer.connection.exec_driver_sql(query).scalar_one() > 0
        if has_words and query_terms(text):
            assert 1 in [one for one, _ in search(store, text)]


def test_no_words_find_nothing(store: Store) -> None:
    """A query without words, or words that no passage has, is answered by nothing; so is a pool of none."""
    assert [search(store, query) for query in ("", "  \n", "?!…", "zzz", "_")] == [[], [], [], [], []]
    assert search(store, "gold", k=0) == []


def test_filters_hold_inside(store: Store) -> None:
    """The pool is of the passages that the filter lets through, and their scores are as without it."""
    whole = dict(search(store, "gold iron box"))
    assert search(store, "gold iron box", where={"even": True}) == sorted(
        ((one, score) for one, score in whole.items() if one % 2 == 0), key=lambda pair: -pair[1]
    )
    assert [one for one, _ in search(store, "river", k=1, where={"path": {"$in": ["8/index.md", "5/index.md"]}})] == [8]
    assert search(store, "gold", where={"path": "absent"}) == []
    assert search(store, "gold", where={}) == search(store, "gold")


def test_a_pool_that_ends_among_equals_takes_them_all(empty: Path) -> None:
    """k passages, and all that score like the last; where the next one scores less, exactly k."""
    with copied(empty) as store:
        with store.write() as writer:
            for number in range(300):
                put(writer, f"{number:03}", "gold gold" if number == 70 else "gold iron" if number % 2 else "iron tin")
        gold = search(store, "gold", k=1)
        assert [one for one, _ in gold] == [71]
        for k in (2, 5, 149):
            found = search(store, "gold", k=k)
            assert [one for one, _ in found] == [71, *range(2, 301, 2)]
            assert len({score for _, score in found}) == 2
        assert search(store, "gold", k=1000) == search(store, "gold", k=151)
        some = search(store, "gold", k=2, where={"path": {"$lt": "100"}})
        assert [one for one, _ in some] == [71, *range(2, 101, 2)]


def test_terms_are_the_different_words_in_order() -> None:
    """As written, each once whatever its case, quoted for FTS5, and no more than are worth looking up."""
    assert query_terms('Gold, gold "AND" iron_ore don\'t NEAR(5)') == ["Gold", "AND", "iron_ore", "don", "NEAR", "5"]
    assert match_expression('c "b" c') == '"c" OR "b"'
    many = [f"w{number}" for number in range(MAX_TERMS + 50)]
    assert query_terms(" ".join(many)) == many[:MAX_TERMS]


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("What is the gold of the river?", ["gold", "river"]),
        ("which IT rules does WHO follow in the US", ["IT", "rules", "WHO", "follow", "US"]),
        ("WHAT IS THE GOLD", ["GOLD"]),
        ("Boeing\u2019s vitamin D and plan d", ["Boeing", "vitamin", "D", "plan"]),
        ("to be or not to be", ["to", "be", "or", "not"]),
        ("I", ["I"]),
    ],
)
def test_stop_words_are_not_looked_up(query: str, terms: list[str]) -> None:
    """Words that only ask are left out, names in capitals stay, and a query of nothing else is kept whole."""
    assert query_terms(query) == terms


@pytest.mark.slow
def test_a_very_long_query_is_answered(store: Store) -> None:
    """100,000 different words, or one word of 100,000 characters, cost seconds of work at most."""
    started = time.process_time()
    found = search(store, "gold " + " ".join(f"w{number}" for number in range(100_000)))
    assert [one for one, _ in found] == [one for one, _ in search(store, "gold")]
    assert search(store, "x" * 100_000) == []
    assert [one for one, _ in search(store, "gold " * 20_000)] == [one for one, _ in found]
    assert time.process_time() - started < 15


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("where is part SA-4471-B", ["part", "SA", "4471", "B", "SA-4471-B"]),
        ("ping 192.168.3.7", ["ping", "192", "168", "3", "7", "192.168.3.7"]),
        ("foo_bar.baz fails", ["foo_bar", "baz", "fails", "foo_bar.baz"]),
        ("a two-dimensional flow", ["two", "dimensional", "flow"]),
        ('the "cold start" problem', ["cold", "start", "problem", "cold start"]),
        ("„river bank“ or “gold mine”", ["river", "bank", "gold", "mine", "river bank", "gold mine"]),
        ('an open " quote', ["open", "quote"]),
        ("Boeing's", ["Boeing"]),
    ],
)
def test_identifiers_and_quotes_are_looked_up_as_they_stand(query: str, terms: list[str]) -> None:
    """Beside their words; a compound is its words alone, for people write it with a hyphen or without."""
    assert query_terms(query) == terms


@pytest.mark.parametrize("saved", [False, True])
def test_the_order_of_an_identifiers_parts_counts(tmp_path: Path, saved: bool) -> None:
    """Among identifiers of the same parts the one that is asked for is first, by FTS5 and by saved postings."""
    parts = ["-".join(order) for order in permutations(["7415", "2290", "31", "B"], 3)]
    store = new_store(tmp_path / "store.db")
    with store.write() as writer:
        for number, part in enumerate(parts):
            put(writer, f"{number}", f"Part {part} is kept in the store of the workshop", size=100)
    with store.read() as snapshot:
        if saved:
            with snapshot.words() as reader:
                lexical: LexicalRetriever = LivePostings((Postings.read(reader, least=2),))
        else:
            lexical = Bm25()
        for part in parts:
            (best, score), (_, second), *_ = lexical.search(snapshot, f"where is {part}?", 9, None)
            assert part in snapshot.passages([best])[0].text
            assert score > second
    store.close()
