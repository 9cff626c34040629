"""Where a training's files stand: the new model's folder, and beside it the one of what is on the way."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from retrieval.errors import ConfigError, TrainingError
from retrieval.types import Json


def check_out(out: Path) -> None:
    """Raises ConfigError where a folder with something in it would be written over."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"{out} is there, and not empty: name a new folder")


def working_folder(out: Path) -> Path:
    """For checkpoints and mined pairs of the model that will be `out`."""
    return out.with_name(f"{out.name}.training")


def claim_folder(work: Path, record: dict[str, Json]) -> Path | None:
    """The last checkpoint in `work`, where training goes on; None for a new one.

    Raises TrainingError where the folder is of a training with other options, pairs or base.
    """
    made = work / "training.json"
    if made.is_file():
        try:
            found = json.loads(made.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise TrainingError(f"{made} can't be read: remove {work} to begin anew") from error
        differing = sorted(name for name in record if found.get(name) != record[name])
        if differing:
            raise TrainingError(
                f"{work} holds a training with other {', '.join(differing)}: remove it, or name another --out"
            )
    else:
        work.mkdir(parents=True, exist_ok=True)
        made.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return last_checkpoint(work)


def last_checkpoint(work: Path) -> Path | None:
    """The latest that was written to its end."""
    whole = [path for path in work.glob("checkpoint-*") if (path / "trainer_state.json").is_file()]
    return max(whole, key=step_of, default=None)


def step_of(checkpoint: Path) -> int:
    """Steps that were done when it was written."""
    return int(checkpoint.name.rpartition("-")[2])


def put_in_place(out: Path, work: Path, write: Callable[[Path], None]) -> None:
    """The model folder, whole or not at all, for everybody to read; then the checkpoints go."""
    partial = out.with_name(f"{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    write(partial)
    for file in partial.iterdir():
        file.chmod(partial.stat().st_mode & 0o666)  # safetensors writes for its owner alone
    if out.exists():
        out.rmdir()  # empty, or it would have been refused
    partial.rename(out)
    for folder in (*work.glob("checkpoint-*"), work / "eval"):
        shutil.rmtree(folder, ignore_errors=True)
