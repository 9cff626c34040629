"""The folders of a training: the new model's, and beside it the one of checkpoints and mined pairs."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from passagework.retrieval.errors import ConfigError, TrainingError
from passagework.retrieval.types import Json

_TORCH_WRITING = re.compile("inline_container|PytorchStreamWriter|iostream error")
"""What torch says, without a reason, where a file can't be written."""

_CHECKPOINT = re.compile(r"checkpoint-\d+")


def check_output_folder(out: Path) -> None:
    """Raises ConfigError where the model can't become a folder of that name, or one with something in it is there."""
    try:
        if not out.name or out.is_symlink() or os.path.ismount(out):
            raise ConfigError(f"{out} can't be replaced by a folder: name a new one")
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise ConfigError(f"{out} is there, and not empty: name a new folder")
    except (OSError, ValueError) as error:
        raise ConfigError(f"{out} can't be made: {getattr(error, 'strerror', None) or error}") from error


def working_folder(out: Path) -> Path:
    """Returns the folder for checkpoints and mined pairs of the model that will be `out`."""
    return out.with_name(f"{out.name}.training")


@contextmanager
def training_lock(out: Path) -> Iterator[None]:
    """Holds the right to train `out`, for one process at a time; within it, once more in the same thread.

    Raises TrainingError where another has it, and, in one line, for what the disk refuses meanwhile, whichever library
    writes; ConfigError where the working folder can't be made.
    """
    from safetensors import SafetensorError

    check_output_folder(out)
    work = working_folder(out)
    try:
        work.mkdir(parents=True, exist_ok=True)
        lock = FileLock(str(work / "training.lock"), is_singleton=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise TrainingError(f"{out} is being trained by another process: try again when it is done") from error
    except (OSError, ValueError) as error:
        raise ConfigError(f"{work} can't be written: {getattr(error, 'strerror', None) or error}") from error
    try:
        yield
    except RuntimeError as error:
        if not _TORCH_WRITING.search(str(error)):
            raise
        raise _unwritten(out, "the disk may be full") from error
    except (OSError, SafetensorError) as error:
        raise _unwritten(out, getattr(error, "strerror", None) or str(error)) from error
    finally:
        lock.release()


def _unwritten(out: Path, reason: str) -> TrainingError:
    return TrainingError(f"{out} can't be written: {reason}; run again, and it goes on where it stopped")


def resume_from(work: Path, record: dict[str, Json]) -> Path | None:
    """Returns the last checkpoint in `work`, where training goes on; None for a new one.

    Raises TrainingError where there are checkpoints of a training with other options, pairs or base.
    """
    record_file = work / "training.json"
    reached = last_checkpoint(work)
    if reached is not None:
        recorded = _read_object(record_file)
        if recorded is None:
            raise TrainingError(f"{record_file} can't be read: remove {work} to begin anew")
        differing = sorted(name for name in record if recorded.get(name) != record[name])
        if differing:
            raise TrainingError(
                f"{work} holds a training with other {', '.join(differing)}: remove it, or name another --out"
            )
    else:
        record_file.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return reached


def last_checkpoint(work: Path) -> Path | None:
    """Returns the latest that was written to its end: what the trainer writes last can be read."""
    whole = [
        path
        for path in work.glob("checkpoint-*")
        if _CHECKPOINT.fullmatch(path.name) and _read_object(path / "trainer_state.json") is not None
    ]
    return max(whole, key=step_of, default=None)


def _read_object(file: Path) -> dict[str, Json] | None:
    """Returns a JSON object; None where there is none that can be read."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def step_of(checkpoint: Path) -> int:
    """Returns the steps that were done when it was written."""
    return int(checkpoint.name.rpartition("-")[2])


def put_in_place(out: Path, work: Path, write: Callable[[Path], None]) -> None:
    """Writes the model folder, whole or not at all, for everybody to read; then the checkpoints go."""
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
