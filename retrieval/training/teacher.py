"""Scores texts by a larger model, so that a small encoder can learn to order them as it does (distillation)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from passagework.retrieval.config import Settings
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.files import write_atomically
from passagework.retrieval.models.bi_encoder import bi_encoder
from passagework.retrieval.models.cross_encoder import CrossEncoderReranker, has_head
from passagework.retrieval.models.encoder_options import EncoderOptions
from passagework.retrieval.models.remote.address import is_remote
from passagework.retrieval.models.weights import resolve_model

SHARPNESS = 20.0
"""What cosines are multiplied by before a softmax, as in the loss without a teacher (sentence-transformers' scale)."""

KEPT = "teacher.json"
"""The file, among the checkpoints, of the scores: a training that goes on needs the teacher no more."""

Candidates = Sequence[tuple[str, Sequence[str]]]
"""Queries, each with texts."""


def teacher_scores(candidates: Candidates, teacher: str, settings: Settings, work: Path) -> list[list[float]]:
    """Returns a teacher's scores of each query's texts: a cross-encoder's logits, an encoder's cosines times SHARPNESS.

    The teacher is a folder or a hub name. The scores are kept in the folder `work`. Raises ConfigError for an address,
    ModelUnavailableError where the teacher can't be had.
    """
    if is_remote(teacher):
        raise ConfigError(f"{teacher} is an address: a teacher is a model that runs here, a folder or a hub name")
    resolved = resolve_model(teacher, settings)
    content = json.dumps([resolved.weights, candidates]).encode()
    digest = hashlib.sha256(content).hexdigest()
    kept = _kept(work / KEPT, digest)
    if kept is None:
        if has_head(resolved.path):
            kept = _of_pairs(candidates, CrossEncoderReranker.load(str(resolved.path), settings=settings))
        else:
            kept = _of_cosines(candidates, bi_encoder(resolved, EncoderOptions(), settings))
        write_atomically(work / KEPT, json.dumps({"digest": digest, "scores": kept}).encode())
    return kept


def distillation_loss(model: Any) -> Any:
    """Returns the loss by which a teacher's order is learned: KL divergence of both softmaxes (Lin et al. 2020)."""
    from sentence_transformers.sentence_transformer.losses import DistillKLDivLoss
    from sentence_transformers.util import pairwise_cos_sim

    return DistillKLDivLoss(model, similarity_fct=lambda query, text: SHARPNESS * pairwise_cos_sim(query, text))


def _of_pairs(candidates: Candidates, reranker: CrossEncoderReranker) -> list[list[float]]:
    return [reranker.rerank(query, texts).logits.tolist() for query, texts in candidates]


def _of_cosines(candidates: Candidates, encoder: Any) -> list[list[float]]:
    queries = encoder.encode_queries([query for query, _ in candidates])
    vectors = encoder.encode_passages([text for _, texts in candidates for text in texts])
    ends = np.cumsum([len(texts) for _, texts in candidates])
    parts = np.split(vectors, ends[:-1])
    return [(SHARPNESS * part @ query).tolist() for query, part in zip(queries, parts, strict=True)]


def _kept(file: Path, digest: str) -> list[list[float]] | None:
    """Returns the scores of an earlier call; None where there are none of these texts by this teacher."""
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record["scores"] if isinstance(record, dict) and record.get("digest") == digest else None
