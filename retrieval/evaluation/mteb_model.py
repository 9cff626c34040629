"""passagework as mteb sees it: a search model that mteb's retrieval and reranking tasks can measure."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from types import TracebackType
from typing import TYPE_CHECKING, Any

from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.config import CANDIDATES, Settings
from passagework.retrieval.errors import ConfigError, EvaluationError
from passagework.retrieval.evaluation.evaluator import RUN_DEPTH
from passagework.retrieval.evaluation.mteb_corpus import Ingest, original_id, stored_id, write_corpus
from passagework.retrieval.evaluation.runs import strictly_decreasing
from passagework.retrieval.extras import require
from passagework.retrieval.late_interaction.late_interaction import DEPTH, can_rerank
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.encoder_loading import load_encoder, load_reranker
from passagework.retrieval.models.encoder_options import EncoderOptions
from passagework.retrieval.models.reranker import Reranker
from passagework.retrieval.types import Copies, Fusion, Json, Stage, Syntax

if TYPE_CHECKING:
    from datasets import Dataset
    from mteb.abstasks.task_metadata import TaskMetadata
    from mteb.models.model_meta import ModelMeta

logger = logging.getLogger(__name__)

MODEL_TYPES: Mapping[Stage, list[str]] = {
    Stage.DENSE: ["dense"],
    Stage.LEXICAL: ["sparse"],
    Stage.HYBRID: ["hybrid"],
    Stage.RERANK: ["hybrid", "late-interaction"],
}
NAMED_RERANKER = ["hybrid", "cross-encoder"]


class PassageworkSearch:
    """Is mteb's SearchProtocol over collections: each corpus is ingested and searched as a user's would be.

    `folder` keeps the collections for the next run (default: a temporary folder, gone with `close`). `stage` is the one
    measured (default: the last that there is a model for); `whole` makes one passage of each document.
    Raises ConfigError where mteb is absent, or for rerank without a reranker.
    """

    def __init__(
        self,
        ingest: Ingest,
        *,
        folder: str | Path | None = None,
        stage: Stage | str | None = None,
        candidates: int = CANDIDATES,
        fusion: Fusion | str = Fusion.CONVEX,
        whole: bool = False,
        encoder: Encoder | str | None = None,
        reranker: Reranker | str | None = None,
    ) -> None:
        require("mteb")
        settings = Settings.from_environment()
        self._named_encoder = encoder
        self._named_reranker = reranker or settings.reranker
        self._settings = replace(settings, reranker=None)  # read where the stage needs it, and loaded once
        try:
            self.stage = Stage(stage or (Stage.RERANK if self._reranks() else Stage.HYBRID))
            self.fusion = Fusion(fusion)
        except ValueError as error:
            stages, fusions = (", ".join(choice.value for choice in kind) for kind in (Stage, Fusion))
            raise ConfigError(f"{error}: stages are {stages}; fusions are {fusions}") from error
        if self.stage is Stage.RERANK and not self._reranks():
            raise ConfigError("no reranker was named: mteb would record hybrid figures as those of rerank")
        self.candidates = candidates
        self.whole = whole
        self._ingest = ingest
        self._temporary = tempfile.TemporaryDirectory(prefix="passagework-mteb-")
        self._folder = Path(self._temporary.name if folder is None else folder)
        self._collection: Collection | None = None
        self._indexed: tuple[str, str, str] | None = None

    def index(
        self,
        corpus: Dataset,
        *,
        task_metadata: TaskMetadata,
        hf_split: str,
        hf_subset: str,
        encode_kwargs: Mapping[str, Any],
        num_proc: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Ingests the corpus; one that was ingested before, with the same encoder, is only checked.

        Documents that are refused, such as those without text, are counted in a warning. Raises EvaluationError where
        the corpus has no texts, or more is missing than was refused.
        """
        del encode_kwargs, num_proc, kwargs  # how mteb would encode: an ingest decides that itself
        self._forget()
        if "text" not in corpus.column_names:
            raise EvaluationError(f"{task_metadata.name}: its documents have no text, and passagework reads text alone")
        name, encoder = str(task_metadata.name), self._encoder()
        made_with: list[Json] = [encoder.fingerprint.to_json(), encoder.window, self.whole]
        written = write_corpus(corpus, self._folder, (name, hf_subset, hf_split), made_with)
        report = self._ingest([written.path], written.collection, encoder=encoder, whole=self.whole)
        self._collection = Collection.open(
            written.collection, encoder=encoder, reranker=self._reranker(), settings=self._settings
        )
        missing = written.documents - self._collection.status().documents
        if missing:
            reason = report.failed[0].reason if report.failed else "no reason was given"
            lost = f"{name}: {missing} of {written.documents} documents are not in the collection ({reason})"
            if missing == written.documents or missing > len(report.failed):
                raise EvaluationError(lost)
            logger.warning(lost)
        self._indexed = (name, hf_subset, hf_split)

    def search(
        self,
        queries: Dataset,
        *,
        task_metadata: TaskMetadata,
        hf_split: str,
        hf_subset: str,
        top_k: int,
        encode_kwargs: Mapping[str, Any],
        top_ranked: Mapping[str, Sequence[str]] | None = None,
        num_proc: int | None = None,
        **kwargs: Any,
    ) -> dict[str, dict[str, float]]:
        """Returns query -> document -> score, at most `top_k` documents, best first with strictly decreasing scores.

        A document counts by its best passage. With `top_ranked`, only the documents that it names for a query are
        ranked. An instruction beside a query is not read, which a warning tells; a blank query has no documents.
        Raises EvaluationError for another corpus than was indexed last, and for queries that are no plain text.
        """
        del encode_kwargs, num_proc, kwargs  # as in `index`
        key = (str(task_metadata.name), hf_subset, hf_split)
        if self._collection is None or self._indexed != key:
            raise EvaluationError(f"{' '.join(key)} was not indexed: {self._indexed or 'nothing'} was")
        if "instruction" in queries.column_names:
            logger.warning("%s: instructions are not read, only the queries", task_metadata.name)
        run = {}
        for query in queries:
            if not isinstance(query.get("text"), str):
                raise EvaluationError(f"{task_metadata.name}: query {query['id']} is no plain text")
            allowed = None if top_ranked is None else top_ranked.get(query["id"], ())
            run[str(query["id"])] = strictly_decreasing(self._ranking(self._collection, query["text"], top_k, allowed))
        return run

    @property
    def mteb_model_meta(self) -> ModelMeta:
        """Returns what mteb files results under: the encoder's name, its weights' digest, and how it was searched."""
        from mteb.models.model_meta import ModelMeta

        encoder = self._encoder()
        fingerprint = encoder.fingerprint
        return ModelMeta(
            name=f"passagework/{PurePath(fingerprint.model).name}",
            revision=fingerprint.weights,
            experiment_kwargs=self._experiment(),
            loader=None,
            release_date=None,
            languages=None,
            n_parameters=None,
            memory_usage_mb=None,
            max_tokens=encoder.window,
            embed_dim=encoder.dim,
            license=None,
            open_weights=None,
            public_training_code=None,
            public_training_data=None,
            framework=["Sentence Transformers"],
            similarity_fn_name="cosine" if self.stage is Stage.DENSE else None,
            use_instructions=False,
            training_datasets=None,
            adapted_from=fingerprint.model if fingerprint.revision else None,
            model_type=NAMED_RERANKER if self._named_reranker else MODEL_TYPES[self.stage],
        )

    def close(self) -> None:
        """Lets go of the collection; a temporary folder is removed."""
        self._forget()
        self._temporary.cleanup()

    def __enter__(self) -> PassageworkSearch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _forget(self) -> None:
        if self._collection is not None:
            self._collection.close()
        self._collection = self._indexed = None

    def _ranking(
        self, collection: Collection, text: str, top_k: int, allowed: Sequence[str] | None
    ) -> list[tuple[str, float]]:
        """Ranks documents by their best passage; where a stage has no more, the earlier one goes on behind it."""
        ranking: dict[str, float] = {}
        if not text.strip() or (allowed is not None and not allowed):
            return []
        for stage, k in self._passes(top_k, allowed):
            hits = collection.search(
                text,
                k=k,
                stage=stage,
                candidates=self.candidates,
                fusion=self.fusion,
                where=None if allowed is None else {"document": {"$in": [stored_id(document) for document in allowed]}},
                per_document=1,
                relevance=False,
                copies=Copies.KEEP,
                syntax=Syntax.PLAIN,
            )
            for hit in hits:
                ranking.setdefault(original_id(hit.document), hit.score)
            if len(ranking) >= top_k or len(hits) < k:
                break
        return list(ranking.items())[:top_k]

    def _passes(self, top_k: int, allowed: Sequence[str] | None) -> list[tuple[Stage, int]]:
        """Returns the searches, stage and k, that make one ranking.

        mteb asks for 1,000 documents: a pool as large would change the fused scores at the top, and a reranker would
        read them all. So the top is as `evaluate` measures it, and the rest follows. Documents given are all reranked.
        """
        if self.stage in (Stage.DENSE, Stage.LEXICAL):
            return [(self.stage, top_k)]
        if allowed is not None:
            return [(self.stage, min(top_k, len(allowed)))]
        depths = [(Stage.HYBRID, RUN_DEPTH), (Stage.HYBRID, top_k)]
        if self.stage is Stage.RERANK:
            named = self._reranker()
            depths.insert(0, (Stage.RERANK, DEPTH if named is None else named.depth))
        return [(stage, min(top_k, k)) for stage, k in depths]

    def _experiment(self) -> dict[str, str | int | bool]:
        """Returns what else figures depend on: mteb keeps runs that differ in it apart."""
        parameters: dict[str, str | int | bool] = {"stage": self.stage.value, "whole": self.whole}
        if self.stage in (Stage.HYBRID, Stage.RERANK):
            parameters |= {"candidates": self.candidates, "fusion": self.fusion.value}
        if self.stage is Stage.RERANK:
            reranker = self._named_reranker
            parameters["reranker"] = (
                reranker if isinstance(reranker, str) else reranker.name if reranker else "late interaction"
            )
        return parameters

    def _reranks(self) -> bool:
        return self._named_reranker is not None or can_rerank(self._named_encoder)

    def _encoder(self) -> Encoder:
        """Returns the encoder, loaded once for all corpora."""
        if self._named_encoder is None or isinstance(self._named_encoder, str):
            self._named_encoder = load_encoder(self._named_encoder, EncoderOptions(), self._settings)
        return self._named_encoder

    def _reranker(self) -> Reranker | None:
        """Returns the reranker, loaded once for all corpora; None where no stage reads it."""
        if self.stage is not Stage.RERANK:
            return None
        if isinstance(self._named_reranker, str):
            self._named_reranker = load_reranker(self._named_reranker, self._settings)
        return self._named_reranker
