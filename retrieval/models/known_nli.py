"""The table of NLI models that people name; what each card says, and the order of labels where its files name none."""

from __future__ import annotations

from dataclasses import dataclass

_STANDARD = ("contradiction", "entailment", "neutral")


@dataclass(frozen=True, slots=True)
class KnownNli:
    """Says what is known of an NLI model, `name` being its hub name: millions of parameters, languages, licence.

    `labels` are what its outputs mean, in order; a model's own config goes first.
    """

    name: str
    parameters: float
    window: int
    languages: str
    licence: str
    labels: tuple[str, ...]

    @property
    def source(self) -> str:
        """Returns the address of the model card that the facts are from."""
        return f"https://huggingface.co/{self.name}"


KNOWN_NLI = (
    KnownNli("cross-encoder/nli-MiniLM2-L6-H768", 82, 512, "en", "Apache-2.0", _STANDARD),
    KnownNli("cross-encoder/nli-distilroberta-base", 82, 512, "en", "Apache-2.0", _STANDARD),
    KnownNli("cross-encoder/nli-roberta-base", 125, 512, "en", "Apache-2.0", _STANDARD),
    KnownNli("cross-encoder/nli-deberta-v3-xsmall", 71, 512, "en", "Apache-2.0", _STANDARD),
    KnownNli("cross-encoder/nli-deberta-v3-small", 142, 512, "en", "Apache-2.0", _STANDARD),
    KnownNli("cross-encoder/nli-deberta-v3-base", 184, 512, "en", "Apache-2.0", _STANDARD),
    KnownNli("cross-encoder/nli-deberta-v3-large", 435, 512, "en", "Apache-2.0", _STANDARD),
    KnownNli(
        "MoritzLaurer/DeBERTa-v3-base-mnli-fever-anli",
        184,
        512,
        "en",
        "MIT",
        ("entailment", "neutral", "contradiction"),
    ),
    KnownNli(
        "MoritzLaurer/mDeBERTa-v3-base-xnli-multilingual-nli-2mil7",
        279,
        512,
        "100",
        "MIT",
        ("entailment", "neutral", "contradiction"),
    ),
    KnownNli("MoritzLaurer/deberta-v3-base-zeroshot-v2.0", 184, 512, "en", "MIT", ("entailment", "not_entailment")),
    KnownNli("FacebookAI/roberta-large-mnli", 355, 512, "en", "MIT", ("contradiction", "neutral", "entailment")),
    KnownNli("facebook/bart-large-mnli", 407, 1024, "en", "MIT", ("contradiction", "neutral", "entailment")),
)


def labels_known_of(name: str) -> tuple[str, ...]:
    """Returns the labels known of a model by its hub name, or by a folder that has its last part; () of others."""
    last = name.rstrip("/").rpartition("/")[2].lower()
    return next((known.labels for known in KNOWN_NLI if known.name.rpartition("/")[2].lower() == last), ())
