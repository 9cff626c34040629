"""Damaged files, as benchmarks/mutate.py makes thousands; here sixty, of the sample and of what tests make."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.mutate import Source, Tally, damaged, originals, read_sources, run
from benchmarks.mutation_archive import mutated
from benchmarks.mutation_words import WORDS
from passagework.ingest.workers import ParserPool
from tests.support.every_format import write_every_format
from tests.support.hostile_archives import packed, sample
from tests.support.hostile_run import ROOT

pytestmark = pytest.mark.faults

COUNT = 120
SEED = 7
MEMORY = 1 << 30


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Source]]:
    """Small files of every format."""
    folder = tmp_path_factory.mktemp("sources")
    for kind in ("docx", "pptx", "xlsx", "epub"):
        (folder / f"made.{kind}").write_bytes(packed(sample(kind, folder / "samples").items()))
    (folder / "made.json").write_text('[{"text": "The lantern burns.", "year": 2020}, {"text": "Ada", "list": [1, 2]}]')
    (folder / "made.tsv").write_text("name\ttext\nAda\tThe lantern burns.\n")
    write_every_format(folder / "every")
    return read_sources([ROOT / "data" / "sample", folder], largest=200 << 10)


def parsed(paths: Iterator[Path]) -> Tally:
    """What became of the files."""
    with ParserPool(2, timeout=60, memory_limit=MEMORY, loader="benchmarks.mutate:timed_load") as pool:
        return run(pool, paths, keep=False)


def test_every_damaged_file_is_read_or_refused_in_a_line(sources: dict[str, list[Source]], tmp_path: Path) -> None:
    """Nothing worse than a refusal; what is read has its offsets in range, can be stored, and is cut into slices."""
    assert {suffix[1:] for suffix in sources} >= {"pdf", "docx", "pptx", "xlsx", "epub", "eml", "html", "json", "jsonl",
                                                  "csv", "tsv", "md", "rst", "txt"}  # fmt: skip
    whole = parsed(originals(sources, tmp_path))
    assert (set(whole.ends), whole.wrong) == ({"read"}, [])
    found = parsed(damaged(sources, tmp_path, SEED, range(COUNT)))
    assert found.wrong == []
    assert sum(found.ends.values()) == COUNT
    assert found.ends["read"] >= COUNT // 4, "the damage no longer reaches the parsers"
    assert found.ends["refused"] >= COUNT // 10
    assert found.ends.keys() <= {"read", "refused", "no document", "died", "too large"}, found.told


def test_a_number_brings_the_same_damage_again(sources: dict[str, list[Source]]) -> None:
    """So that a file that did harm can be looked at; and another number brings another damage."""
    for suffix, some in sources.items():
        data = some[0].data
        one, same, other = (mutated(data, data, suffix, random.Random(seed)) for seed in (1, 1, 2))
        assert one == same
        assert one != data or other != data
    assert set(WORDS) <= set(sources)
