"""An NLI cross-encoder: does a premise entail a hypothesis, contradict it, or neither?"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.config import Settings
from passagework.retrieval.errors import ConfigError, PassageworkError
from passagework.retrieval.extras import require
from passagework.retrieval.forks import ForkSafeLock, in_use
from passagework.retrieval.models.backends.model_files import read_json
from passagework.retrieval.models.batching import refuse_in_child, token_arrays
from passagework.retrieval.models.known_nli import labels_known_of
from passagework.retrieval.models.pair_inputs import Piece, cut_piece, windows
from passagework.retrieval.models.weights import ResolvedModel, resolve_model
from passagework.retrieval.types import Tokens
from passagework.retrieval.words.folding import folded

if TYPE_CHECKING:
    from passagework.retrieval.models.backends.torch_reranker import TorchReranker


@dataclass(frozen=True, slots=True)
class NliLabels:
    """Tells which of a model's outputs are entailment and contradiction, of `count`; some know no contradiction."""

    entailment: int
    contradiction: int | None
    count: int

    @classmethod
    def of(cls, model: str, config: dict[str, Any]) -> NliLabels:
        """Returns the labels that a config names, else those known of the model; ConfigError for no NLI model."""
        named = [str(label) for _, label in sorted((config.get("id2label") or {}).items(), key=lambda one: int(one[0]))]
        if all(re.fullmatch(r"LABEL_\d+", label) for label in named):
            named = list(labels_known_of(model)) or named
        words = [re.sub(r"[^a-z]", "", label.lower()) for label in named]
        entails = [place for place, word in enumerate(words) if word in ENTAILS]
        contradicts = [place for place, word in enumerate(words) if word.startswith("contradict")]
        if len(entails) != 1 or len(contradicts) > 1 or len(words) < 2:
            told = ", ".join(named) or "none"
            raise ConfigError(f"{model} is no NLI model: its labels are {told}, and entailment is to be one of them")
        return cls(entails[0], contradicts[0] if contradicts else None, len(words))


ENTAILS = frozenset(("entailment", "entail", "entailed", "supported", "consistent"))
"""What models call a hypothesis that the premise entails; letters alone."""


@dataclass(frozen=True, slots=True)
class NliScores:
    """Holds probabilities, 0 to 1, in the order of the premises: (n,) float32 each, of the window that is surest."""

    entailment: NDArray[np.float32]
    contradiction: NDArray[np.float32]


class NliModel:
    """Runs an NLI cross-encoder by torch; it is safe to share among threads.

    A premise that doesn't fit the window beside the hypothesis is read in windows that overlap, and each probability is
    that of the window where it is highest. A hypothesis of more than half of the window is refused.
    """

    def __init__(self, backend: TorchReranker, resolved: ResolvedModel, labels: NliLabels) -> None:
        self._backend = backend
        self._labels = labels
        self._process = os.getpid()
        self._lock = ForkSafeLock()
        self.name = resolved.name

    @classmethod
    def load(cls, model: str, settings: Settings | None = None) -> NliModel:
        """Loads the model in a folder, or of a hub name.

        Raises ModelUnavailableError where weights are missing or refused, ConfigError for a model that is no NLI model,
        or where torch is not installed.
        """
        settings = settings or Settings.from_environment()
        resolved = resolve_model(model, settings)
        labels = NliLabels.of(resolved.name, read_json(resolved.path / "config.json"))
        require("torch")
        from passagework.retrieval.models.backends.torch_reranker import TorchReranker

        with in_use(resolved.name):
            return cls(TorchReranker.load(resolved, settings, outputs=labels.count), resolved, labels)

    def judge(self, premises: Sequence[str], hypothesis: str) -> NliScores:
        """Returns how surely each premise entails and contradicts the hypothesis; ConfigError for one too long."""
        if not premises:
            return NliScores(np.zeros(0, np.float32), np.zeros(0, np.float32))
        texts = [folded(premise) for premise in premises]
        hypothesis = folded(hypothesis)
        refuse_in_child(self.name, self._backend.device, self._process)
        with self._lock, in_use(self.name):
            claim, *tokens = self._tokenize([hypothesis, *texts])
            room = self._backend.window - self._backend.pairing.overhead - len(claim)
            if len(claim) > self._backend.window // 2 or room < 8:
                raise ConfigError(
                    f"a claim of {len(claim)} tokens is too long for {self.name}, which reads {self._backend.window}: "
                    "end its sentences, or name a model with a larger window"
                )
            rows = [(row, *span) for row, found in enumerate(tokens) for span in windows(len(found), room)]
            pieces = [cut_piece(texts[row], tokens[row], start, end) for row, start, end in rows]
            probabilities = self._probabilities(pieces, cut_piece(hypothesis, claim, 0, len(claim)))
        best = np.zeros((len(premises), self._labels.count), dtype=np.float32)
        np.maximum.at(best, np.array([row for row, _, _ in rows], dtype=np.intp), probabilities)
        against = self._labels.contradiction
        none = np.zeros(len(premises), dtype=np.float32)
        return NliScores(best[:, self._labels.entailment], none if against is None else best[:, against])

    def _tokenize(self, texts: list[str]) -> list[Tokens]:
        tokenizer = self._backend.tokenizer
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return [token_arrays(encoding) for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]

    def _probabilities(self, premises: Sequence[Piece], hypothesis: Piece) -> NDArray[np.float32]:
        """Returns (premises, labels): the softmax of the model's logits, one pair at a time."""
        logits = np.concatenate([self._backend.logits(premise, [hypothesis]) for premise in premises])
        if not np.all(np.isfinite(logits)):
            raise PassageworkError(f"{self.name} gave a score that is not finite; try fp32 precision")
        spread = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(spread / spread.sum(axis=1, keepdims=True), dtype=np.float32)
