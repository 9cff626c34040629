"""Tells what limits the processes that read files on this machine."""

from __future__ import annotations

from dataclasses import dataclass

from passagework.ingest.confinement import Confinement, available_confinement
from passagework.retrieval.config import Settings
from passagework.retrieval.types import Json


@dataclass(frozen=True, slots=True)
class ParserLimits:
    """Tells how parsers are confined, how many there are, and what each may take.

    `seconds` are those of silence, `memory_mb` is in megabytes.
    """

    confined: Confinement
    workers: int
    seconds: float
    memory_mb: int

    @classmethod
    def here(cls, settings: Settings) -> ParserLimits:
        """Returns what would hold a parser that starts now."""
        return cls(available_confinement(), settings.workers, settings.parse_timeout, settings.parse_memory >> 20)

    def to_json(self) -> dict[str, Json]:
        """Returns what the status JSON of the command line has under `parsers`."""
        return {
            "confined": self.confined.value,
            "workers": self.workers,
            "seconds": self.seconds,
            "memory_mb": self.memory_mb,
        }
