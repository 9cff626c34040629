"""What is known of models: the table itself, how a model is recognised, and what becomes of its prompts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from passagework import BiEncoder, Collection, IndexMismatchError, ModelFacts, Prompts, Settings, ingest
from passagework.ingest.maintenance.rebuild import rebuild
from passagework.retrieval.config import DEFAULT_ENCODER
from passagework.retrieval.models.encoder_options import EncoderOptions
from passagework.retrieval.models.facts import ModelKind
from passagework.retrieval.models.known_models import ENCODERS, KNOWN_MODELS
from passagework.retrieval.models.local_models import known_models
from passagework.retrieval.models.recognition import facts_by_last_part, facts_of

pytest.importorskip("torch", reason='pip install "passagework[torch]"')

from tests.support.tiny_encoders import tiny_encoder

E5 = Prompts("query: ", "passage: ")
USED = "'query: ' before a query, 'passage: ' before a passage"
UNUSED = f"is used with '' before a query, '' before a passage; its card wants {USED}"
BGE = "Represent this sentence for searching relevant passages: "


def test_every_model_is_named_once_with_facts_that_fit_together() -> None:
    """One entry a model, by its hub name; sizes are below its dimension; an encoder has a dimension and prompts."""
    names = [facts.name for facts in KNOWN_MODELS]
    assert len(set(names)) == len(names) == 53
    assert len({name.rsplit("/")[-1].lower() for name in names}) == len(names)
    for facts in KNOWN_MODELS:
        assert facts.name.count("/") == 1
        assert facts.source == f"https://huggingface.co/{facts.name}"
        assert list(facts.matryoshka) == sorted(set(facts.matryoshka))
    for facts in ENCODERS:
        assert facts.dimension is not None
        assert facts.prompts is not None
        assert all(size <= facts.dimension for size in facts.matryoshka)


@pytest.mark.parametrize(
    ("name", "query", "passage"),
    [
        ("intfloat/e5-base-v2", "query: ", "passage: "),
        ("intfloat/multilingual-e5-large", "query: ", "passage: "),
        ("BAAI/bge-small-en-v1.5", BGE, ""),
        ("BAAI/bge-m3", "", ""),
        ("mixedbread-ai/mxbai-embed-large-v1", BGE, ""),
        ("Snowflake/snowflake-arctic-embed-l-v2.0", "query: ", ""),
        ("nomic-ai/modernbert-embed-base", "search_query: ", "search_document: "),
        ("google/embeddinggemma-300m", "task: search result | query: ", "title: none | text: "),
        (
            "Qwen/Qwen3-Embedding-0.6B",
            "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:",
            "",
        ),
        (DEFAULT_ENCODER, "", ""),
    ],
)
def test_prompts_are_those_of_the_cards(name: str, query: str, passage: str) -> None:
    """To the letter, the space at the end included."""
    facts = facts_of(name)
    assert facts is not None
    assert facts.prompts == Prompts(query, passage)


def test_models_that_want_code_run_are_marked() -> None:
    """Nomic's and Jina's own architectures, and what Snowflake made of Alibaba's."""
    assert {facts.name for facts in KNOWN_MODELS if facts.remote_code} == {
        "nomic-ai/nomic-embed-text-v1.5",
        "nomic-ai/nomic-embed-text-v2-moe",
        "jinaai/jina-embeddings-v3",
        "jinaai/jina-embeddings-v2-base-en",
        "Snowflake/snowflake-arctic-embed-m-v2.0",
        "jinaai/jina-reranker-v1-turbo-en",
        "jinaai/jina-reranker-v2-base-multilingual",
    }


def folder_with(path: Path, **config: object) -> Path:
    """A folder that has nothing but this config.json."""
    path.mkdir(parents=True)
    (path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "place",
    [
        "e5-base-v2",
        "E5-base-v2",
        "intfloat--e5-base-v2",
        "models--intfloat--e5-base-v2/snapshots/0123456789abcdef",
    ],
)
def test_a_folder_is_recognised_by_its_name(place: str, tmp_path: Path) -> None:
    """Its own, that with the owner, and that of a hub cache around it, where the vectors are as wide as the model's."""
    facts = facts_of("/anything", folder_with(tmp_path / place, hidden_size=768))
    assert facts is not None
    assert facts.name == "intfloat/e5-base-v2"
    assert facts_of("/anything", folder_with(tmp_path / "other" / place, hidden_size=384)) is None


def test_a_folder_is_recognised_by_its_config(tmp_path: Path) -> None:
    """By what it was made from; nothing else of it is believed, and an unknown one is unknown."""
    made_from = folder_with(tmp_path / "mine", hidden_size=768, _name_or_path="intfloat/e5-base-v2")
    facts = facts_of(str(made_from), made_from)
    assert facts is not None
    assert facts.name == "intfloat/e5-base-v2"
    base = folder_with(tmp_path / "base", hidden_size=768, _name_or_path="microsoft/mpnet-base")
    assert facts_of(str(base), base) is None
    assert facts_of("/nowhere", tmp_path / "nowhere") is None


def test_a_served_model_is_recognised_by_the_last_part_of_its_name() -> None:
    """With another owner, in other letters, with a tag."""
    for name in ("intfloat/e5-base-v2", "e5-base-v2:latest", "mine/E5-Base-V2"):
        facts = facts_by_last_part(name)
        assert facts is not None
        assert facts.name == "intfloat/e5-base-v2"
    assert facts_by_last_part("text-embedding-3-small") is None


@given(
    files=st.tuples(st.sampled_from(["", "a: "]), st.sampled_from(["", "b: "])),
    asked=st.tuples(st.sampled_from([None, "", "x: "]), st.sampled_from([None, "", "y: "])),
    known=st.booleans(),
)
def test_which_prompt_goes_first(files: tuple[str, str], asked: tuple[str | None, str | None], known: bool) -> None:
    """What is asked for, even nothing; then what the files say; then, where they say nothing at all, what is known."""
    facts = facts_of("intfloat/e5-base-v2") if known else None
    used = EncoderOptions(query_prompt=asked[0], passage_prompt=asked[1]).prompts(Prompts(*files), facts)
    otherwise = E5 if known and files == ("", "") else Prompts(*files)
    assert used.query == (otherwise.query if asked[0] is None else asked[0])
    assert used.passage == (otherwise.passage if asked[1] is None else asked[1])


@pytest.fixture
def fp32() -> Settings:
    """Full precision, by torch: both sides of a comparison are run alike."""
    return Settings(backend="torch", device="cpu", precision="fp32", offline=True)


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny model without prompts, in a folder whose name is that of a model that needs E5's."""
    folder = tiny_encoder(tmp_path / "made").rename(tmp_path / "tiny-e5")
    facts = ModelFacts(
        name="some/tiny-e5", parameters=0.1, dimension=32, window=64, prompts=E5, languages="en", licence=None
    )
    monkeypatch.setattr("passagework.retrieval.models.recognition._by_name", lambda: {"tiny-e5": facts})
    return folder


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """Three files of a line each."""
    folder = tmp_path / "documents"
    folder.mkdir()
    for name, text in {"a": "river stone paper", "b": "a stone of the bank", "c": "paper travel budget"}.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return folder


def test_a_known_model_gets_the_prompts_that_its_files_lack(known: Path, fp32: Settings) -> None:
    """It says so, and its vectors are those of the prompts asked for by hand; `""` uses none."""
    found = BiEncoder.load(known, settings=fp32)
    assert (found.fingerprint.query_prompt, found.fingerprint.passage_prompt) == ("query: ", "passage: ")
    assert found.notes == (f"{known} is used with the prompts of its card, which its files lack: {USED}",)
    by_hand = BiEncoder.load(known, query_prompt="query: ", passage_prompt="passage: ", settings=fp32)
    assert (found.encode_queries(["stone"]) == by_hand.encode_queries(["stone"])).all()
    without = BiEncoder.load(known, query_prompt="", passage_prompt="", settings=fp32)
    assert without.fingerprint.passage_prompt == ""
    assert abs(without.encode_passages(["stone"]) - found.encode_passages(["stone"])).max() > 1e-3
    assert without.notes == (f"{known} {UNUSED}",)


def test_a_collection_made_without_prompts_stays_as_it_was_made(
    known: Path, documents: Path, tmp_path: Path, fp32: Settings
) -> None:
    """It opens, takes documents in and finds them, the encoder named or not; a rebuild that names it has prompts."""
    collection = tmp_path / "collection"
    ingest(documents, collection, encoder=str(known), query_prompt="", passage_prompt="", settings=fp32)
    (documents / "d.txt").write_text("travel river", encoding="utf-8")
    report = ingest(documents, collection, encoder=str(known), settings=fp32)
    assert (report.added, report.unchanged) == (1, 3)
    assert [note.reason for note in report.notes if note.path == "encoder"] == [f"{known} {UNUSED}"]
    for named in (None, str(known)):
        with Collection.open(collection, encoder=named, settings=fp32) as opened:
            assert opened.encoder().fingerprint.query_prompt == ""
            assert opened.search("travel river", k=1, stage="lexical")[0].path == "d.txt"
    with pytest.raises(IndexMismatchError, match=r"passage prompt 'passage: '"):
        ingest(documents, collection, passage_prompt="passage: ", settings=fp32)
    rebuild(collection, settings=fp32)
    with Collection.open(collection, settings=fp32) as opened:
        assert opened.status().encoder.passage_prompt == ""
    rebuild(collection, encoder=str(known), settings=fp32)
    with Collection.open(collection, settings=fp32) as opened:
        assert opened.status().encoder.passage_prompt == "passage: "


def test_known_models_tell_what_lies_here(tmp_path: Path) -> None:
    """The newest snapshot in the cache that has weights; the default encoder is marked; nobody is asked."""
    snapshots = tmp_path / "models--intfloat--e5-base-v2" / "snapshots"
    (snapshots / "empty").mkdir(parents=True)
    (snapshots / "whole").mkdir()
    (snapshots / "whole" / "model.safetensors").write_bytes(b"")
    found = {
        model.facts.name: model for model in known_models(Settings(cache=tmp_path, reranker="BAAI/bge-reranker-base"))
    }
    assert found["intfloat/e5-base-v2"].folder == str(snapshots / "whole")
    assert found["intfloat/e5-large-v2"].folder is None
    assert [name for name, model in found.items() if model.default] == [DEFAULT_ENCODER, "BAAI/bge-reranker-base"]
    assert found[DEFAULT_ENCODER].folder is not None
    assert found["BAAI/bge-reranker-base"].to_json() == {
        "name": "BAAI/bge-reranker-base",
        "kind": ModelKind.RERANKER.value,
        "parameters": 278,
        "dimension": None,
        "window": 512,
        "matryoshka": [],
        "any_from": None,
        "query_prompt": None,
        "passage_prompt": None,
        "languages": "en, zh",
        "licence": "MIT",
        "remote_code": False,
        "token_vectors": None,
        "source": "https://huggingface.co/BAAI/bge-reranker-base",
        "folder": None,
        "default": True,
    }
