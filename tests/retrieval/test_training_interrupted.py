"""What an interruption, a full disk or a training that leads nowhere can do to a training: nothing that isn't told."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from safetensors import SafetensorError

from passagework.retrieval.errors import ConfigError, TrainingError
from passagework.retrieval.training import (
    Pair,
    TrainingOptions,
    TrainingProgress,
    TrainingRun,
    check_output_folder,
    prepared_training,
    train_encoder,
    train_reranker,
    training_lock,
    working_folder,
)
from passagework.retrieval.training.folders import last_checkpoint
from passagework.retrieval.training.held_out import mean_gain
from passagework.retrieval.training.pairs import with_negatives
from tests.retrieval.test_training import FP32, QUICK, one_thread, pairs_to_learn
from tests.support.tiny_encoders import tiny_encoder
from tests.support.tiny_models import tiny_bert

pytestmark = [pytest.mark.slow, pytest.mark.faults]

__all__ = ["one_thread"]  # the fixture holds here too

EAGER = replace(QUICK, evaluate_every=1, patience=3)
"""An evaluation a step, and an early end."""


class Killed(BaseException):
    """Nothing of the training's own catches it."""


def at_step(number: int) -> Callable[[TrainingProgress], None]:
    """Ends the training there."""

    def watch(progress: TrainingProgress) -> None:
        if progress.step == number:
            raise Killed

    return watch


def raising(error: BaseException) -> Callable[..., None]:
    """A function that does nothing else."""

    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def record_of(out: Path) -> dict[str, Any]:
    """Weights and course, apart from where it was gone on from."""
    record = json.loads((out / "training.json").read_text())
    return {"weights": record["weights"], "course": {**record["course"], "resumed_at": 0}}


@pytest.fixture(scope="module", params=["reranker", "encoder"])
def kind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Either training, of a tiny base."""
    folder = tmp_path_factory.mktemp("models")
    if request.param == "reranker":
        base, begin = tiny_bert(folder / "bert"), train_reranker
    else:
        base, begin = tiny_encoder(folder / "encoder"), train_encoder

    def train(out: Path, pairs: Sequence[Pair], options: TrainingOptions = EAGER, **choices: Any) -> Any:
        return begin(pairs, out, base=str(base), options=options, settings=FP32, **choices)

    return train


@pytest.mark.parametrize("kill", ["at first", "beyond the best", "while the model is written"])
def test_a_kill_changes_neither_weights_nor_record(
    kind: Callable[..., Any], kill: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Early stopping goes on counting where it was, and the card tells of all evaluations."""
    pairs = pairs_to_learn(160)
    whole = kind(tmp_path / "whole", pairs)
    assert whole.steps == whole.best_step + EAGER.patience  # it did end early
    out = tmp_path / "made"
    if kill == "while the model is written":
        with monkeypatch.context() as patch:
            patch.setattr(prepared_training, "put_in_place", raising(Killed()))
            with pytest.raises(Killed):
                kind(out, pairs)
    else:
        with pytest.raises(Killed):
            kind(out, pairs, watch=at_step(2 if kill == "at first" else whole.best_step + 2))
    assert not out.exists()
    again = kind(out, pairs)
    assert again.resumed_at > 0
    assert again.steps == whole.steps
    assert record_of(out) == record_of(tmp_path / "whole")
    assert "nan" not in (out / "README.md").read_text()


def test_a_checkpoint_that_was_cut_short_is_passed_over(kind: Callable[..., Any], tmp_path: Path) -> None:
    """As a full disk leaves it: training goes on from the one before; other folders are none."""
    out, pairs = tmp_path / "made", pairs_to_learn(160)
    with pytest.raises(Killed):
        kind(out, pairs, watch=at_step(4))
    work = working_folder(out)
    before, last = sorted(int(path.name.rpartition("-")[2]) for path in work.glob("checkpoint-*"))
    assert last == 3
    (work / "checkpoint-3" / "trainer_state.json").write_text("")
    (work / "checkpoint-abc").mkdir()
    (work / "checkpoint-abc" / "trainer_state.json").write_text("{}")
    found = last_checkpoint(work)
    assert found is not None
    assert found.name == f"checkpoint-{before}"
    assert kind(out, pairs).resumed_at == before
    kind(tmp_path / "whole", pairs)
    assert record_of(out) == record_of(tmp_path / "whole")


def test_what_was_begun_without_a_checkpoint_can_be_begun_otherwise(kind: Callable[..., Any], tmp_path: Path) -> None:
    """There is nothing to lose: an option that was refused by the model doesn't bar the next one."""
    out, pairs = tmp_path / "made", pairs_to_learn(40)
    with pytest.raises(Killed):
        kind(out, pairs, watch=at_step(1))
    assert last_checkpoint(working_folder(out)) is None
    kind(out, pairs, replace(EAGER, seed=9))
    assert json.loads((out / "training.json").read_text())["options"]["seed"] == 9


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device"),
        SafetensorError("I/O error: no space"),
        RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 8512 vs 8406"),
        RuntimeError("basic_ios::clear: iostream error"),
    ],
    ids=["python", "safetensors", "torch", "torch-flush"],
)
def test_a_full_disk_is_one_line(
    kind: Callable[..., Any], error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever library writes; what was learned until then is there for the next run."""

    with monkeypatch.context() as patch:
        patch.setattr(prepared_training, "write_card", raising(error))
        with pytest.raises(TrainingError, match=r"can't be written: .*(space|disk).*run again"):
            kind(tmp_path / "made", pairs_to_learn(40))
    assert not (tmp_path / "made").exists()
    assert kind(tmp_path / "made", pairs_to_learn(40)).resumed_at > 0


def test_a_disk_that_fills_while_pairs_are_mined_is_one_line(tmp_path: Path) -> None:
    """The command holds the right to train from the first mined pair on."""
    with pytest.raises(TrainingError, match=r"made can't be written: No space left.*goes on where it stopped"):  # noqa: SIM117
        with training_lock(tmp_path / "made"):
            raise OSError(28, "No space left on device")


def test_a_lesson_that_diverges_makes_no_model(kind: Callable[..., Any], tmp_path: Path) -> None:
    """Weights that are no numbers are not the best ones, and no folder is made of them."""
    with pytest.raises(TrainingError, match="give a lower learning rate"):
        kind(tmp_path / "made", pairs_to_learn(60), replace(EAGER, learning_rate=1e38, warmup=0.0))
    assert not (tmp_path / "made").exists()


def test_scores_that_are_no_numbers_rank_nothing() -> None:
    """Neither the positive's own nor those of the others count for it."""
    nan = float("nan")
    pair = Pair("q", "p", negatives=("a", "b"))
    worst = mean_gain([pair], [0.0, 1.0, 1.0])
    assert mean_gain([pair], [nan, nan, nan]) == mean_gain([pair], [1.0, nan, nan]) == worst
    assert mean_gain([pair], [nan, 0.0, 0.0]) == worst < mean_gain([pair], [1.0, 0.0, nan]) < 1.0


ROOT = Path(__file__).parents[2]
OTHER = """
import sys
from pathlib import Path
from passagework.retrieval.errors import TrainingError
from passagework.retrieval.training.folders import training_lock

try:
    with training_lock(Path(sys.argv[1])):
        pass
except TrainingError as error:
    print(error)
"""
"""Another process that would train the same model; it needs neither torch nor what these tests import."""


def test_two_can_not_train_the_same_model(kind: Callable[..., Any], tmp_path: Path) -> None:
    """The second one is told; the same thread may have it twice, as the command does."""
    out = tmp_path / "made"
    with training_lock(out):
        with training_lock(out):
            pass
        other = subprocess.run(
            [sys.executable, "-c", OTHER, str(out)], cwd=ROOT, capture_output=True, text=True, check=False
        )
        said = f"{out} is being trained by another process: try again when it is done\n"
        assert (other.stdout, other.stderr) == (said, "")
        assert kind(out, pairs_to_learn(40)).steps > 0


def test_a_folder_that_no_model_can_become_is_refused_at_once(tmp_path: Path) -> None:
    """Links, files, something's mount point, names that are none: before anything is mined or trained."""
    (tmp_path / "empty").mkdir()
    check_output_folder(tmp_path / "empty")
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    for name in ("link", "dangling", "file", "file/below", "x" * 250, "x" * 300, "nul\0"):
        with pytest.raises(ConfigError, match=r"can't be replaced|not empty|can't be made|can't be written"):  # noqa: SIM117
            with training_lock(tmp_path / name):
                pass
    for path in (Path("/proc"), Path(), Path("/")):
        with pytest.raises(ConfigError, match="can't be replaced by a folder"):
            check_output_folder(path)
    (tmp_path / "taken.training").touch()
    with pytest.raises(ConfigError, match="can't be written"), training_lock(tmp_path / "taken"):
        pass


def test_hidden_words_are_taken_out_of_pairs_with_negatives_too() -> None:
    """As where negatives are mined; a text of nothing else stays."""
    pairs = [
        Pair("q", "Alpha. delta river. Beta.", negatives=("n",), hidden="delta river."),
        Pair("q", "delta", negatives=("n",), hidden="delta"),
        Pair("q", "delta", negatives=("n",)),
        Pair("q", "none"),
    ]
    assert [pair.positive for pair in with_negatives(pairs)] == ["Alpha.   Beta.", "delta", "delta"]


def test_a_model_that_gets_no_better_is_told_apart() -> None:
    """The evaluation before training is the bar."""
    assert TrainingRun(measures=[(0, 0.5), (1, 0.4), (2, 0.6)]).improved
    assert not TrainingRun(measures=[(0, 0.5), (1, 0.4), (2, 0.5)]).improved
