"""Lines and seconds of passages: stored with documents, counted by the store, shown by hits."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from passagework.retrieval.store import NewPassage
from passagework.retrieval.store.overlap import seconds_of
from passagework.retrieval.text import clock_time, place_list
from passagework.retrieval.types import PlaceUnit, SourcePlace
from tests.support.stored_documents import new_store, put


def spans(text: str, size: int) -> list[NewPassage]:
    """Passages of so many characters."""
    return [
        NewPassage(start, min(start + size, len(text)), (), f"{start}".encode().rjust(32), cut=False)
        for start in range(0, len(text), size)
    ]


@settings(deadline=None, max_examples=30)
@given(st.text("ab\n", min_size=1, max_size=60), st.integers(1, 9), st.integers(1, 5))
def test_lines_are_counted_from_the_place_on(
    tmp_path_factory: pytest.TempPathFactory, text: str, size: int, first: int
) -> None:
    """A passage has the lines of its first and its last character; those without a place have none."""
    store = new_store(tmp_path_factory.mktemp("lines") / "store.db")
    passages = spans(text, size)
    place = SourcePlace(PlaceUnit.LINE, first, first + text.count("\n"), 0, len(text))
    with store.write() as writer:
        put(writer, "before", "x\ny")
        put(writer, "a", text, passages=passages, places=[place])
    with store.read() as snapshot:
        found = [row.lines for row in snapshot.neighbours(2, range(len(passages)))]
        assert snapshot.passages([1])[0].lines == ()
    store.close()
    assert found == [(first + text.count("\n", 0, p.start), first + text.count("\n", 0, p.end)) for p in passages]


def test_lines_behind_a_megabyte(tmp_path: Path) -> None:
    """The lines of segments before the passage's own are counted, and those above the place are not."""
    text = "line\n" * 300_000
    store = new_store(tmp_path / "store.db")
    start = 5 * 250_000
    passage = NewPassage(start, start + 14, (), b"1".rjust(32), cut=False)
    with store.write() as writer:
        put(writer, "a", text, passages=[passage], places=[SourcePlace(PlaceUnit.LINE, 1, 300_000, 500, len(text))])
    with store.read() as snapshot:
        assert snapshot.passages([1])[0].lines == (249_901, 249_903)
    store.close()


def test_seconds_are_those_of_all_that_is_touched(tmp_path: Path) -> None:
    """A passage begins with the first thing said in it, and ends with the last."""
    text = "one two three"
    places = [
        SourcePlace(PlaceUnit.SECOND, 1.5, 3, 0, 4),
        SourcePlace(PlaceUnit.SECOND, 4, 6.25, 4, 8),
        SourcePlace(PlaceUnit.SECOND, 7, 9, 8, 13),
    ]
    store = new_store(tmp_path / "store.db")
    with store.write() as writer:
        put(writer, "a", text, passages=spans(text, 6), places=places)
        put(writer, "b", "silent", passages=spans("silent", 3))
    with store.read() as snapshot:
        assert seconds_of(snapshot.connection, [1, 2, 3, 4]) == {1: (1.5, 6.25), 2: (4.0, 9.0), 3: (7.0, 9.0)}
        assert snapshot.document(1).places == tuple(places)
        assert [row.seconds for row in snapshot.passages([1, 4])] == [(1.5, 6.25), ()]
    store.close()


@pytest.mark.parametrize(
    ("pages", "lines", "seconds", "shown"),
    [
        ((), (), (), ""),
        ((3,), (), (), "p. 3"),
        ((), (7, 7), (), "line 7"),
        ((), (7, 12), (), "lines 7-12"),
        ((), (), (59.9, 3725.2), "0:00:59-1:02:05"),
        ((), (), (5.0, 5.9), "0:00:05"),
        ((2, 3), (1, 1), (), "pp. 2-3, line 1"),
    ],
)
def test_places_are_shown_as_people_say_them(
    pages: tuple[int, ...], lines: tuple[int, ...], seconds: tuple[float, ...], shown: str
) -> None:
    """Pages, lines and times of day, each where there are some."""
    assert place_list(pages, lines, seconds) == shown
    assert clock_time(3600) == "1:00:00"
