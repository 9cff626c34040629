"""Settles what an ingest reads by OCR: what was asked for, and what is installed."""

from __future__ import annotations

from dataclasses import dataclass

from passagework.ingest.loaders.base import OcrMode
from passagework.ingest.loaders.ocr.bounds import OCR_MEMORY
from passagework.ingest.loaders.ocr.installed import can_recognise
from passagework.retrieval.choices import choose
from passagework.retrieval.extras import require


@dataclass(frozen=True, slots=True)
class OcrChoice:
    """Holds what was `asked` for, and whether the extra is `installed` that it takes."""

    asked: OcrMode
    installed: bool

    @classmethod
    def of(cls, ocr: OcrMode | str) -> OcrChoice:
        """Returns the choice; raises ConfigError where it is no mode, or the extra is missing that it can't do without.

        Without the extra, `auto` reads no pictures and says so.
        """
        asked = choose(OcrMode, ocr, "ocr")
        if asked is OcrMode.ALWAYS:
            require("ocr")
        return cls(asked, can_recognise())

    @property
    def effective(self) -> OcrMode:
        """Returns what is done, which the record of each file says."""
        return self.asked if self.installed else OcrMode.NEVER

    @property
    def compared(self) -> OcrMode | None:
        """Returns the mode in which files must have been read to be left alone; None where any will do.

        What OCR read on another machine, or before the extra went, stays.
        """
        return self.effective if self.installed or self.asked is OcrMode.NEVER else None

    @property
    def memory(self) -> int:
        """Returns the bytes that a parser may take for models, beside what a document needs."""
        return 0 if self.effective is OcrMode.NEVER else OCR_MEMORY
