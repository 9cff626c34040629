"""Trains an encoder's token vectors too: what late interaction compares, beside what the index compares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from tokenizers import Tokenizer

from passagework.retrieval.late_interaction.kept_tokens import content_word_tokens
from passagework.retrieval.late_interaction.late_interaction import BLEND, SHARPNESS
from passagework.retrieval.models.batching import token_arrays
from passagework.retrieval.models.prompt_tokens import PromptTokens
from passagework.retrieval.training.pairs import Pair

SCALE = 20.0
"""The factor of scores before their softmax, as where an encoder learns texts' vectors alone."""

ModelOutput: TypeAlias = Mapping[str, Any]
"""What the model makes of some texts: their ids, mask and vectors, of texts and of tokens."""


class JointScorer:
    """Scores a query and a text as search does: the cosine of their vectors, the late interaction of their tokens.

    `queries` are all that it will be asked for: which of their tokens are compared is found by their words. Texts are
    cut at the model's window, where search would read on.
    """

    def __init__(self, model: Any, prompts: tuple[str, str], queries: Iterable[str]) -> None:
        self.model = model
        self.prompts = prompts
        tokenizer = Tokenizer.from_str(model.tokenizer.backend_tokenizer.to_str())
        tokenizer.no_truncation()  # the model's own cuts and pads
        tokenizer.no_padding()
        self._query_prompt, self._text_prompt = (PromptTokens.of(tokenizer, prompt) for prompt in prompts)
        budget = model.max_seq_length - len(self._query_prompt)
        self._known: dict[tuple[int, ...], list[bool]] = {}
        for query in queries:
            lead = self._query_prompt.lead
            read = tokenizer.encode(f"{lead}{query}", add_special_tokens=False)
            tokens = self._query_prompt.without_lead(token_arrays(read))
            if len(tokens):
                self._known[tuple(tokens.ids[:budget].tolist())] = content_word_tokens(query, tokens)[:budget].tolist()

    def scores(self, queries: ModelOutput, texts: ModelOutput) -> tuple[Any, Any]:
        """Returns (queries, texts) float32 cosines, -1..1, and late interactions, 0..1, of all with all."""
        import torch

        with torch.autocast(self.model.device.type, enabled=False):
            cosines = _units(queries["sentence_embedding"]) @ _units(texts["sentence_embedding"]).T
            query_tokens, text_tokens = _units(queries["token_embeddings"]), _units(texts["token_embeddings"])
            products = torch.einsum("qsh,pth->qpst", query_tokens, text_tokens)
            outside = ~_text_mask(texts["attention_mask"], self._text_prompt)
            best = products.masked_fill(outside[None, :, None, :], -1.0).amax(-1).clamp(0.0, 1.0) ** SHARPNESS
            content_mask = self._content_mask(
                queries["input_ids"], _text_mask(queries["attention_mask"], self._query_prompt)
            )
            late = (best * content_mask[:, None, :]).sum(-1) / content_mask.sum(-1).clamp(min=1)[:, None]
        return cosines, late

    def of_pairs(self, pairs: Sequence[Pair]) -> list[float]:
        """Returns cosine and late interaction of each pair's positive and negatives, added as in reranking."""
        import torch
        from sentence_transformers.util import batch_to_device

        scores: list[float] = []
        self.model.eval()  # the trainer sets it to learn again with its next step
        with torch.inference_mode():
            for pair in pairs:
                queries, texts = (
                    self.model(batch_to_device(self.model.preprocess(batch, prompt=prompt), self.model.device))
                    for batch, prompt in zip(([pair.query], [pair.text, *pair.negatives]), self.prompts, strict=True)
                )
                cosines, late = self.scores(queries, texts)
                scores += (cosines + BLEND.reranked * late)[0].tolist()
        return scores

    def _content_mask(self, ids: Any, attended: Any) -> Any:
        """Tells which of the queries' tokens are compared; all of a query that isn't known."""
        content_mask = attended.clone()
        for row, row_mask in enumerate(attended):
            compared = self._known.get(tuple(ids[row][row_mask].tolist()))
            if compared is not None:
                content_mask[row][row_mask] = content_mask.new_tensor(compared)
        return content_mask


def joint_loss(scorer: JointScorer) -> Any:
    """Returns the cross entropy of every query's positive among the batch's texts, by cosine, and by cosine and tokens.

    So the vectors of texts stay good by themselves, for the index, and those of tokens learn what search adds to them.
    """
    import torch

    class Joint(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = scorer.model  # whose weights the trainer looks for here

        def forward(self, sentence_features: Sequence[Mapping[str, Any]], labels: Any = None) -> Any:
            del labels
            queries, *columns = (scorer.model(dict(features)) for features in sentence_features)
            parts = [scorer.scores(queries, texts) for texts in columns]
            cosines, late = (torch.cat(by_column, dim=1) for by_column in zip(*parts, strict=True))
            right = torch.arange(len(cosines), device=cosines.device)  # the first column has the positives, in order
            losses = [
                torch.nn.functional.cross_entropy(SCALE * scores, right)
                for scores in (cosines, cosines + BLEND.reranked * late)
            ]
            return torch.stack(losses).mean()

    return Joint()


def _units(vectors: Any) -> Any:
    import torch

    return torch.nn.functional.normalize(vectors.float(), dim=-1)


def _text_mask(mask: Any, prompt: PromptTokens) -> Any:
    """Tells which tokens are the text's own: neither padding nor special tokens nor the prompt."""
    places = mask.cumsum(-1)
    lengths = mask.sum(-1, keepdim=True)
    return (mask > 0) & (places > len(prompt.prefix)) & (places <= lengths - len(prompt.suffix))
