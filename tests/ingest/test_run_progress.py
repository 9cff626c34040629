"""How far an ingest is: what costs time moves, stage by stage, and an estimate comes of it."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from passagework.ingest import IngestStage, Progress, ingest
from passagework.ingest.run_progress import RunProgress
from passagework.ingest.scan import FoundFile
from passagework.ingest.writing import passage_writer
from passagework.ingest.writing.write_counts import WriteCounts
from passagework.retrieval.types import Document
from passagework.ui.present.progress_lines import ProgressLine, progress_lines, time_left
from tests.support.fakes import FakeEncoder

LONG = "\n\n".join(f"Paragraph {number} tells of bees, wasps and owls in the old cellar." for number in range(3_000))


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """The time now."""
        return self.now


def test_one_long_document_moves_before_it_is_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes read and texts encoded grow while not one document is stored; at the end all is done."""
    monkeypatch.setattr(passage_writer, "GROUP_TOKENS", 2_000)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "long.txt").write_text(LONG)
    told: list[Progress] = []
    report = ingest(tmp_path / "docs", tmp_path / "c", encoder=FakeEncoder(), progress=told.append)
    before = [now for now in told if now.current == "long.txt" and not now.documents]
    assert len({now.bytes_read for now in before}) > 3
    assert len({now.encoded for now in before}) > 3
    assert all(now.total_bytes == len(LONG) and now.files == 0 for now in before)
    assert all(a.bytes_read <= b.bytes_read and a.encoded <= b.encoded for a, b in pairwise(told))
    assert all(now.encoded <= now.to_encode for now in told)
    last = [now for now in told if now.stage is IngestStage.READING][-1]
    assert (last.files, last.bytes_read, last.encoded) == (1, len(LONG), report.encoded)
    assert last.to_encode == report.encoded


def test_stages_follow_each_other(tmp_path: Path) -> None:
    """Files found are told while there is nothing else to tell, then what is read, then the indexes."""
    (tmp_path / "docs").mkdir()
    for number in range(250):
        (tmp_path / "docs" / f"{number}.txt").write_text(f"Bee {number}.")
    told: list[Progress] = []
    ingest(tmp_path / "docs", tmp_path / "c", encoder=FakeEncoder(), progress=told.append)
    assert [now.found for now in told if now.stage is IngestStage.SCANNING] == [0, 100, 200]
    stages = [now.stage for now in told]
    assert list(dict.fromkeys(stages)) == [IngestStage.SCANNING, IngestStage.READING, IngestStage.INDEXING]
    assert (told[-1].files, told[-1].found) == (250, 250)
    again: list[Progress] = []
    report = ingest(tmp_path / "docs", tmp_path / "c", encoder=FakeEncoder(), progress=again.append, token_vectors=None)
    assert (report.unchanged, again[-1].bytes_read, again[-1].to_encode) == (250, again[-1].total_bytes, 0)


def test_token_vectors_have_a_stage_of_their_own(tmp_path: Path) -> None:
    """Its estimate is of that stage alone."""
    clock = Clock()
    told: list[Progress] = []
    progress = RunProgress(told.append, clock.now)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "monotonic", clock)
        progress.index()
        clock.now += 50
        progress.fill(0, 100)
        clock.now += 10
        progress.fill(25, 100)
    assert [(now.stage, now.seconds_left) for now in told] == [
        (IngestStage.INDEXING, None),
        (IngestStage.FILLING, None),
        (IngestStage.FILLING, 30.0),
    ]


def test_the_estimate_goes_by_bytes_and_what_waits_for_the_encoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quarter done in 10 seconds leaves 30; of that half not encoded yet, an eighth is done, which leaves 70."""
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    files = [FoundFile(tmp_path / name, name, name, tmp_path, size) for name, size in (("a", 400), ("b", 1_200))]
    told: list[Progress] = []
    counts = WriteCounts()
    progress = RunProgress(told.append, clock.now)
    progress.read(files, counts)
    progress.begin(files[0])
    progress.take(Document(text="x" * 100, media_type="text/plain"))
    clock.now += 1
    counts.characters = 50
    progress.tell()
    assert (told[-1].bytes_read, told[-1].seconds_left) == (200, None)
    clock.now += 9
    progress.finish(files[0])
    assert (told[-1].bytes_read, told[-1].seconds_left) == (400, 30.0)
    counts.to_encode, counts.encoded = 8, 4
    progress.tell()
    assert told[-1].seconds_left == 70.0
    progress.begin(files[1])
    progress.take(Document(text="x" * 700, media_type="text/plain", name="r1"))
    counts.characters += 700
    progress.tell()
    assert told[-1].bytes_read == 1_100


BASE = Progress(files=0, total_files=0, documents=0, passages=0, encoded=0, seconds=4.0)


@pytest.mark.parametrize(
    ("progress", "lines"),
    [
        (
            replace(BASE, stage=IngestStage.SCANNING, found=1_200),
            [ProgressLine("finding files", 1_200, None, "1,200 files found")],
        ),
        (
            replace(
                BASE,
                files=1,
                total_files=3,
                found=3,
                bytes_read=2_500_000,
                total_bytes=40_000_000,
                encoded=100,
                to_encode=256,
                current="a\n.pdf",
                seconds_left=200.0,
            ),
            [
                ProgressLine("finding files", 3, 3, "3 files found"),
                ProgressLine("reading", 2.5, 40.0, "1 of 3 files, 2.5 of 40.0 MB, about 3 min left  a .pdf"),
                ProgressLine("encoding", 100, 256, "100 of 256 passages known so far, 25/s"),
            ],
        ),
        (
            replace(BASE, files=3, total_files=3, stage=IngestStage.FILLING, filled=1, to_fill=4, seconds_left=5.4),
            [
                ProgressLine("reading", 3, 3, "3 of 3 files"),
                ProgressLine("indexing", 1, 1, "indexes saved"),
                ProgressLine("token vectors", 1, 4, "1 of 4 passages, about 5 s left"),
            ],
        ),
    ],
)
def test_each_stage_has_a_line(progress: Progress, lines: list[ProgressLine]) -> None:
    """With counts, and what is left where that can be told."""
    assert list(progress_lines(progress)) == lines


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0.0, "1 s"),
        (89.0, "89 s"),
        (90.0, "2 min"),
        (5_399.0, "90 min"),
        (5_400.0, "2 h"),
        (36_000.0, "10 h"),
    ],
)
def test_time_left_is_told_in_one_unit(seconds: float | None, words: str) -> None:
    """Seconds, minutes from a minute and a half on, hours from an hour and a half on."""
    assert time_left(seconds) == (f", about {words} left" if words else "")
