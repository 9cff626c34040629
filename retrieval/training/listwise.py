"""The listwise loss of a cross-encoder: a query's positive against its negatives, all at once (Cao et al. 2007)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

CERTAIN = 10.0
"""Label of the positive: ListNet takes the softmax of the labels, and against zeros this is all but 1."""

AT_ONCE = 16
"""Pairs of similar length that a CPU reads together: the rest of a batch would be padding, a quarter of all tokens."""


def listwise_loss(model: Any) -> Any:
    """Returns ListNet's loss as sentence-transformers' trainer calls it: cross entropy of each query's scores."""
    import torch
    from sentence_transformers.util import batch_to_device

    class Listwise(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(
            self,
            inputs: Sequence[Any],
            labels: Sequence[torch.Tensor],
            prompt: str | None = None,
            task: str | None = None,
        ) -> torch.Tensor:
            queries, lists = inputs
            pairs = [(query, text) for query, texts in zip(queries, lists, strict=True) for text in texts]
            order = sorted(range(len(pairs)), key=lambda row: len(pairs[row][0]) + len(pairs[row][1]))
            at_once = AT_ONCE if model.device.type == "cpu" else len(pairs)
            logits = []
            for start in range(0, len(pairs), at_once):
                batch = [pairs[row] for row in order[start : start + at_once]]
                tokens = batch_to_device(model.preprocess(batch, prompt=prompt, task=task), model.device)
                logits.append(model(tokens)["scores"].view(-1).float())
            scores = torch.cat(logits)[torch.tensor(order).argsort()]
            losses = [
                torch.nn.functional.cross_entropy(of_query, label.to(of_query).softmax(0))
                for of_query, label in zip(torch.split(scores, [len(texts) for texts in lists]), labels, strict=True)
            ]
            return torch.stack(losses).mean()

    return Listwise()
