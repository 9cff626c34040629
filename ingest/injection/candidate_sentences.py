"""Finds the sentences that may instruct a language model: those that speak to somebody, or of what models are told.

They are few, and short: of a page of prose none, so that encoding them costs little beside the passages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_ADDRESSED = re.compile(r"\b(?:you|your|you're|yourself|u|ur|ai|assistants?|chatbots?|llms?|gpt)\b", re.IGNORECASE)
_TOLD = re.compile(
    r"\b(?:instructions?|prompts?|guidelines?|restrict\w*|unrestrict\w*|jailbreak\w*|bypass\w*|overrid\w*|ignor\w*|"
    r"disregard\w*|forget|reveal|disclose|divulge|initiali[sz]ation|directives?|uncensored)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"\S[^\n]*?(?:[.!?…][\"'”’)\]]*(?=\s)|(?=\n)|\Z)")

SHORTEST, LONGEST = 8, 400
"""Characters of a sentence that is looked at."""


def candidate_sentences(text: str) -> Iterator[tuple[int, int]]:
    """Yields the spans of sentences that may instruct a language model, in order; a line end ends one, too."""
    for match in _SENTENCE.finditer(text):
        if SHORTEST <= match.end() - match.start() <= LONGEST and (
            _ADDRESSED.search(match[0]) or _TOLD.search(match[0])
        ):
            yield match.span()
