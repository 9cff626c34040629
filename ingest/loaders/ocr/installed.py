"""Whether pictures can be read here, told without importing what that takes."""

from __future__ import annotations

from passagework.retrieval.extras import install_command, missing_modules

WAY_OUT = f"{install_command('ocr')} has them read"
"""What to do about pictures that are not read for want of the extra."""


def can_recognise() -> bool:
    """Tells whether the extra is installed."""
    return not missing_modules("ocr")
