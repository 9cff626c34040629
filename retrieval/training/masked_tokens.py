"""Has an encoder read texts before it learns from pairs: it fills in tokens that are masked (Devlin et al. 2019).

Texts of a field teach so what its words are about, without a pair. Gururangan et al. 2020 found that to help models of
language; for encoders of texts Wang and others (2021) compare it with TSDAE, which needs a decoder as well.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from passagework.retrieval.errors import TrainingError
from passagework.retrieval.training.folders import last_checkpoint
from passagework.retrieval.training.training_options import TrainingOptions
from passagework.retrieval.training.training_run import TrainingProgress, Watch

MASKED_SHARE = 0.15
"""Tokens of a text that are masked, as when BERT was made."""

NOT_ASKED = -100
"""The label of a token that is not to be found, which torch's losses leave out."""

AT_ONCE = 8
"""Texts that go through the model together: for each of their tokens it scores the whole vocabulary."""

KEPT, CHECKPOINTS = "masked.safetensors", "masked"
"""What the working folder holds: the weights that were learned so, and checkpoints on the way to them."""


def learn_masked_tokens(
    model: Any, name: str, texts: Sequence[str], options: TrainingOptions, work: Path, watch: Watch | None
) -> None:
    """Trains the transformer of an encoder, `name`, for `options.masked_steps` steps of `options.batch` texts each.

    Layers that are frozen stay as they are. The weights are kept in the folder `work`: called again with the same
    options and texts it takes these, or goes on from the last checkpoint. Raises TrainingError for an encoder whose
    tokenizer knows no mask.
    """
    from safetensors import safe_open
    from safetensors.torch import load_file, save_file
    from transformers import set_seed

    inner = model.transformers_model
    if inner is None or model.tokenizer.mask_token is None:
        raise TrainingError(f"{name} can't learn masked tokens: its tokenizer has no mask")
    drawn = _drawn(texts, options)
    digest = hashlib.sha256(json.dumps([options.to_json(), drawn]).encode()).hexdigest()
    kept = work / KEPT
    if kept.exists():
        with safe_open(kept, "pt") as file:
            if (file.metadata() or {}).get("digest") == digest:
                inner.load_state_dict(load_file(kept))
                return
    set_seed(options.seed)  # what scores the vocabulary begins at random
    trainer = _trainer(model, name, drawn, options, work / CHECKPOINTS, watch)
    reached = last_checkpoint(work / CHECKPOINTS)
    trainer.train(resume_from_checkpoint=None if reached is None else str(reached))
    partial = kept.with_suffix(".partial")
    weights = {key: weight.detach().cpu().clone().contiguous() for key, weight in inner.state_dict().items()}
    save_file(weights, partial, metadata={"digest": digest})
    partial.replace(kept)
    shutil.rmtree(work / CHECKPOINTS, ignore_errors=True)


def forget_masked_tokens(work: Path) -> None:
    """Removes the weights that were kept, once the encoder that began with them is there."""
    (work / KEPT).unlink(missing_ok=True)


def _drawn(texts: Sequence[str], options: TrainingOptions) -> list[str]:
    """Returns as many texts as are read, drawn: each once before any is read again."""
    different, draw = sorted(set(texts)), random.Random(options.seed)  # noqa: S311 - not for secrets
    wanted, drawn = options.masked_steps * options.batch, list[str]()
    while len(drawn) < wanted and different:
        draw.shuffle(different)
        drawn += different[: wanted - len(drawn)]
    if not drawn:
        raise TrainingError("there are no texts whose tokens could be masked")
    return drawn


def _trainer(
    model: Any, name: str, texts: Sequence[str], options: TrainingOptions, folder: Path, watch: Watch | None
) -> Any:
    from transformers import (
        DataCollatorForTokenClassification,
        PrinterCallback,
        Trainer,
        TrainerCallback,
        TrainingArguments,
    )

    class Reporter(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, _: Any, state: Any, *__: Any, **___: Any) -> None:
            if watch is not None:
                watch(TrainingProgress(state.global_step, state.max_steps))

    at_once = min(options.batch, AT_ONCE)
    arguments = TrainingArguments(
        output_dir=str(folder),
        max_steps=options.masked_steps,
        per_device_train_batch_size=at_once,
        gradient_accumulation_steps=-(-options.batch // at_once),
        learning_rate=options.learning_rate,
        warmup_steps=options.warmup,
        use_cpu=model.device.type == "cpu",
        seed=options.seed,
        data_seed=options.seed,
        save_strategy="steps",
        save_steps=options.evaluate_every,
        save_total_limit=1,
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=model.device.type == "cuda",
        remove_unused_columns=False,
    )
    trainer = Trainer(
        model=_with_vocabulary(model.transformers_model, name),
        args=arguments,
        train_dataset=_masked(model.tokenizer, texts, options),
        data_collator=DataCollatorForTokenClassification(model.tokenizer),
        callbacks=[Reporter()],
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def _masked(tokenizer: Any, texts: Sequence[str], options: TrainingOptions) -> list[dict[str, list[int]]]:
    """Returns tokens of texts, some of them masked, and the `labels` that are to be found, -100 where none is.

    Of those to be found eight in ten are masked, one is another token, and one is left. It is drawn here once, and not
    as they are read, so that a training that goes on reads what it would have read.
    """
    draw = random.Random(options.seed)  # noqa: S311 - not for secrets
    special = set(tokenizer.all_special_ids)
    rows = []
    for tokens in tokenizer(list(texts), truncation=True, max_length=options.window)["input_ids"]:
        labels = [token if token not in special and draw.random() < MASKED_SHARE else NOT_ASKED for token in tokens]
        read = list(tokens)
        for place, label in enumerate(labels):
            if label != NOT_ASKED and (chance := draw.random()) < 0.9:
                read[place] = tokenizer.mask_token_id if chance < 0.8 else draw.randrange(len(tokenizer))
        rows.append({"input_ids": read, "labels": labels})
    return rows


def _with_vocabulary(inner: Any, name: str) -> Any:
    """Returns a model that has a transformer in it, and scores every token of the vocabulary in each place of a text.

    These scores are products with the transformer's own embeddings; what comes before them begins at random.
    """
    from transformers import AutoModelForMaskedLM

    try:
        whole = AutoModelForMaskedLM.from_config(inner.config)
    except ValueError as error:
        raise TrainingError(f"{name} can't learn masked tokens: its kind of model has no such task") from error
    setattr(whole, whole.base_model_prefix, inner)
    whole.tie_weights()
    return whole.to(inner.device)
