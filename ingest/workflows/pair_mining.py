"""Readies pairs for training: mines negatives where there are none, in blocks that a kill can't lose."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from passagework.ingest.pipeline import ingest
from passagework.ingest.report import Progress
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.errors import TrainingError
from passagework.retrieval.training import Mined, Pair, digest_pairs, mine, read_pairs, write_pairs

BLOCK = 500
"""Pairs that are mined and written together."""


def pairs_with_negatives(
    pairs: Sequence[Pair],
    work: Path,
    *,
    collection: Path | None,
    seed: int,
    passage_tokens: int,
    ingested: Callable[[Progress], None] | None = None,
    searched: Callable[[int, int], None] | None = None,
) -> tuple[list[Pair], Mined]:
    """Returns all pairs that have negatives, or that some could be mined for, as passages of a collection.

    The collection is the one named, else one made of the positives in `work`. What was mined stays in `work`, and is
    taken up by the next call with the same pairs. `ingested` and `searched` are told how far each is.
    """
    counts = Mined()
    if all(pair.negatives for pair in pairs):
        return list(pairs), counts
    source = f"{digest_pairs(pairs)[:12]}-{seed}-{passage_tokens}"
    if collection:
        source += f"-{hashlib.sha256(str(collection.resolve()).encode()).hexdigest()[:12]}"
    folder = work / f"mined-{source}"
    folder.mkdir(parents=True, exist_ok=True)
    blocks = [pairs[start : start + BLOCK] for start in range(0, len(pairs), BLOCK)]
    missing = [number for number in range(len(blocks)) if not (folder / f"{number:05}.jsonl").exists()]
    if missing:
        named = collection or _ingest_positives(pairs, work / "collection", passage_tokens, ingested)
        with Collection.open(named) as opened:
            for number in missing:

                def note(done: int, _: int, before: int = number * BLOCK) -> None:
                    if searched is not None:
                        searched(before + done, len(pairs))

                with_negatives = list(mine(opened, blocks[number], seed=seed, progress=note, counts=counts))
                write_pairs(with_negatives, folder / f"{number:05}.jsonl")
    mined = [pair for number in range(len(blocks)) for pair in _read_block(folder / f"{number:05}.jsonl")]
    return mined, counts


def remove_mining_collection(work: Path) -> None:
    """Removes the collection that was made for mining."""
    shutil.rmtree(work / "collection", ignore_errors=True)
    (work / "corpus.jsonl").unlink(missing_ok=True)


def _read_block(path: Path) -> list[Pair]:
    return read_pairs([path]) if path.stat().st_size else []


def _ingest_positives(
    pairs: Sequence[Pair],
    folder: Path,
    passage_tokens: int,
    ingested: Callable[[Progress], None] | None,
) -> Path:
    """Returns the folder of a collection of all positives."""
    documents = {pair.document: pair for pair in pairs}
    if len(documents) < 2:
        raise TrainingError("there is one text in all pairs: negatives are mined among others, so give more")
    corpus = folder.with_name("corpus.jsonl")
    with corpus.open("w", encoding="utf-8") as out:
        for name, pair in documents.items():
            record = {"_id": name, "title": pair.title, "text": pair.positive}
            out.write(json.dumps(record, ensure_ascii=False) + "\n")
    overlap = passage_tokens // 8
    ingest([corpus], folder, passage_tokens=passage_tokens, overlap=overlap, delete_missing=True, progress=ingested)
    return folder
