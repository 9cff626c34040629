"""Charts as plain marks in a box of their own units; the template `chart.html` writes them as SVG.

`kind` is a CSS class of `style.css`, which gives the colour. `title` is what a pointer at rest shows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

WIDTH = 380.0
"""Units across every chart: on a telephone about a pixel each, so that text of 12 units can be read there."""


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line."""

    x1: float
    y1: float
    x2: float
    y2: float
    kind: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Rect:
    """An upright rectangle; `x` and `y` are its left and its top."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Dot:
    """A disc."""

    x: float
    y: float
    radius: float
    kind: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """Text; `y` is its baseline, `anchor` (start, middle, end) the part of it that stands at `x`."""

    x: float
    y: float
    text: str
    anchor: str = "start"
    kind: str = "label"


@dataclass(frozen=True, slots=True)
class Chart:
    """Marks in a box, in the order they are painted; `caption` says in words what is drawn."""

    height: float
    caption: str
    lines: tuple[Line, ...] = ()
    rects: tuple[Rect, ...] = ()
    dots: tuple[Dot, ...] = ()
    labels: tuple[Label, ...] = ()
    width: float = WIDTH


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps values from `low` to `high` to units from `start` to `end`, linearly or logarithmically, with ticks."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...]
    logarithmic: bool = False

    def numbers(self) -> list[tuple[float, str]]:
        """Returns the ticks and their texts, on a linear axis with as many decimals as the one that needs most."""
        decimals = [len(f"{tick:.10f}".rstrip("0").partition(".")[2]) for tick in self.ticks]
        shown = decimals if self.logarithmic else [max(decimals, default=0)] * len(decimals)
        texts = [f"{tick:,.{digits}f}" for tick, digits in zip(self.ticks, shown, strict=True)]
        return [(tick, text.replace("-", "−") if tick else "0") for tick, text in zip(self.ticks, texts, strict=True)]

    def at(self, value: float) -> float:
        """Returns where a value stands, to a hundredth of a unit: no eye sees more, and the file stays small."""
        low, high, value = (
            math.log10(number) if self.logarithmic else number for number in (self.low, self.high, value)
        )
        return round(self.start + (value - low) / (high - low) * (self.end - self.start), 2)


def linear(low: float, high: float, start: float, end: float, *, steps: int = 5) -> Scale:
    """Returns an axis from a round number at or below `low` to one at or above `high`, in about so many steps."""
    if high - low <= 1e-9 * max(1.0, abs(high)):
        low, high = low - 0.05, high + 0.05
    rough = (high - low) / steps
    unit = 10.0 ** math.floor(math.log10(rough))
    step = unit * next(factor for factor in (1, 2, 5, 10) if factor * unit >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(round(number * step, 10) for number in range(first, last + 1))
    return Scale(ticks[0], ticks[-1], start, end, ticks)


def logarithmic(low: float, high: float, start: float, end: float) -> Scale:
    """Returns an axis of positive values with a tick at each 1, 2 and 5 times a power of ten, which also end it."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = [round(digit * 10.0**power, 10) for power in powers for digit in (1, 2, 5)]
    below = max(step for step in steps if step <= low)
    above = min((step for step in steps if step >= high and step > below), default=steps[-1])
    inside = tuple(step for step in steps if below <= step <= above)
    shown = inside if len(inside) <= 7 else tuple(step for step in inside if math.log10(step).is_integer())
    return Scale(below, above, start, end, shown, logarithmic=True)


def apart(positions: list[float], gap: float, low: float, high: float) -> list[float]:
    """Moves positions on until neighbours stand `gap` apart, and back where `high` is passed."""
    order = sorted(range(len(positions)), key=lambda index: positions[index])
    moved = list(positions)
    for before, index in zip([None, *order], order, strict=False):
        moved[index] = max(moved[index], low if before is None else moved[before] + gap)
    for after, index in zip([None, *order[::-1]], order[::-1], strict=False):
        moved[index] = min(moved[index], high if after is None else moved[after] - gap)
    return moved
