"""Trained cross-encoders on held-out pairs, by how their queries were made: does any kind lose what another gains?

    python -m benchmarks.query_kinds MINED.jsonl [--most N] NAME=FOLDER ...

MINED.jsonl are pairs with negatives, as a training leaves them. nDCG@10 of each kind, over at most N of its pairs whose
sources were held out, each positive ranked among its negatives; a tie counts against the model.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from passagework.retrieval.models.cross_encoder import CrossEncoderReranker
from passagework.retrieval.models.reranker import Reranker
from passagework.retrieval.training import Pair, read_pairs
from passagework.retrieval.training.held_out import mean_gain


def by_kind(pairs: Sequence[Pair], most: int) -> dict[str, list[Pair]]:
    """The first held-out pairs of each kind."""
    found: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        if pair.held_out and pair.negatives and len(found[pair.kind]) < most:
            found[pair.kind].append(pair)
    return {kind: found[kind] for kind in sorted(found)}


def gains(reranker: Reranker, kinds: Mapping[str, Sequence[Pair]]) -> dict[str, float]:
    """nDCG@10 of each kind."""
    return {
        kind: mean_gain(
            pairs,
            [
                float(logit)
                for pair in pairs
                for logit in reranker.rerank(pair.query, [pair.text, *pair.negatives]).logits
            ],
        )
        for kind, pairs in kinds.items()
    }


def main() -> int:
    """Prints how many pairs of each kind there are, then a line a model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path, help="pairs with negatives (JSONL)")
    parser.add_argument("--most", type=int, default=100, help="pairs of a kind")
    parser.add_argument("models", nargs="+", help="NAME=FOLDER of a trained reranker")
    arguments = parser.parse_args()
    kinds = by_kind(read_pairs([arguments.pairs]), arguments.most)
    print(json.dumps({"pairs": {kind: len(pairs) for kind, pairs in kinds.items()}}), flush=True)
    for name, _, folder in (one.partition("=") for one in arguments.models):
        found = gains(CrossEncoderReranker.load(folder), kinds)
        print(json.dumps({name: {kind: round(value, 4) for kind, value in found.items()}}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
