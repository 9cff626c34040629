"""Sets up the libraries' trainer: its arguments, what it reports, and its silence."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from passagework.retrieval.training.held_out import MEASURE
from passagework.retrieval.training.training_options import TrainingOptions
from passagework.retrieval.training.training_run import TrainingProgress, TrainingRun, Watch


def arguments(
    kind: type[Any], work: Path, options: TrainingOptions, device: str, *, bf16: bool, batch: int, accumulation: int
) -> Any:
    """Returns the trainer's arguments: bf16 if possible, an evaluation and a checkpoint every so many steps."""
    return kind(
        output_dir=str(work),
        num_train_epochs=options.epochs,
        per_device_train_batch_size=batch,
        gradient_accumulation_steps=accumulation,
        learning_rate=options.learning_rate,
        warmup_steps=options.warmup,
        bf16=bf16,
        use_cpu=device == "cpu",
        seed=options.seed,
        data_seed=options.seed,
        eval_strategy="steps",
        eval_steps=options.evaluate_every,
        save_strategy="steps",
        save_steps=options.evaluate_every,
        save_total_limit=2,
        load_best_model_at_end=True,
        metric_for_best_model=f"eval_{MEASURE}",
        greater_is_better=True,
        logging_steps=min(25, options.evaluate_every),
        eval_on_start=True,
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=device == "cuda",
    )


class TrainingEnded(Exception):  # noqa: N818 - no mistake
    """The checkpoint that training would continue from was the last: it had ended early."""


def callbacks(options: TrainingOptions, run: TrainingRun, watch: Watch | None) -> list[Any]:
    """Returns the callback for early stopping, which fills the run and tells who watches.

    Both read the evaluations that a checkpoint keeps, so that an interruption changes nothing.
    """
    from transformers import TrainerCallback

    def patience_ended() -> bool:
        values = [value for step, value in run.measures if step]
        return bool(values) and len(values) - 1 - values.index(max(values)) >= options.patience

    class Reporter(TrainerCallback):  # type: ignore[misc]
        def on_train_begin(self, _: Any, state: Any, *__: Any, **___: Any) -> None:
            run.steps, run.best_step = state.global_step, int(state.best_global_step or 0)
            key = f"eval_{MEASURE}"
            run.measures[:] = [(entry["step"], float(entry[key])) for entry in state.log_history if key in entry]
            run.losses[:] = [(entry["step"], float(entry["loss"])) for entry in state.log_history if "loss" in entry]
            if patience_ended():
                raise TrainingEnded

        def on_step_end(self, _: Any, state: Any, *__: Any, **___: Any) -> None:
            run.steps = state.global_step
            if watch is not None:
                loss = run.losses[-1][1] if run.losses else None
                measure = run.measures[-1][1] if run.measures else None
                watch(TrainingProgress(state.global_step, state.max_steps, loss, measure))

        def on_log(self, _: Any, state: Any, *__: Any, logs: dict[str, float] | None = None, **___: Any) -> None:
            if logs and "loss" in logs:
                run.losses.append((state.global_step, float(logs["loss"])))

        def on_evaluate(
            self, _: Any, state: Any, control: Any, *__: Any, metrics: dict[str, float], **___: Any
        ) -> None:
            run.measures.append((state.global_step, float(metrics[f"eval_{MEASURE}"])))
            control.should_training_stop |= patience_ended()

        def on_train_end(self, _: Any, state: Any, *__: Any, **___: Any) -> None:
            run.best_step = int(state.best_global_step or state.global_step)

    return [Reporter()]


def use_eager_attention(model: Any) -> None:
    """Takes eager attention on a CPU, where the fused one takes twice as long to go back through."""
    if model.device.type == "cpu" and model.transformers_model is not None:
        model.transformers_model.set_attn_implementation("eager")


@contextmanager
def quiet() -> Iterator[None]:
    """Silences the libraries on stderr: progress is told by who watches."""
    from transformers.utils import logging as transformers_logging

    names = ("sentence_transformers", "accelerate", "transformers.trainer")
    before = {name: logging.getLogger(name).level for name in names}
    verbosity = transformers_logging.get_verbosity()
    for name in names:
        logging.getLogger(name).setLevel(logging.ERROR)
    transformers_logging.set_verbosity_error()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
