"""Measures what the encoder's jobs cost, and how well they do, beside a small language model asked to do the same.

    python -m benchmarks.beside_language_model --model FOLDER_WITH_GGUF --cranfield DIR [--items 300]

Classify: banking77, learned from 16 examples a label, and asked for with all labels named. Rerank: the first 20 of
hybrid on Cranfield (a collection of the default encoder). Verify: sentences of SICK by their pairs. Of the language
model yes and no are read from the scores of the next token, which takes one pass; a label is written out. Times are of
one run, in turns on one machine, and stated for 1,000 items.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from benchmarks.datasets import beir, data_folder
from benchmarks.labels import drawn
from benchmarks.support import scored
from benchmarks.support_sets import SETS
from passagework import BiEncoder, Collection, Stage
from passagework.retrieval.evaluation.measures import mean, per_query
from passagework.retrieval.labels.label_files import read_labels
from passagework.retrieval.late_interaction.late_interaction import LateInteractionReranker
from passagework.retrieval.models.reranker_input import reranker_text_of
from passagework.retrieval.training.classifier_training import train_classifier
from passagework.retrieval.verification.token_evidence import TokenEvidence

POOL, SHOTS, WRITTEN = 20, 16, 16
"""Candidates of a query; examples a label; tokens that the language model writes of a label."""

MEASURE = "nDCG@10"
ANSWERS = "Does the passage answer the query? Answer Yes or No."


class SmallModel:
    """A language model in a GGUF file, run by transformers."""

    def __init__(self, folder: Path) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        (file,) = folder.glob("*.gguf")
        self._torch = torch
        self._tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file.name)
        self._model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file.name).eval()
        self._words = [self._tokenizer(word, add_special_tokens=False)["input_ids"][0] for word in ("Yes", "No")]

    def _ids(self, request: str) -> Any:
        prompt = f"<|im_start|>user\n{request}<|im_end|>\n<|im_start|>assistant\n"
        return self._tokenizer(prompt, return_tensors="pt")

    def yes(self, request: str) -> float:
        """By how much it would rather begin with Yes than with No."""
        with self._torch.inference_mode():
            scores = self._model(**self._ids(request)).logits[0, -1]
        return float(scores[self._words[0]] - scores[self._words[1]])

    def written(self, request: str) -> str:
        """What it writes, without drawing."""
        ids = self._ids(request)
        with self._torch.inference_mode():
            out = self._model.generate(**ids, max_new_tokens=WRITTEN, do_sample=False)
        return str(self._tokenizer.decode(out[0][ids["input_ids"].shape[1] :], skip_special_tokens=True))


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What it gives, and the seconds that it took."""
    started = time.perf_counter()
    return work(), time.perf_counter() - started


def row(job: str, items: int, seconds: Sequence[float], quality: Sequence[float], measure: str) -> None:
    """Prints a line of the table: seconds for 1,000 items and quality, of the encoder and of the language model."""
    own, other = (1000 * one / items for one in seconds)
    figures = f"{own:.1f} | {other:.0f} | {other / own:.0f} | {quality[0]:.3f} | {quality[1]:.3f}"
    print(f"| {job} ({measure}) | {items} | {figures} |", flush=True)


def classified(encoder: BiEncoder, model: SmallModel, items: int) -> None:
    """Texts labelled: accuracy."""
    folder = data_folder() / "labels" / "banking77"
    examples, test = read_labels(folder / "train.csv"), read_labels(folder / "test.csv")
    test = test[:: max(1, len(test) // items)][:items]
    classifier = train_classifier([examples[at] for at in drawn(examples, SHOTS, 0)], encoder)
    texts, right = [one.text for one in test], [one.label for one in test]
    found, seconds = timed(lambda: classifier.classify(texts))
    names = {label.replace("_", " "): label for label in classifier.labels}

    def asked(text: str) -> str:
        said = model.written(
            f"Which one of these labels fits the message?\nLabels: {', '.join(names)}.\nMessage: {text}\n"
            "Answer with the label alone."
        ).lower()
        near = next((name for name in names if name.lower() in said), None)
        return names[near or next(iter(get_close_matches(said, names, 1, 0.0)))]

    others, other_seconds = timed(lambda: [asked(text) for text in texts])
    own = np.mean([one.nearest == label for one, label in zip(found, right, strict=True)])
    other = np.mean([one == label for one, label in zip(others, right, strict=True)])
    row("classify", len(test), (seconds, other_seconds), (float(own), float(other)), "accuracy")


def reranked(encoder: BiEncoder, model: SmallModel, folder: Path, items: int) -> None:
    """Candidates put in order: nDCG@10."""
    benchmark = beir("cranfield")
    benchmark = benchmark.only(list(benchmark.queries)[:: max(1, len(benchmark.queries) * POOL // items)])
    reranker = LateInteractionReranker(encoder)
    runs: list[dict[str, dict[str, float]]] = [{}, {}, {}]
    seconds = [0.0, 0.0]
    with Collection.open(folder, encoder=encoder) as collection:
        for name, query in benchmark.queries.items():
            hits = collection.search(query, k=POOL, stage=Stage.HYBRID, per_document=1)
            texts = [reranker_text_of(hit) for hit in hits]
            began = time.perf_counter()
            reranker.rerank(query, texts)
            between = time.perf_counter()
            said = [model.yes(f"Query: {query}\nPassage: {text}\n{ANSWERS}") for text in texts]
            seconds = [seconds[0] + between - began, seconds[1] + time.perf_counter() - between]
            best = collection.search(query, k=POOL, stage=Stage.RERANK, per_document=1, rerank_depth=POOL)
            found = ([hit.score for hit in best], said, [hit.score for hit in hits])
            for run, ranked, values in zip(runs, (best, hits, hits), found, strict=True):
                run[name] = {hit.document: value for hit, value in zip(ranked, values, strict=True)}
    own, other, before = (mean(per_query([MEASURE], benchmark.qrels, run)[MEASURE]) for run in runs)
    row("rerank", POOL * len(benchmark.queries), seconds, (own, other), f"{MEASURE}; {before:.3f} before")


def verified(encoder: BiEncoder, model: SmallModel, items: int) -> None:
    """Sentences held against others: AUROC."""
    statements = SETS["sick"]()
    statements = statements[:: max(1, len(statements) // items)][:items]
    engine = TokenEvidence(encoder)
    found, seconds = timed(lambda: scored(statements, engine, engine))
    request = "Text: {}\nClaim: {}\nDoes the text say that the claim is true? Answer Yes or No."
    said, other = timed(lambda: [model.yes(request.format(one.source, one.text)) for one in statements])
    right = [one.supported for one in statements]
    quality = [float(roc_auc_score(right, values)) for values in (found.scores, said)]
    row("verify", len(statements), (seconds, other), quality, "AUROC")


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="folder of a language model, a GGUF file")
    parser.add_argument("--cranfield", type=Path, required=True, help="collection of Cranfield")
    parser.add_argument("--items", type=int, default=300, help="pairs, statements; of labels a fifth")
    chosen = parser.parse_args()
    encoder, model = BiEncoder.load(), SmallModel(chosen.model)
    encoder.encode_queries(["warm"])
    model.yes("Is it warm?")
    print(
        "| job | items measured | seconds for 1,000 | by the language model | times | quality | by the language model |"
    )
    print("| --- " * 7 + "|")
    classified(encoder, model, chosen.items // 5)
    reranked(encoder, model, chosen.cranfield, chosen.items)
    verified(encoder, model, chosen.items)


if __name__ == "__main__":
    main()
