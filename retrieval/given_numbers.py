"""Numbers as programs give them: Python's own, and NumPy's, which aren't of the same types."""

from __future__ import annotations

import math
from numbers import Integral, Real


def whole_number(value: object) -> int | None:
    """Returns a whole number as Python has it; None for what is none."""
    return None if isinstance(value, bool) or not isinstance(value, Integral) else int(value)


def real_number(value: object) -> float | None:
    """Returns a number as Python has it; None for what is none, NaN too."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    number = int(value) if isinstance(value, Integral) else float(value)
    return None if math.isnan(number) else number
