"""Tiny bi-encoders with random weights, saved as sentence-transformers saves them: made on the spot, no network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

pytest.importorskip("torch", reason='pip install "passagework[torch]"')

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, StaticEmbedding, Transformer
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertModel, BertTokenizerFast, PreTrainedTokenizerFast

from tests.support.tiny_models import SHAPE, _wordpieces

SPM_PROMPTS = {"query": "query: ", "passage": "river: "}


def tiny_encoder(
    folder: Path,
    *,
    prompts: Mapping[str, str] | None = None,
    include_prompt: bool = True,
    truncate_dim: int | None = None,
    half: bool = False,
) -> Path:
    """A BERT of 32 dimensions and 64 positions with mean pooling; `half` stores its weights in 16 bits."""
    tokenizer = BertTokenizerFast(vocab=_wordpieces(), model_max_length=64)
    return _save(
        folder, tokenizer, prompts=prompts, include_prompt=include_prompt, truncate_dim=truncate_dim, half=half
    )


def tiny_sentencepiece(folder: Path) -> Path:
    """The same with a tokenizer that takes the space before a word for a part of it, as multilingual models do."""
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁query", ":", "▁river", "▁stone", "▁paper", "▁a", "▁", *"acehinoprstuy"]
    backend = Tokenizer(models.Unigram([(piece, -float(n)) for n, piece in enumerate(pieces)], unk_id=3))
    backend.normalizer = normalizers.Sequence([])
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.decoder = decoders.Metaspace()
    return _save(folder, _framed(backend), prompts=SPM_PROMPTS)


def tiny_byte_pairs(folder: Path) -> Path:
    """The same with GPT's byte pairs: a word behind a space has other tokens than one at the beginning."""
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(["query: river stone paper", "a paper of the river, a stone of the bank"] * 20, trainer)
    return _save(folder, _framed(backend), prompts=SPM_PROMPTS)


def tiny_static(folder: Path) -> Path:
    """A table of word vectors: a sentence-transformers model, and no transformer."""
    tokenizer = BertTokenizerFast(vocab=_wordpieces())
    table = StaticEmbedding(tokenizer.backend_tokenizer, embedding_dim=8)
    SentenceTransformer(modules=[table], device="cpu").save(str(folder), create_model_card=False)
    return folder


def _framed(backend: Tokenizer) -> PreTrainedTokenizerFast:
    """A tokenizer that puts a text between `<s>` and `</s>`, its tokens 0 and 2."""
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        model_max_length=64,
    )


def _save(
    folder: Path,
    tokenizer: PreTrainedTokenizerFast,
    *,
    prompts: Mapping[str, str] | None = None,
    include_prompt: bool = True,
    truncate_dim: int | None = None,
    half: bool = False,
) -> Path:
    torch.manual_seed(17)
    config = BertConfig(
        vocab_size=len(tokenizer), max_position_embeddings=64, pad_token_id=tokenizer.pad_token_id, **SHAPE
    )
    plain = folder / "plain"
    model = BertModel(config)
    (model.half() if half else model).save_pretrained(plain)
    tokenizer.save_pretrained(plain)
    transformer = Transformer(str(plain))
    pooling = Pooling(32, pooling_mode="mean", include_prompt=include_prompt)
    whole = SentenceTransformer(
        modules=[transformer, pooling], device="cpu", prompts=dict(prompts or {}), truncate_dim=truncate_dim
    )
    whole.save(str(folder / "model"), create_model_card=False)
    return folder / "model"
