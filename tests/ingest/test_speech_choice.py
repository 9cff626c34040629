"""Which recordings an ingest writes down, by which model, and when again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("faster_whisper", reason="the extra audio is not installed")

from passagework import Collection, Settings
from passagework.ingest import Progress, Report, ingest
from passagework.ingest.loaders.speech import speech_extra
from passagework.ingest.recordings import recording_of, subtitles_of
from passagework.ingest.speech_choice import SpeechChoice
from passagework.retrieval.errors import ConfigError, ModelUnavailableError
from passagework.retrieval.files import digest_file
from tests.support.fakes import FakeEncoder
from tests.support.recordings import alike, film, silence, speech_model, spoken, wav

pytestmark = pytest.mark.slow

TREES = "Nobody remembers who planted the trees along the road."
ENCODER = FakeEncoder()
SUBTITLES = "1\n00:00:01,000 --> 00:00:03,000\nThe heron nests here.\n"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A note, a recording in which somebody speaks, and one in which nobody does."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "note.txt").write_text("The bell is rung in fog.")
    wav(folder / "trees.wav", spoken(TREES))
    wav(folder / "silent.wav", silence(5))
    return folder


def run(docs: Path, model: str | None = None, *, no_ignore: bool = False) -> Report:
    """Brings the collection beside the folder up to date, without a network."""
    settings = Settings(offline=True, cache=docs.parent / "hub")
    return ingest(docs, docs.parent / "c", encoder=ENCODER, speech_model=model, settings=settings, no_ignore=no_ignore)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that parsers are asked for."""
    from passagework.ingest.workers import process

    names: list[str] = []
    ordinary: Callable[..., int] = process.ParserProcess.request

    def request(self: process.ParserProcess, path: Path, options: object) -> int:
        names.append(path.name)
        return ordinary(self, path, options)

    monkeypatch.setattr(process.ParserProcess, "request", request)
    return names


def test_recordings_are_found_with_their_seconds(docs: Path) -> None:
    """By confined parsers, with the model of a folder; a hit and its citation say the seconds."""
    report = run(docs, speech_model())
    assert (report.added, report.failed) == (2, [])
    assert [(problem.path, problem.reason) for problem in report.skipped] == [
        ("silent.wav", "nobody speaks in 0:00:05 of it: silence, music or noise")
    ]
    with Collection.open(docs.parent / "c", encoder=ENCODER) as collection:
        (hit,) = collection.search("trees", k=10, stage="dense", where={"path": "trees.wav"})
        context = collection.context("trees", max_tokens=100, where={"path": "trees.wav"}, stage="dense")
        sources = {source.path: source.read_by for source in collection.sources()}
    assert alike(hit.text, TREES)
    assert len(hit.seconds) == 2
    assert 0 <= hit.seconds[0] < 1 < hit.seconds[1] < 5
    assert hit.metadata["speech_model"] == "whisper-tiny.en"
    assert context.citations[0].seconds == hit.seconds
    digest = digest_file(Path(speech_model()) / "model.bin")[:16]
    assert sources == {"note.txt": "never", "silent.wav": digest, "trees.wav": digest}


def test_what_was_written_down_stays_until_another_model_is_named(docs: Path, tmp_path: Path, asked: list[str]) -> None:
    """Neither a run that names none nor one that names the same reads a recording again, be it silent."""
    run(docs, speech_model())
    asked.clear()
    for model in (None, speech_model()):
        report = run(docs, model)
        assert (report.unchanged, asked) == (2 if model else 1, [])
    other = tmp_path / "other"
    shutil.copytree(speech_model(), other)
    with (other / "model.bin").open("ab") as file:
        file.write(b"\0")
    report = run(docs, str(other))
    assert (report.updated, report.unchanged, sorted(asked)) == (1, 1, ["silent.wav", "trees.wav"])


def test_without_the_extra_recordings_are_counted_and_read_later(docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to install; a model that is asked for is refused."""
    with monkeypatch.context() as patched:
        patched.setattr(speech_extra, "missing_modules", lambda extra: ("faster_whisper",))
        report = run(docs)
        assert report.added == 1
        assert [(unread.type, unread.files, unread.way_out) for unread in report.unread] == [
            (".wav", 2, 'pip install "passagework[audio]" has them transcribed')
        ]
        from passagework.retrieval import extras

        patched.setattr(extras, "missing_modules", lambda extra: ("faster_whisper",))
        with pytest.raises(ConfigError, match=r"faster_whisper, for what is said in recordings, isn't installed: pip"):
            run(docs, "anything")
    assert run(docs, speech_model()).added == 1


def test_without_a_model_recordings_are_counted(docs: Path) -> None:
    """Offline the hub isn't asked, and the line says how the model is had; one that is named is an error."""
    report = run(docs)
    assert report.added == 1
    assert [(unread.type, unread.files) for unread in report.unread] == [(".wav", 2)]
    assert report.unread[0].way_out.startswith("no speech model is here: `hf download Systran/faster-whisper-base`")
    for name, said in {
        "Systran/small": "not in the hub's cache, and offline is set: `hf download Systran/small` where there is",
        "./nowhere": "no speech model at ./nowhere: give a folder, or a hub name with one slash",
        str(docs): "is no Whisper model for CTranslate2: it has no config.json",
    }.items():
        with pytest.raises(ModelUnavailableError) as error:
            run(docs, name)
        assert said in str(error.value)


def test_the_model_of_the_environment_is_one_that_is_asked_for(docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call goes before it."""
    monkeypatch.setenv("PASSAGEWORK_SPEECH_MODEL", "from/environment")
    settings = Settings.from_environment()
    assert SpeechChoice.of(None, settings).asked == "from/environment"
    assert SpeechChoice.of("from/call", settings).asked == "from/call"


def test_a_model_of_the_hub_s_cache_is_read_through_its_links(docs: Path, tmp_path: Path) -> None:
    """A snapshot is a folder of links to files elsewhere, which a confined parser may read."""
    if not hasattr(os, "symlink") or os.name == "nt":
        pytest.skip("Windows makes links for administrators alone")
    model = tmp_path / "hub" / "models--Systran--faster-whisper-base"
    snapshot = model / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (model / "refs").mkdir()
    (model / "refs" / "main").write_text("abc")
    shutil.copytree(speech_model(), model / "blobs")
    for file in (model / "blobs").iterdir():
        (snapshot / file.name).symlink_to(Path("..", "..", "blobs", file.name))
    assert run(docs).added == 2
    with Collection.open(docs.parent / "c", encoder=ENCODER) as collection:
        (row,) = collection.documents_named(["trees.wav"])["trees.wav"]
        assert collection.document(row.id).metadata["speech_model"] == "Systran/faster-whisper-base"


def test_subtitles_beside_a_recording_are_read_instead(docs: Path, asked: list[str]) -> None:
    """The report says so, with documents of it on record; `no_ignore` reads both, and what has no document anew."""
    run(docs, speech_model())
    (docs / "trees.srt").write_text(SUBTITLES)
    (docs / "silent.en.vtt").write_text(f"WEBVTT\n\n{SUBTITLES[2:].replace(',', '.')}")
    asked.clear()
    report = run(docs, speech_model())
    assert [(each.path, each.reason, each.documents) for each in report.ignored] == [
        ("silent.wav", "its subtitles are read instead: silent.en.vtt", 0),
        ("trees.wav", "its subtitles are read instead: trees.srt", 1),
    ]
    assert (report.added, sorted(asked)) == (2, ["silent.en.vtt", "trees.srt"])
    asked.clear()
    assert (run(docs, speech_model(), no_ignore=True).ignored, asked) == ([], ["silent.wav"])


def test_a_recording_that_is_given_by_itself_has_its_subtitles_read(docs: Path, tmp_path: Path) -> None:
    """They take its place, for that folder was not looked at."""
    (docs / "trees.en.srt").write_text(SUBTITLES)
    report = ingest(docs / "trees.wav", tmp_path / "c", encoder=ENCODER, speech_model=speech_model())
    assert [(each.path, each.reason) for each in report.ignored] == [
        ("trees.wav", "its subtitles are read instead: trees.en.srt")
    ]
    with Collection.open(tmp_path / "c", encoder=ENCODER) as collection:
        assert [row.path for row in collection.documents()] == ["trees.en.srt"]


def test_names_of_subtitles(tmp_path: Path) -> None:
    """Those of the recording, also with a language behind it; the one without comes first."""
    names = ["talk.de.srt", "talk.srt", "talk.pt-BR.vtt", "talk.part2.srt", "talk2.srt", "talk.txt", "TALK.VTT"]
    paths = [tmp_path / name for name in names]
    assert [path.name for path in subtitles_of(tmp_path / "talk.mp4", paths)] == [
        "TALK.VTT",
        "talk.srt",
        "talk.de.srt",
        "talk.pt-BR.vtt",
    ]
    assert subtitles_of(tmp_path / "talk.de.mp4", paths) == [tmp_path / "talk.de.srt"]
    for name in ("talk.mp4", "note.txt"):
        (tmp_path / name).touch()
    assert recording_of(tmp_path / "talk.de.srt") == tmp_path / "talk.mp4"
    assert recording_of(tmp_path / "note.srt") is None
    assert recording_of(tmp_path / "talk.txt") is None


def test_progress_tells_the_minutes(docs: Path) -> None:
    """A long recording is one file of many minutes, and as much of its bytes are done as of its minutes."""
    for path in (docs / "trees.wav", docs / "note.txt", docs / "silent.wav"):
        path.unlink()
    wav(docs / "long.wav", silence(130), spoken(TREES))
    told: list[Progress] = []
    ingest(docs, docs.parent / "c", encoder=ENCODER, speech_model=speech_model(), progress=told.append)
    steps = [(each.parts_read, each.parts_to_read, each.part.value) for each in told if each.parts_to_read]
    assert list(dict.fromkeys(steps)) == [(0, 3, "minute"), (2, 3, "minute")]


def test_films_with_subtitles_of_their_own(docs: Path) -> None:
    """They are films all the same, with the note that says what was read."""
    film(docs / "film.mp4", silence(4), cues=[(500, 1500, "The heron nests here.")])
    report = run(docs, speech_model())
    assert [(note.path, note.reason) for note in report.notes] == [
        ("film.mp4", "its own subtitles were read in place of its sound")
    ]
    with Collection.open(docs.parent / "c", encoder=ENCODER) as collection:
        (hit,) = collection.search("heron", k=1, stage="dense", where={"path": "film.mp4"})
    assert (hit.text, hit.seconds) == ("The heron nests here.", (0.5, 1.5))
