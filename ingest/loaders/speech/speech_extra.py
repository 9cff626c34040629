"""Whether recordings can be written down here, told without importing what that takes."""

from __future__ import annotations

from passagework.retrieval.config import DEFAULT_SPEECH_MODEL
from passagework.retrieval.extras import install_command, missing_modules

WITHOUT_MODEL = f"no speech model is here: `hf download {DEFAULT_SPEECH_MODEL}`, or give --speech-model FOLDER"
"""What to do about recordings that are not read for want of a model."""


def can_transcribe() -> bool:
    """Tells whether the extra is installed."""
    return not missing_modules("audio")


def speech_way_out() -> str:
    """How what is said in recordings can be had: by the extra, or by a model for it."""
    return WITHOUT_MODEL if can_transcribe() else f"{install_command('audio')} has them transcribed"
