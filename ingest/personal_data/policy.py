"""Says what becomes of personal data in a collection: told, masked, or refused; the same for all of its documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from passagework.ingest.personal_data.detector import Detector
from passagework.retrieval.choices import choose
from passagework.retrieval.errors import ConfigError, IndexMismatchError, StoreError
from passagework.retrieval.store import Store
from passagework.retrieval.types import Json

POLICY = "pii"
"""Where a collection's database has its policy."""


class PiiMode(str, Enum):
    """Names what becomes of personal data in documents.

    They are told in the metadata, or placeholders stand for them in all that is stored, or documents that hold some
    are refused.
    """

    FLAG = "flag"
    MASK = "mask"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class PiiPolicy:
    """Holds a mode, the kinds that it is for (all where there is none), and the spaCy model that finds names."""

    mode: PiiMode
    kinds: tuple[str, ...] = ()
    names: str | None = None

    @classmethod
    def chosen(cls, mode: str | None, kinds: Sequence[str], names: str | None) -> PiiPolicy | None:
        """Returns the policy of an ingest's options, None where none was asked for.

        Raises ConfigError for a mode or a kind that isn't there, and for kinds or names of no mode.
        """
        if mode is None:
            if kinds or names is not None:
                raise ConfigError("kinds and names are of personal data: say what becomes of it, flag, mask or refuse")
            return None
        policy = cls(choose(PiiMode, mode, "pii"), tuple(sorted(set(kinds))), names)
        policy.detector()  # refuses now what could not be found later
        return policy

    @classmethod
    def recorded(cls, store: Store) -> PiiPolicy | None:
        """Returns the policy of a collection; raises StoreError where its record is damaged."""
        with store.read() as snapshot:
            value: Any = snapshot.meta(POLICY)
        if value is None:
            return None
        try:
            return cls(PiiMode(value["mode"]), tuple(map(str, value["kinds"])), value["names"])
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError("the database is damaged: its record of personal data is none") from error

    def detector(self) -> Detector:
        """Returns what finds its kinds; raises ConfigError and ModelUnavailableError as `Detector.of` does."""
        return Detector.of(names=self.names, kinds=self.kinds)

    def to_json(self) -> dict[str, Json]:
        """Returns what a database records of it."""
        return {"mode": self.mode.value, "kinds": list(self.kinds), "names": self.names}


def settled_policy(store: Store, said: PiiPolicy | None, *, write: bool) -> PiiPolicy | None:
    """Returns the policy of a collection, which is the one that was said where there are no documents yet.

    With `write` it is recorded then. Raises IndexMismatchError where another was said than the collection's: what is
    stored already was not treated so, and what was taken out of a database may still be read in its free pages.
    """
    before = PiiPolicy.recorded(store)
    if said is None or said == before:
        return before
    with store.read() as snapshot:
        empty = not snapshot.document_count()
    if not empty or before is not None:
        raise IndexMismatchError(
            f"the collection was made {_described(before)}, and what it holds would stay so: leave --pii out, or make "
            f"a new collection {_described(said)}"
        )
    if write:
        with store.write() as writer:
            writer.set_meta(POLICY, said.to_json())
    return said


def _described(policy: PiiPolicy | None) -> str:
    if policy is None:
        return "without --pii"
    parts = [f"--pii {policy.mode.value}", *(f"--pii-kind {kind}" for kind in policy.kinds)]
    return f"with {' '.join([*parts, *([] if policy.names is None else [f'--names {policy.names}'])])}"
