"""Thresholds that an evaluation must hold, for a pipeline of one's own: `--gate FILE`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from passagework.retrieval.errors import ConfigError
from passagework.retrieval.evaluation.evaluator import Evaluation
from passagework.retrieval.evaluation.measures import TOKEN_MEASURES, check_measures
from passagework.retrieval.json_text import parse_json, unique_keys
from passagework.retrieval.types import Json, Stage

TIMES = ("ms_p50", "ms_p95")

ALWAYS_MEASURED = (*TIMES, *TOKEN_MEASURES)
"""Figures that an evaluation has without being asked."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """Says that `figure` of `stage` (None: the last stage asked for) lies within [least, most]."""

    stage: Stage | None
    figure: str
    least: float | None
    most: float | None


@dataclass(frozen=True, slots=True)
class Gate:
    """Holds thresholds, all of which an evaluation must keep to."""

    thresholds: tuple[Threshold, ...]

    @property
    def measures(self) -> tuple[str, ...]:
        """Returns the measures that an evaluation must be asked for."""
        return tuple(
            dict.fromkeys(threshold.figure for threshold in self.thresholds if threshold.figure not in ALWAYS_MEASURED)
        )

    def missed(self, evaluation: Evaluation) -> list[str]:
        """Returns a line for every threshold that does not hold; a stage that was not measured holds none."""
        return [line for threshold in self.thresholds if (line := _missed(threshold, evaluation))]


def load_gate(path: str | Path) -> Gate:
    """Reads JSON or YAML: `{"nDCG@10": 0.7}` of the last stage asked for, or `{"hybrid": {"nDCG@10": 0.7}}`.

    A number is the least value of a measure, and the most of a time in milliseconds; `{"min": 0.7, "max": 0.9}` gives
    both. Raises ConfigError where the file can't be read, or names an unknown stage or measure.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
        is_json = text.lstrip().startswith("{")
        content = parse_json(text) if is_json else _UniqueLoader(text).get_single_data()
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise ConfigError(f"gate {path} can't be read: {' '.join(str(error).split())}") from error
    if isinstance(content, dict) and isinstance(content.get("stages"), dict) and len(content) == 1:
        content = content["stages"]
    if not isinstance(content, dict) or not content:
        raise ConfigError(f'gate {path} holds no thresholds such as {{"hybrid": {{"nDCG@10": 0.7}}}}')
    thresholds: list[Threshold] = []
    stages = {stage.value: stage for stage in Stage}
    for key, value in content.items():
        if key in stages:
            if not isinstance(value, dict) or not value:
                raise ConfigError(f"gate {path}: {key} holds no thresholds")
            thresholds += [_threshold(path, stages[key], str(name), bound) for name, bound in value.items()]
        else:
            thresholds.append(_threshold(path, None, str(key), value))
    return Gate(tuple(thresholds))


class _UniqueLoader(yaml.SafeLoader):
    """Refuses a key that comes twice, of which YAML's would drop one threshold in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Makes a dict as SafeLoader does, of different keys."""
        unique_keys([(str(key.value), None) for key, _ in node.value])
        return super().construct_mapping(node, deep)


def _threshold(path: Path, stage: Stage | None, name: str, value: object) -> Threshold:
    figure = name if name in ALWAYS_MEASURED else check_measures([name])[0]
    bounds: dict[str, Any] = value if isinstance(value, dict) else {"max" if figure in TIMES else "min": value}
    if not bounds or not set(bounds) <= {"min", "max"} or not all(map(_is_number, bounds.values())):
        raise ConfigError(f'gate {path}: {name} is {value!r}: give a number, or {{"min": ..., "max": ...}}')
    least, most = bounds.get("min"), bounds.get("max")
    return Threshold(stage, figure, None if least is None else float(least), None if most is None else float(most))


def _is_number(value: object) -> bool:
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:
        return False


def _missed(threshold: Threshold, evaluation: Evaluation) -> str | None:
    requested = [stage for stage in Stage if stage in evaluation.stages or stage in evaluation.skipped]
    stage = threshold.stage or next(reversed(requested), None)
    figures = evaluation.stages.get(stage) if stage else None
    if figures is None:
        name = stage.value if stage else "any stage"
        reason = evaluation.skipped.get(stage) if stage else None
        return f"{name} {threshold.figure}: not measured{f' ({reason})' if reason else ''}"
    values: Mapping[str, Json] = {**figures.means, "ms_p50": figures.ms_p50, "ms_p95": figures.ms_p95}
    value = values.get(threshold.figure)
    name = f"{stage.value if stage else ''} {threshold.figure}"
    if not isinstance(value, int | float):
        return f"{name}: not measured"
    if threshold.least is not None and not value >= threshold.least:
        return f"{name} is {value:.4f}, under {threshold.least:g}"
    if threshold.most is not None and not value <= threshold.most:
        return f"{name} is {value:.4f}, over {threshold.most:g}"
    return None
