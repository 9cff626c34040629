"""Tiny cross-encoders with random weights and tokenizers of a few dozen tokens, made on the spot: no network.

Their scores mean nothing, but differ from pair to pair, which is what a test of the plumbing needs.
"""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason='pip install "passagework[torch]"')

import torch
from sentence_transformers import CrossEncoder
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    BertTokenizerFast,
    PreTrainedTokenizerFast,
    Qwen3Config,
    Qwen3ForCausalLM,
    RobertaConfig,
    RobertaForSequenceClassification,
    RobertaTokenizerFast,
)

WORDS = ("alpha", "beta", "gamma", "delta", "river", "stone", "paper", "travel", "approve", "budget")
SHAPE: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "initializer_range": 0.3,  # ten times the usual: scores of different pairs must differ visibly
}
CHAT_TEMPLATE = (
    "{% for message in messages %}{% if message.role == 'query' %}<q>{{ message.content }}"
    "{% elif message.role == 'document' %}<d>{{ message.content }}{% else %}{{ message.content }}{% endif %}"
    "{% endfor %}<a>"
)


def tiny_bert(folder: Path, *, num_labels: int = 1, positions: int = 64, weights: str = "safetensors") -> Path:
    """A BERT cross-encoder as transformers saves it. `weights`: safetensors or pickle."""
    tokenizer = BertTokenizerFast(vocab=_wordpieces(), model_max_length=positions)
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(tokenizer), max_position_embeddings=positions, num_labels=num_labels, pad_token_id=0, **SHAPE
    )
    model = BertForSequenceClassification(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    if weights == "pickle":
        torch.save(model.state_dict(), folder / "pytorch_model.bin")
        (folder / "model.safetensors").unlink()
    return folder


def tiny_headless_bert(folder: Path) -> Path:
    """A BERT without a head, as a bi-encoder has it."""
    tokenizer = BertTokenizerFast(vocab=_wordpieces(), model_max_length=64)
    BertModel(BertConfig(vocab_size=len(tokenizer), max_position_embeddings=64, **SHAPE)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def tiny_roberta(folder: Path, *, positions: int = 66) -> Path:
    """A RoBERTa cross-encoder as transformers saves it: two of its positions are never used."""
    vocab, merges = _byte_pairs(("<s>", "<pad>", "</s>", "<unk>", "<mask>"))
    tokenizer = RobertaTokenizerFast(vocab=vocab, merges=merges)  # says nothing of a longest input
    torch.manual_seed(11)
    config = RobertaConfig(
        vocab_size=len(tokenizer),
        max_position_embeddings=positions,
        type_vocab_size=1,
        num_labels=1,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
        **SHAPE,
    )
    RobertaForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def tiny_generative(folder: Path, *, positions: int = 128) -> Path:
    """A language model that is asked yes or no through a chat template."""
    vocab, merges = _byte_pairs(("<pad>", "<q>", "<d>", "<a>", "yes", "no"))
    backend = Tokenizer(models.BPE(vocab=vocab, merges=merges))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="<pad>", additional_special_tokens=["<q>", "<d>", "<a>"]
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    torch.manual_seed(13)
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        max_position_embeddings=positions,
        num_key_value_heads=2,
        head_dim=16,
        pad_token_id=0,
        bos_token_id=None,
        eos_token_id=None,
        **SHAPE,
    )
    Qwen3ForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def saved_again(plain: Path, folder: Path, *, activation: torch.nn.Module | None = None) -> Path:
    """The same model as this version of sentence-transformers saves it, with modules and an activation of its own."""
    CrossEncoder(str(plain), device="cpu", local_files_only=True, activation_fn=activation).save_pretrained(
        str(folder), create_model_card=False
    )
    return folder


def _wordpieces() -> dict[str, int]:
    letters = string.ascii_lowercase + string.digits + string.punctuation
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *letters, *(f"##{letter}" for letter in letters)]
    return {piece: number for number, piece in enumerate(pieces)}


def _byte_pairs(specials: tuple[str, ...]) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Every byte, and one word that merges with the space before it."""
    merges = [("Ġ", "r"), ("Ġr", "i"), ("Ġri", "v"), ("Ġriv", "e"), ("Ġrive", "r")]
    symbols = [*specials, *sorted(pre_tokenizers.ByteLevel.alphabet()), *("".join(pair) for pair in merges)]
    return {symbol: number for number, symbol in enumerate(symbols)}, merges
