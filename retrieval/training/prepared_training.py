"""A training from its beginning to its end, whatever model it is of."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from passagework.retrieval.config import Settings
from passagework.retrieval.errors import TrainingError
from passagework.retrieval.extras import require
from passagework.retrieval.models.devices import pick_precision
from passagework.retrieval.models.weights import ResolvedModel, resolve_model
from passagework.retrieval.text import counted
from passagework.retrieval.training.card import write_card
from passagework.retrieval.training.folders import (
    last_checkpoint,
    put_in_place,
    resume_from,
    step_of,
    training_lock,
    working_folder,
)
from passagework.retrieval.training.held_out import held_out_evaluator
from passagework.retrieval.training.pairs import Pair, digest_pairs, with_negatives
from passagework.retrieval.training.trainer import TrainingEnded, arguments, callbacks, quiet
from passagework.retrieval.training.training_options import TrainingOptions
from passagework.retrieval.training.training_run import TrainingRun, Watch
from passagework.retrieval.types import Json

MOST_HELD_OUT = 200
"""Pairs of the evaluation during training."""

Scores = Callable[[Any, Sequence[Pair]], Sequence[float]]
"""What a model makes of every pair's positive and negatives, one pair behind another."""


@dataclass(frozen=True, slots=True)
class TrainerParts:
    """Holds what every trainer needs: its arguments, of the class that it wants, its evaluator, its callbacks."""

    arguments: Callable[[type[Any]], Any]
    evaluator: Any
    callbacks: list[Any]


@dataclass(frozen=True, slots=True)
class TrainingRecipe:
    """Tells how a kind of model is loaded, given its rows, trained on them, and evaluated on held-out pairs."""

    kind: str
    load: Callable[[ResolvedModel, TrainingOptions, Settings], Any]
    rows: Callable[[Sequence[Pair], TrainingOptions], list[dict[str, Any]]]
    trainer: Callable[[Any, list[dict[str, Any]], TrainingOptions, TrainerParts], Any]
    scores: Scores


def run_training(
    recipe: TrainingRecipe,
    pairs: Sequence[Pair],
    out: Path,
    base: str,
    options: TrainingOptions,
    *,
    settings: Settings | None,
    command: str,
    watch: Watch | None,
) -> TrainingRun:
    """Trains from the beginning, or the last checkpoint, to the model's folder."""
    settings = settings or Settings.from_environment()
    require("train")
    with training_lock(out):
        prepared = PreparedTraining.prepare(recipe.kind, pairs, out, base, options, settings)
        rows = recipe.rows(prepared.learned, options)
        model = prepared.train(
            lambda: recipe.load(prepared.base, options, settings),
            lambda model, parts: recipe.trainer(model, rows, options, parts),
            recipe.scores,
            watch,
        )
        return prepared.finish(model, command)


@dataclass(frozen=True, slots=True)
class PreparedTraining:
    """Holds a training made ready: what is learned and what is held out, how, and where it stands."""

    kind: str
    base: ResolvedModel
    out: Path
    options: TrainingOptions
    settings: Settings
    learned: Sequence[Pair]
    held_out: Sequence[Pair]
    resume: Path | None
    run: TrainingRun

    @classmethod
    def prepare(
        cls, kind: str, pairs: Sequence[Pair], out: Path, base: str, options: TrainingOptions, settings: Settings
    ) -> PreparedTraining:
        """Finds what may be wrong with pairs, options and base, before a model is loaded."""
        usable = with_negatives(pairs)
        learned, held_out = split_pairs(usable, options)
        resolved = resolve_model(base, settings)
        record: dict[str, Json] = {
            "kind": kind,
            "base": resolved.weights,
            "pairs": digest_pairs(usable),
            "options": options.to_json(),
        }
        resume = resume_from(working_folder(out), record)
        kinds = dict(Counter(pair.kind for pair in learned).most_common())
        run = TrainingRun(pairs=len(learned), held_out=len(held_out), kinds=kinds)
        return cls(kind, resolved, out, options, settings, learned, held_out, resume, run)

    def train(
        self, load: Callable[[], Any], trainer: Callable[[Any, TrainerParts], Any], scores: Scores, watch: Watch | None
    ) -> Any:
        """Trains, and returns the model as it was at its best evaluation.

        Where memory runs out the batch halves, its gradients are summed over twice as many, and training goes on from
        the last checkpoint. Raises TrainingError where one query at a time is too many.
        """
        from transformers import PrinterCallback

        batch, resume = self.options.batch, self.resume
        self.run.resumed_at = step_of(resume) if resume else 0
        while True:
            with quiet():
                model = load()
                model.model_card_data.widget = [{}]  # else it looks for some, with a bar; the card is our own
                model_trainer = trainer(model, self._parts(model, batch, scores, watch))
            model_trainer.remove_callback(PrinterCallback)
            self.run.batch = batch
            model_trainer.args.eval_on_start = resume is None  # else the checkpoint knows what came of it
            try:
                with quiet():
                    model_trainer.train(resume_from_checkpoint=str(resume) if resume else None)
            except TrainingEnded:
                model_trainer._load_best_model()
                return model
            except RuntimeError as error:
                if not _is_out_of_memory(error):
                    raise
                if batch == 1:
                    message = "out of memory at one query a time: give fewer negatives or a smaller window"
                    raise TrainingError(message) from error
            else:
                return model
            del model, model_trainer
            _release_device()
            batch //= 2
            resume = last_checkpoint(working_folder(self.out))

    def finish(self, model: Any, command: str) -> TrainingRun:
        """Writes the model's folder, in float16, with its card and record."""
        import torch

        device = str(model.device.type)
        model.half()
        if not all(bool(torch.isfinite(weight).all()) for weight in model.state_dict().values()):
            raise TrainingError("the weights became too large for float16: give a lower learning rate")

        def write(folder: Path) -> None:
            model.save_pretrained(str(folder), create_model_card=False)
            write_card(folder, self.kind, self.base, self.options, self.run, command=command, device=device)

        put_in_place(self.out, working_folder(self.out), write)
        return self.run

    def _parts(self, model: Any, batch: int, scores: Scores, watch: Watch | None) -> TrainerParts:
        device = str(model.device.type)
        precision = pick_precision(self.settings.precision, device)

        def make_arguments(kind: type[Any]) -> Any:
            return arguments(
                kind,
                working_folder(self.out),
                self.options,
                device,
                bf16=precision == "bf16",
                batch=batch,
                accumulation=-(-self.options.batch // batch),
            )

        return TrainerParts(
            make_arguments,
            held_out_evaluator(self.held_out, scores, device, precision),
            callbacks(self.options, self.run, watch),
        )


def split_pairs(pairs: Sequence[Pair], options: TrainingOptions) -> tuple[list[Pair], list[Pair]]:
    """Returns what is trained on, shuffled, and what is held out; raises TrainingError where either would be empty."""
    draw = random.Random(options.seed)  # noqa: S311 - not for secrets
    learned = [pair for pair in pairs if not pair.held_out]
    held_out = [pair for pair in pairs if pair.held_out]
    if not held_out or not learned:  # few sources: some pairs are held out whatever their source
        shuffled = draw.sample(list(pairs), len(pairs))
        cut = max(1, len(pairs) // 10)
        held_out, learned = shuffled[:cut], shuffled[cut:]
    if not learned:
        raise TrainingError(f"{counted(len(pairs), 'pair')} can't be parted into some to learn and some to test")
    draw.shuffle(learned)
    held_out = draw.sample(held_out, min(len(held_out), MOST_HELD_OUT))
    return learned[: options.limit], held_out


def _is_out_of_memory(error: RuntimeError) -> bool:
    import torch

    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)  # the CPU's


def _release_device() -> None:
    import gc

    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
