"""What a GPU does: encoding beside sentence-transformers, reranking, exact search over a million vectors.

    python -m benchmarks.gpu [--device cuda] [--passages 4096] [--vectors 1000000] [--out FILE]

Everything is timed after a warm-up and with the device synchronised; the best of three runs. On a CPU it runs with
small sizes, to see that it works. Texts are real ones, of about 200 tokens a passage, and of 256 a pair.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.scale_data import real_texts
from passagework.retrieval import BiEncoder
from passagework.retrieval.config import DEFAULT_ENCODER, Settings
from passagework.retrieval.dense.index import ExactIndex, GpuIndex
from passagework.retrieval.models.weights import resolve_model

TOKENS = 200
BATCHES = (32, 64, 128, 256, 512, 1024, 2048)
RUNS = 3
K = 10


def seconds(work: Callable[[], object], *, device: str) -> float:
    """The best of a few runs, after one that isn't counted."""
    taken = []
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        work()
        if device.startswith("cuda"):
            torch.cuda.synchronize()
        taken.append(time.perf_counter() - start)
    return min(taken[1:])


def passages(encoder: BiEncoder, count: int, tokens: int = TOKENS) -> list[str]:
    """Real texts of exactly so many tokens, as far as cutting at a token's end allows."""
    words = " ".join(" ".join(one) for one in real_texts(max(200, count * 3)).sentences)
    found: list[str] = []
    start = 0
    while len(found) < count:
        piece = words[start : start + 12 * tokens] or words[: 12 * tokens]
        cut = encoder.tokenize([piece])[0]
        found.append(piece[: int(cut.ends[tokens - 1])])
        start = (start + int(cut.ends[tokens - 1]) + 1) % max(1, len(words) - 12 * tokens)
    return found


def encoding(device: str, count: int, batches: Sequence[int] = BATCHES) -> dict[str, float]:
    """Passages of 200 tokens a second: this product, sentence-transformers as it comes, and at its best in bf16."""
    from sentence_transformers import SentenceTransformer

    product = BiEncoder.load(settings=Settings(device=device))
    texts = passages(product, count)
    theirs = SentenceTransformer(str(resolve_model(DEFAULT_ENCODER, Settings()).path), device=device)
    theirs.max_seq_length = product.window
    found = {
        "product": count / seconds(lambda: product.encode_passages(texts), device=device),
        "theirs_default": count / seconds(lambda: theirs.encode(texts, show_progress_bar=False), device=device),
    }
    half = theirs.bfloat16()
    for batch in batches:
        work = partial(half.encode, texts, batch_size=batch, show_progress_bar=False)
        rate = count / seconds(work, device=device)
        if rate > found.get("theirs_bf16_best", 0.0):
            found |= {"theirs_bf16_best": rate, "theirs_batch": float(batch)}
    return found


def reranking(device: str, pairs: int) -> dict[str, float]:
    """Milliseconds to rerank so many passages by the default reranker, pairs of 256 tokens."""
    from passagework.retrieval.late_interaction.late_interaction import LateInteractionReranker

    encoder = BiEncoder.load(settings=Settings(device=device))
    texts = passages(encoder, pairs, tokens=230)
    query = " ".join(texts[0].split()[:15])

    def rerank() -> object:
        return LateInteractionReranker(encoder).rerank(query, texts)  # a new one: it remembers what it has read

    return {"pairs": float(pairs), "ms": 1000 * seconds(rerank, device=device)}


def searching(device: str, count: int, *, dim: int = 384, batch: int = 32) -> dict[str, float]:
    """Milliseconds of a batch of queries over so many vectors, exactly, on the device and on the host."""
    random = np.random.default_rng(0)
    rows = np.empty((count, dim), np.float32)
    for start in range(0, count, 1 << 16):
        part = random.standard_normal((len(rows[start : start + (1 << 16)]), dim), dtype=np.float32)
        rows[start : start + (1 << 16)] = part / np.linalg.norm(part, axis=1, keepdims=True)
    queries = rows[:batch] + 0.05 * random.standard_normal((batch, dim), dtype=np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    host = ExactIndex(np.arange(count), rows)
    index = GpuIndex(host, device)
    same = np.array_equal(index.search(queries, K).ids, host.search(queries, K).ids)
    return {
        "vectors": float(count),
        "batch": float(batch),
        "same_answers": float(same),
        "device_ms": 1000 * seconds(lambda: index.search(queries, K), device=device),
        "host_ms": 1000 * seconds(lambda: host.search(queries, K), device="cpu"),
    }


def measure(device: str, *, texts: int, pairs: int, vectors: int, batches: Sequence[int] = BATCHES) -> dict[str, Any]:
    """All three."""
    name = torch.cuda.get_device_name() if device.startswith("cuda") else "CPU"
    return {
        "device": name,
        "torch": torch.__version__,
        "encoding": encoding(device, texts, batches),
        "reranking": reranking(device, pairs),
        "searching": searching(device, vectors),
    }


def main() -> int:
    """Prints one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    large = torch.cuda.is_available()
    parser.add_argument("--passages", type=int, default=4096 if large else 16)
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--vectors", type=int, default=1_000_000 if large else 20_000)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    found = measure(
        arguments.device,
        texts=arguments.passages,
        pairs=arguments.pairs,
        vectors=arguments.vectors,
        batches=BATCHES if large else BATCHES[:1],
    )
    print(json.dumps(found, indent=1))
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
