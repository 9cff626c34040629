"""A passage that is said in a recording, as a person meets it: played from its second; Chromium."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("faster_whisper", reason="the extra audio is not installed")

from passagework.ingest import ingest
from tests.support.browser_sessions import Page, served
from tests.support.recordings import film, silence, speech_model, spoken

pytestmark = [pytest.mark.browser, pytest.mark.flaky(reruns=1)]  # a browser draws in its own time

TREES = "Nobody remembers who planted the trees along the road."
GARDEN = "The museum is closed on Mondays, but the garden is always open."
PLAYER = (
    "return (player => player && [player.currentTime, player.duration, player.error])(document.querySelector('{}'))"
)


@pytest.fixture(scope="module")
def talks(browser: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a collection of a film, a recording, and subtitles beside another; and its folder."""
    base = tmp_path_factory.mktemp("talks")
    docs = base / "docs"
    docs.mkdir()
    parts = (spoken(TREES), silence(6), spoken(GARDEN))
    chapters = [(0, 9000, "The road"), (9000, 60_000, "The garden")]
    film(docs / "walk.webm", *parts, codec="libopus", picture=False, tags={"title": "A walk through the town"})
    film(docs / "talk.mp3", *parts, codec="libmp3lame", tags={"title": "On the radio"}, chapters=chapters)
    film(docs / "film.mp4", *parts, codec="aac", chapters=chapters, tags={"title": "The film"})
    film(docs / "birds.mp3", silence(5), codec="libmp3lame")
    (docs / "birds.srt").write_text("1\n00:00:02,000 --> 00:00:04,000\nThe heron nests here.\n")
    ingest([docs], base / "c", passage_tokens=20, overlap=0, speech_model=speech_model())
    with served(base / "c", base / "log") as address:
        yield address, docs


def _kept(page: Page, name: str) -> None:
    """Writes a picture of the window where somebody wants to look at it."""
    if folder := os.environ.get("PASSAGEWORK_SCREENSHOTS"):
        page.browser.save_screenshot(str(Path(folder) / f"{name}.png"))


def _opened(browser: object, address: str, document: str, start: int, end: int) -> Page:
    page = Page(browser, address)
    page.resize(1280, "light")
    page.open(f"read?document={document}&start={start}&end={end}", '[data-testid="passage"]')
    return page


@pytest.mark.parametrize(("name", "tag"), [("talk.mp3", "audio"), ("film.mp4", "video"), ("walk.webm", "video")])
def test_it_plays_from_the_passage_s_second(talks: tuple[str, Path], browser: object, name: str, tag: str) -> None:
    """The player stands at the second in which the passage begins, the transcript beside it with the passage marked."""
    from passagework import Collection

    address, docs = talks
    with Collection.open(docs.parent / "c") as collection:
        (hit,) = collection.search("when is the museum closed", k=1, where={"path": name})
    assert hit.seconds[0] > 8
    page = _opened(browser, address, name, hit.start, hit.end)
    assert page.first("passage").split() == hit.text.split()
    page.until(lambda: (page.browser.execute_script(PLAYER.format(tag)) or [0])[0], "the player")
    at, length, error = page.browser.execute_script(PLAYER.format(tag))
    assert at == int(hit.seconds[0])
    assert length == pytest.approx(hit.metadata["duration"], abs=0.3)
    assert error is None
    _kept(page, f"recording-{name}")


def test_subtitles_play_what_lies_beside_them(talks: tuple[str, Path], browser: object) -> None:
    """The recording was not read, but it is what the subtitles are of."""
    page = _opened(browser, talks[0], "birds.srt", 0, 21)
    page.until(lambda: (page.browser.execute_script(PLAYER.format("audio")) or [0])[0] == 2, "the player at its second")
    assert "birds.mp3, which lies beside these subtitles" in page.shown()
    _kept(page, "recording-birds")


def test_a_file_that_changed_is_not_played(talks: tuple[str, Path], browser: object) -> None:
    """It may say something else; nor is one that is gone."""
    address, docs = talks
    path = docs / "walk.webm"
    data = path.read_bytes()
    try:
        path.write_bytes(data + b"\0")
        page = _opened(browser, address, "walk.webm", 0, 10)
        page.until(
            lambda: "The file has changed since it was ingested, so it is not played" in page.shown(), "the warning"
        )
        path.unlink()
        page = _opened(browser, address, "walk.webm", 0, 11)
        page.until(lambda: "is gone since it was ingested: there is nothing to play." in page.shown(), "the warning")
        assert page.browser.execute_script(PLAYER.format("video")) is None
    finally:
        path.write_bytes(data)
