"""What is said becomes paragraphs under the titles of chapters, each cue with its seconds."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, strategies as st

from passagework.ingest.loaders.speech.transcript import Chapter, transcript
from passagework.ingest.loaders.text.subtitles import Cue
from passagework.retrieval.types import Heading, PlaceUnit, SourcePlace

SAID = [Cue(0.0, 1.5, "The lamp is lit."), Cue(2.0, 3.0, "It turns."), Cue(6.0, 7.0, "The bell is rung.")]


def test_a_pause_of_more_than_two_seconds_ends_a_paragraph() -> None:
    """Sentences are joined; each keeps its seconds."""
    written = transcript(SAID, [])
    assert written.text == "The lamp is lit. It turns.\n\nThe bell is rung."
    assert written.headings == []
    assert written.places == [
        SourcePlace(PlaceUnit.SECOND, 0.0, 1.5, 0, 16),
        SourcePlace(PlaceUnit.SECOND, 2.0, 3.0, 17, 26),
        SourcePlace(PlaceUnit.SECOND, 6.0, 7.0, 28, 45),
    ]


def test_chapters_are_headings() -> None:
    """What comes before the first has none; a cue across a border belongs where its middle lies; empty ones stay."""
    chapters = [Chapter(1.9, "Turning"), Chapter(2.9, "Fog"), Chapter(60.0, "End")]
    written = transcript(SAID, chapters)
    assert written.text == "The lamp is lit.\n\nTurning\n\nIt turns.\n\nFog\n\nThe bell is rung.\n\nEnd"
    assert written.headings == [Heading(1, "Turning", 18, 25), Heading(1, "Fog", 38, 41), Heading(1, "End", 62, 65)]
    assert [written.text[place.start : place.end] for place in written.places] == [cue.text for cue in SAID]


@given(
    st.lists(
        st.tuples(st.floats(0, 100), st.floats(0, 10), st.text("ab. ", min_size=1).filter(str.strip)), max_size=20
    ),
    st.lists(st.tuples(st.floats(0, 100), st.text("XY", min_size=1)), max_size=5),
)
def test_nothing_said_is_lost(said: list[tuple[float, float, str]], marks: list[tuple[float, str]]) -> None:
    """Each cue stands in the text once, in order of time, at its place; places and headings don't overlap."""
    cues = sorted((Cue(first, first + length, text) for first, length, text in said), key=lambda cue: cue.first)
    written = transcript(cues, [Chapter(*mark) for mark in sorted(marks)])
    assert sorted(written.text[place.start : place.end] for place in written.places) == sorted(cue.text for cue in cues)
    assert [written.text[heading.start : heading.end] for heading in written.headings] == [
        title for _, title in sorted(marks)
    ]
    spans = [(place.start, place.end) for place in written.places]
    spans = sorted(spans + [(heading.start, heading.end) for heading in written.headings])
    assert all(before[1] <= behind[0] for before, behind in pairwise(spans))
