"""An encoder of one's own: a bi-encoder fine-tuned on pairs, by sentence-transformers' trainer."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from passagework.retrieval.config import Settings
from passagework.retrieval.errors import ConfigError, TrainingError
from passagework.retrieval.models.backends.backend import passage_prompt_of
from passagework.retrieval.models.batching import load_model, window_and_positions
from passagework.retrieval.models.recognition import facts_of
from passagework.retrieval.models.weights import ResolvedModel
from passagework.retrieval.text import counted
from passagework.retrieval.training.folders import working_folder
from passagework.retrieval.training.masked_tokens import forget_masked_tokens, learn_masked_tokens
from passagework.retrieval.training.maxsim import JointScorer, joint_loss
from passagework.retrieval.training.pairs import Pair
from passagework.retrieval.training.prepared_training import TrainerParts, TrainingRecipe, run_training
from passagework.retrieval.training.teacher import SHARPNESS, distillation_loss, teacher_scores
from passagework.retrieval.training.trainer import use_eager_attention
from passagework.retrieval.training.training_options import Loss, TrainingOptions
from passagework.retrieval.training.training_run import TrainingRun, Watch

ENCODER_OPTIONS = TrainingOptions(batch=32, negatives=2, learning_rate=2e-5, evaluate_every=100)
"""What is done where nothing is said: the other texts of a large batch are negatives too."""


def train_encoder(
    pairs: Sequence[Pair],
    out: str | Path,
    *,
    base: str,
    texts: Sequence[str] = (),
    options: TrainingOptions | None = None,
    settings: Settings | None = None,
    command: str = "",
    watch: Watch | None = None,
) -> TrainingRun:
    """Fine-tunes the bi-encoder `base` on pairs with negatives, and writes it to the new folder `out`.

    It learns to bring a query nearer to its positive than to its own negatives and to all texts of the batch's other
    queries (Henderson et al. 2017), so a larger batch is a harder prepared. With `token_vectors` it learns to do so by
    cosine and late interaction together as well, as they are added in reranking. With a `teacher` it learns to order
    the positive and the negatives of a query as that does, and nothing else. Without `batch_negatives` it learns from a
    query's own negatives alone: texts of one label are no negatives of each other. With `masked_steps` it first learns
    to fill in masked tokens of `texts` (default: the pairs' own). It reads no more than `window` tokens, then and ever
    after. Loss and layers of the options are a reranker's. All else is as for `train_reranker`. Raises the same errors.
    """
    options = options or ENCODER_OPTIONS
    if options.layers is not None or options.loss is not Loss.LISTWISE:
        raise ConfigError(f"{'loss' if options.layers is None else 'layers'} can be chosen for a reranker alone")
    if options.token_vectors and not options.batch_negatives:
        raise ConfigError("token vectors learn from the texts of the batch's other queries too")
    if options.teacher is not None and options.token_vectors:
        raise ConfigError("a teacher tells how texts are to be ordered, not their tokens: leave one of both out")
    settings = settings or Settings.from_environment()
    work = working_folder(Path(out))
    rows = partial(_rows, settings=settings, work=work)
    load = partial(_load_base, texts=texts or [pair.text for pair in pairs], work=work, watch=watch)
    recipe = TrainingRecipe("encoder", load, rows, _trainer, _reranked if options.token_vectors else _scores)
    run = run_training(recipe, pairs, Path(out), base, options, settings=settings, command=command, watch=watch)
    forget_masked_tokens(work)
    return run


def _trainer(model: Any, rows: list[dict[str, Any]], options: TrainingOptions, parts: TrainerParts) -> Any:
    from datasets import Dataset
    from sentence_transformers import SentenceTransformerTrainer, SentenceTransformerTrainingArguments
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    arguments = parts.arguments(SentenceTransformerTrainingArguments)
    listwise = options.teacher is not None or not options.batch_negatives
    if not listwise:
        arguments.batch_sampler = "no_duplicates"  # for the texts of other queries are negatives
    query, text = prompts = prompts_of(model)
    columns = {name: query if name == "query" else text for name in rows[0] if name != "label"}
    arguments.prompts = {name: prompt for name, prompt in columns.items() if prompt}
    if options.token_vectors:
        loss = joint_loss(JointScorer(model, prompts, [row["query"] for row in rows]))
    else:
        loss = distillation_loss(model) if listwise else MultipleNegativesRankingLoss(model)
    return SentenceTransformerTrainer(
        model=model,
        args=arguments,
        train_dataset=Dataset.from_list(rows),
        loss=loss,
        evaluator=parts.evaluator,
        callbacks=parts.callbacks,
    )


def _load_base(
    resolved: ResolvedModel,
    options: TrainingOptions,
    settings: Settings,
    *,
    texts: Sequence[str],
    work: Path,
    watch: Watch | None,
) -> Any:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.util import batch_to_device
    from transformers import set_seed

    set_seed(options.seed)
    model = load_model(SentenceTransformer, resolved, settings.device).float()
    facts = facts_of(resolved.name, resolved.path)
    if facts is not None and facts.prompts is not None and not any(prompts_of(model)):
        model.prompts = {**model.prompts, "query": facts.prompts.query, "document": facts.prompts.passage}
    model.max_seq_length = min(options.window, window_and_positions(model, resolved)[0])
    if options.token_vectors:
        read = model(batch_to_device(model.preprocess(["a"]), model.device))
        if "token_embeddings" not in read:
            raise TrainingError(f"{resolved.name} gives no vectors of tokens")
    if options.frozen:
        freeze_layers(model, options.frozen, resolved.name)
    use_eager_attention(model)
    if options.masked_steps:
        learn_masked_tokens(model, resolved.name, texts, options, work, watch)
        set_seed(options.seed)  # what follows is drawn as if nothing had been drawn before
    return model


def freeze_layers(model: Any, count: int, name: str) -> None:
    """Leaves the first layers, and the embeddings below them, as they are; raises TrainingError where there are fewer.

    What a model knows of words lies below, and takes most of its weights; training what is above takes less time.
    """
    from torch.nn import ModuleList

    inner = model.transformers_model
    total = 0 if inner is None else inner.config.num_hidden_layers
    layers = [] if inner is None else [part for part in inner.modules() if isinstance(part, ModuleList)]
    stack = next((part for part in layers if len(part) == total), None)
    if stack is None or count >= total:
        raise TrainingError(f"frozen is {count}: {name} has {counted(total, 'layer')}, and one at least must learn")
    first_trained = next(stack[count].parameters())
    for parameter in inner.parameters():
        if parameter is first_trained:
            return
        parameter.requires_grad_(False)


def _rows(pairs: Sequence[Pair], options: TrainingOptions, *, settings: Settings, work: Path) -> list[dict[str, Any]]:
    """Returns queries with their positive and as many negatives each: where there are fewer, some come twice.

    With a teacher each has the `label` that it learns from, a score a text; without negatives of the batch the
    positive's is the highest by far.
    """
    draw = random.Random(options.seed)  # noqa: S311 - not for secrets
    candidates = []
    for pair in pairs:
        negatives = draw.sample(pair.negatives, min(options.negatives, len(pair.negatives)))
        negatives += draw.choices(pair.negatives, k=options.negatives - len(negatives))
        candidates.append((pair.query, [pair.text, *negatives]))
    taught = None if options.teacher is None else teacher_scores(candidates, options.teacher, settings, work)
    rows: list[dict[str, Any]] = []
    for place, (query, texts) in enumerate(candidates):
        if options.shuffled:
            draw.shuffle(texts)
        named = {f"negative_{number}": text for number, text in enumerate(texts[1:], start=1)}
        label = {} if taught is None else {"label": taught[place]}
        if taught is None and not options.batch_negatives:
            label = {"label": [SHARPNESS, *[0.0] * (len(texts) - 1)]}
        rows.append({"query": query, "positive": texts[0], **named, **label})
    return rows


def prompts_of(model: Any) -> tuple[str, str]:
    """Returns what the base wants before queries, and before texts."""
    prompts = {name: text for name, text in (model.prompts or {}).items() if text}
    return prompts.get("query", ""), passage_prompt_of(prompts)


def _scores(model: Any, pairs: Sequence[Pair]) -> list[float]:
    queries = model.encode_query([pair.query for pair in pairs], show_progress_bar=False, normalize_embeddings=True)
    texts = [text for pair in pairs for text in (pair.text, *pair.negatives)]
    vectors = model.encode_document(texts, show_progress_bar=False, normalize_embeddings=True)
    owners = np.repeat(np.arange(len(pairs)), [1 + len(pair.negatives) for pair in pairs])
    return [float(score) for score in np.einsum("ij,ij->i", np.asarray(queries)[owners], np.asarray(vectors))]


def _reranked(model: Any, pairs: Sequence[Pair]) -> list[float]:
    return JointScorer(model, prompts_of(model), [pair.query for pair in pairs]).of_pairs(pairs)
