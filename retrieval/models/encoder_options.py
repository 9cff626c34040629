"""What may be asked of an encoder beyond its name: window, dimensions, prompts."""

from __future__ import annotations

from dataclasses import dataclass

from passagework.retrieval.errors import ConfigError
from passagework.retrieval.models.facts import ModelFacts, Prompts
from passagework.retrieval.models.weights import Fingerprint


@dataclass(frozen=True, slots=True)
class EncoderOptions:
    """Says how an encoder is to be used; None leaves it to the model's files, and to what is known of the model.

    `window` is in tokens; vectors are cut to their first `dimensions` and normalised again; a prompt goes before every
    query, or every passage, `""` being none. `recorded` says that a collection has so many
    dimensions, and nobody asked for them.
    """

    window: int | None = None
    dimensions: int | None = None
    query_prompt: str | None = None
    passage_prompt: str | None = None
    recorded: bool = False

    def __post_init__(self) -> None:
        if self.dimensions is not None and self.dimensions < 1:
            raise ConfigError(f"dimensions is {self.dimensions}: give at least 1")

    def as_recorded(self, fingerprint: Fingerprint, window: int) -> EncoderOptions:
        """Returns the same, completed by what a collection was made with."""
        return EncoderOptions(
            window=window if self.window is None else self.window,
            dimensions=fingerprint.dimension if self.dimensions is None else self.dimensions,
            query_prompt=fingerprint.query_prompt if self.query_prompt is None else self.query_prompt,
            passage_prompt=fingerprint.passage_prompt if self.passage_prompt is None else self.passage_prompt,
            recorded=self.dimensions is None,
        )

    @property
    def change_vectors(self) -> bool:
        """Tells whether anything is asked for that makes other vectors."""
        return any(value is not None for value in (self.dimensions, self.query_prompt, self.passage_prompt))

    def prompts(self, in_files: Prompts, facts: ModelFacts | None) -> Prompts:
        """Returns the prompts to use: those asked for, else the model's own, else those that it is known to need."""
        known = facts.prompts if facts is not None and not (in_files.query or in_files.passage) else None
        found = known or in_files
        return Prompts(
            found.query if self.query_prompt is None else self.query_prompt,
            found.passage if self.passage_prompt is None else self.passage_prompt,
        )

    def cut_dimension(self, model: str, dimension: int) -> int:
        """Returns the dimensions of a vector that has `dimension`; raises ConfigError where more are asked for.

        Where a collection has more, it was made with another model, which is for `check_encoder` to say.
        """
        if self.dimensions is not None and self.dimensions > dimension:
            if self.recorded:
                return dimension
            raise ConfigError(f"dimensions is {self.dimensions}: the vectors of {model} have {dimension}")
        return self.dimensions or dimension


def encoder_notes(used: Fingerprint, in_files: Prompts, dimension: int, facts: ModelFacts | None) -> tuple[str, ...]:
    """Returns a line on each thing that is good to know of how an encoder of so many dimensions is used."""
    notes, name = [], used.model
    prompts, known = Prompts(used.query_prompt, used.passage_prompt), facts.prompts if facts is not None else None
    if prompts != in_files and prompts == known:
        notes.append(f"{name} is used with the prompts of its card, which its files lack: {_described(prompts)}")
    if known is not None and prompts != known and known != Prompts("", ""):
        notes.append(f"{name} is used with {_described(prompts)}; its card wants {_described(known)}")
    if used.dimension != dimension and not (facts is not None and facts.can_be_cut_to(used.dimension)):
        sizes = [size for size in facts.matryoshka if size < dimension] if facts is not None else []
        good = f"it is made for {', '.join(map(str, sizes))}" if sizes else "it is not known to be made for that"
        notes.append(f"{name} is cut to {used.dimension} of {dimension} dimensions: {good}")
    return tuple(notes)


def _described(prompts: Prompts) -> str:
    return f"{prompts.query!r} before a query, {prompts.passage!r} before a passage"
