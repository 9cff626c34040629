"""Finds names of people, places and organisations by a spaCy model that the user names.

Presidio asks the same model through the same library: what it adds are recognisers of numbers, which this package has
with more check digits, so it isn't needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from passagework.ingest.personal_data.findings import PersonalData
from passagework.ingest.personal_data.identity_numbers import IDENTIFIERS
from passagework.retrieval.errors import ModelUnavailableError
from passagework.retrieval.extras import require

KINDS = {
    **dict.fromkeys(("PERSON", "PER", "persName"), "name"),
    **dict.fromkeys(("GPE", "LOC", "FAC", "placeName", "geogName"), "place"),
    **dict.fromkeys(("ORG", "orgName"), "organisation"),
}
"""The labels of spaCy's models for names, and what they are called here."""

UNMEASURED = 0.6
"""The confidence of a label whose precision a model's files don't tell."""

_UNUSED = ("tagger", "parser", "attribute_ruler", "lemmatizer", "morphologizer", "senter", "textcat")


class ProperNames:
    """Finds names by one model; the confidence of a name is the precision that the model's own files state for it."""

    def __init__(self, model: Any) -> None:
        self._model = model
        measured = model.meta.get("performance", {}).get("ents_per_type") or {}
        self._precision = {label: figures.get("p", UNMEASURED) for label, figures in measured.items()}

    @staticmethod
    @lru_cache(maxsize=2)
    def load(named: str) -> ProperNames:
        """Returns the model of a folder, or of an installed package such as `en_core_web_sm`.

        Nothing in a folder is executed: its configuration names functions that are installed, its weights are arrays.
        Raises ConfigError without the extra `privacy`, ModelUnavailableError where there is no such model.
        """
        require("privacy")
        import spacy

        folder = Path(named).expanduser()
        try:
            model = spacy.load(folder if folder.is_dir() else named, exclude=_UNUSED)
        except (OSError, ValueError, ImportError) as error:
            reason = " ".join(str(error).split())[:120]
            raise ModelUnavailableError(
                f"{named} is no spaCy model that can be loaded ({reason}): give its folder, or the name of its package"
            ) from error
        if "ner" not in model.pipe_names:
            raise ModelUnavailableError(f"the spaCy model {named} finds no names: it has no part `ner`")
        return ProperNames(model)

    def find(self, text: str) -> Iterator[PersonalData]:
        """Yields the names in a text of at most a million characters."""
        for entity in self._model(text).ents:
            kind = KINDS.get(entity.label_)
            if kind is not None and not _says_what_follows(entity.text):
                confidence = self._precision.get(entity.label_, UNMEASURED)
                yield PersonalData(kind, entity.start_char, entity.end_char, confidence)


def _says_what_follows(name: str) -> bool:
    """Tells whether a name is what a number is called: models take `IBAN` and `SSN` for organisations."""
    return name == "IBAN" or any(identifier.names.fullmatch(name) for identifier in IDENTIFIERS)
