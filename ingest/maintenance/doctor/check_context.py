"""Holds what the checks share: the version that is looked at, and what was found so far."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from passagework.ingest.maintenance.doctor.diagnosis import Finding, Remedy
from passagework.retrieval.config import Settings
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.store import Store

UNREAD = "unread documents"
PASSAGES, FIELDS, VECTORS = "documents of passages", "documents of fields", "vectors"
TOKENS, TOKEN_PASSAGES = "token vectors", "passages of token vectors"
"""What `bad` is of: ids of documents or passages, and hashes of texts."""


class Skipped(Exception):  # noqa: N818 - it is no error
    """A check that can't be made here; says why."""


@dataclass(slots=True)
class CheckContext:
    """A version under examination; `bad` collects what the remedies need to know."""

    folder: Path
    store: Store
    encoder: Encoder | str | None
    settings: Settings
    findings: list[Finding] = field(default_factory=list)
    bad: dict[str, list[int | bytes]] = field(default_factory=lambda: defaultdict(list))

    def find(self, check: str, text: str, remedy: Remedy | None = None) -> None:
        """Notes what is wrong."""
        self.findings.append(Finding(check, text, remedy))
