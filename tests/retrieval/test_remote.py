"""Encoders and rerankers behind an address, against a server of its own process that answers, and goes wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from passagework import (
    BiEncoder,
    Collection,
    ConfigError,
    EncodingError,
    IndexMismatchError,
    ModelUnavailableError,
    Settings,
)
from passagework.ingest import ingest
from passagework.retrieval.models.encoder_loading import load_reranker
from passagework.retrieval.models.encoder_options import EncoderOptions
from passagework.retrieval.models.remote.address import EMBEDDINGS, RERANK, RemoteAddress, is_remote
from passagework.retrieval.models.remote.remote_encoder import RemoteEncoder
from passagework.retrieval.models.remote.token_counts import EstimatedTokens
from tests.support.model_server import KEY, RunningServer, running_server

pytestmark = pytest.mark.slow

SETTINGS = Settings(device="cpu", precision="fp32", offline=True)
TEXTS = [f"stone number {n} " + "of the river bank " * (n % 7) for n in range(70)]


@pytest.fixture(scope="module")
def process() -> Iterator[RunningServer]:
    """One server for all tests of this module."""
    with running_server() as server:
        yield server


@pytest.fixture
def server(process: RunningServer) -> RunningServer:
    """The same, with nothing going wrong."""
    process.go_wrong()
    return process


@pytest.fixture(scope="module")
def local() -> BiEncoder:
    """The encoder that the server runs."""
    return BiEncoder.load(settings=SETTINGS)


def at(server: RunningServer, options: str = "", *, model: str = "all-MiniLM-L6-v2") -> RemoteEncoder:
    """The server's encoder."""
    return RemoteEncoder.load(server.encoder(options, model), EncoderOptions(), SETTINGS)


@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_vectors_are_the_servers_in_order_and_of_length_one(
    encoding: str, server: RunningServer, local: BiEncoder
) -> None:
    """Whatever they are sent as, in whatever order they come back, from several requests at once."""
    server.go_wrong(reverse=True)
    encoder = at(server, f"?batch=8&encoding={encoding}")
    vectors = encoder.encode_passages(TEXTS)
    np.testing.assert_allclose(vectors, local.encode_passages(TEXTS), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert encoder.dim == 384
    assert encoder.encode_queries([]).shape == (0, 384)


def test_no_more_requests_are_on_their_way_than_allowed(server: RunningServer) -> None:
    """`parallel` bounds them, and they do run at once."""
    at_most = server.seen()["most_at_once"]
    server.go_wrong(slow=0.1)
    at(server, "?batch=5&parallel=2").encode_passages(TEXTS[:40])
    assert max(2, at_most) == server.seen()["most_at_once"]


@pytest.mark.parametrize(
    "fault",
    [{"status": 429, "headers": {"Retry-After": "1"}}, {"status": 500}, {"status": 503}, {"drop": True}, {"slow": 3}],
)
def test_a_busy_server_is_asked_again(fault: dict[str, object], server: RunningServer, local: BiEncoder) -> None:
    """After the time that it asks for, or a little later; the vectors are those of the second try."""
    encoder = at(server, "?timeout=2")
    assert encoder.dim == 384
    before, started = server.seen()["requests"], time.monotonic()
    server.go_wrong(fault)
    np.testing.assert_allclose(encoder.encode_queries(["stone"]), local.encode_queries(["stone"]), atol=1e-5)
    assert server.seen()["requests"] == before + 2
    assert time.monotonic() - started >= (1.0 if "headers" in fault else 0.5)


def test_a_server_that_stays_silent_is_named_in_a_line(server: RunningServer) -> None:
    """After so many tries; nor is an hour waited for, whoever asks for that."""
    server.go_wrong(status=500, says="on fire")
    before = server.seen()["requests"]
    with pytest.raises(ModelUnavailableError, match=r"^all-MiniLM-L6-v2 at 127.*no answer in 2 tries: 500 on fire"):
        _ = at(server, "?retries=1").dim
    assert server.seen()["requests"] == before + 2
    server.go_wrong(status=429, headers={"Retry-After": "3600"})
    with pytest.raises(ModelUnavailableError, match="asks to wait 3,600 seconds"):
        _ = at(server).dim
    with pytest.raises(ModelUnavailableError, match="gave no answer in 1 tries"):
        _ = RemoteEncoder.load("openai:m@http://127.0.0.1:9/v1?retries=0", EncoderOptions(), SETTINGS).dim


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"fewer": True}, "gave 1 results for 2 texts"),
        ({"same_index": True}, "index is not each text's once"),
        ({"nan": True}, "not finite"),
        ({"dimensions": 0}, "vectors of 0 dimensions"),
        ({"dimensions": 100}, "gave 100 dimensions, and 384 before"),
    ],
)
def test_an_answer_that_makes_no_sense_is_refused(
    fault: dict[str, object], message: str, server: RunningServer
) -> None:
    """Another count, places given twice, numbers that are none, another length: no vector of it is used."""
    encoder = at(server)
    assert encoder.dim == 384
    server.go_wrong(**fault)
    with pytest.raises(EncodingError, match=message):
        encoder.encode_passages(["stone", "river"])


def test_a_server_that_takes_fewer_texts_gets_them_in_halves(server: RunningServer, local: BiEncoder) -> None:
    """A batch that it refuses is sent in parts, down to one text."""
    server.go_wrong(most_texts=3)
    np.testing.assert_allclose(at(server).encode_passages(TEXTS[:32]), local.encode_passages(TEXTS[:32]), atol=1e-5)


def test_a_text_that_the_server_refuses_as_too_long_is_named(server: RunningServer) -> None:
    """The one of many that is at fault, by its beginning and its place."""
    encoder = at(server, "?window=512")
    server.go_wrong(window=100)
    with pytest.raises(EncodingError, match=r"not read the whole of a text of about \d+ tokens, 'long long") as told:
        encoder.encode_whole(["short", "long " * 300, "shorter"])
    assert getattr(told.value, "position", None) == 1


@pytest.mark.parametrize(("exact", "length"), [(True, 60), (False, 400)])
def test_a_text_that_is_cut_in_silence_is_told(exact: bool, length: int, server: RunningServer, folder: Path) -> None:
    """By what the server says it read: to a few tokens with the model's tokenizer, else where it read next to none."""
    encoder = at(server, f"?window=512{f'&tokenizer={folder}' if exact else ''}")
    assert encoder.counts_exactly is exact
    server.go_wrong(reads=50)
    with pytest.raises(EncodingError, match=r"not read the whole of a text .* it read [\d,]+ of the [\d,]+ tokens"):
        encoder.encode_whole(["word " * length])
    assert encoder.encode_whole(["word " * 40]).shape == (1, 384)


@pytest.fixture(scope="module")
def folder() -> Path:
    """The folder of the default encoder, for its tokenizer."""
    from passagework.retrieval.models.weights import bundled_folder

    found = bundled_folder()
    assert found is not None
    return found


def test_tokens_are_counted_by_the_tokenizer_named(server: RunningServer, local: BiEncoder, folder: Path) -> None:
    """Ids and places are the local encoder's, and so are the budgets."""
    encoder = at(server, f"?tokenizer={folder}")
    mine, theirs = encoder.tokenize(TEXTS), local.tokenize(TEXTS)
    for found, expected in zip(mine, theirs, strict=True):
        assert (found.ids.tolist(), found.starts.tolist()) == (expected.ids.tolist(), expected.starts.tolist())
    assert (encoder.window, encoder.passage_budget) == (local.window, local.passage_budget)


@given(st.text(max_size=200))
def test_estimated_tokens_cover_what_is_no_white_space(text: str) -> None:
    """Each character is in just one token, in order."""
    tokens = EstimatedTokens().tokenize([text])[0]
    covered = [place for start, end in zip(tokens.starts, tokens.ends, strict=True) for place in range(start, end)]
    assert covered == [place for place, character in enumerate(text) if not character.isspace()]


def test_an_estimate_is_near(local: BiEncoder) -> None:
    """Of prose in two languages and of code: three quarters of what WordPiece finds, or up to half as many again."""
    for text in (
        "The head of department approves every trip, and the director every trip to another continent. " * 5,
        "Die Abteilungsleiterin genehmigt jede Dienstreise innerhalb Europas. " * 5,
        "def encode(texts: list[str], *, query: bool) -> Vectors:\n    return self._call(texts, query=query)\n" * 5,
    ):
        estimated = len(EstimatedTokens().tokenize([text])[0])
        assert 0.75 <= estimated / len(local.tokenize([text])[0]) <= 1.5


def test_the_key_is_sent_and_shown_nowhere(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """From PASSAGEWORK_API_KEY, or the variable that is named; what the server says of it is told without it."""
    monkeypatch.setenv("MY_KEY", KEY)
    assert at(server, "?key=MY_KEY").dim == 384
    assert server.seen()["keys"][-1] == f"Bearer {KEY}"
    monkeypatch.setenv("PASSAGEWORK_API_KEY", "another")
    assert at(server).dim == 384
    assert server.seen()["keys"][-1] == "Bearer another"
    server.go_wrong(status=401, says=f"bad key {KEY}")
    with pytest.raises(ModelUnavailableError, match=r"refuses the key in MY_KEY: 401 bad key \*\*\*$"):
        _ = at(server, "?key=MY_KEY").dim
    server.go_wrong()
    (tmp_path / "a.txt").write_text("a stone of the bank", encoding="utf-8")
    ingest(tmp_path / "a.txt", tmp_path / "c", encoder=server.encoder("?key=MY_KEY"), settings=SETTINGS)
    assert not any(KEY.encode() in file.read_bytes() for file in (tmp_path / "c").rglob("*") if file.is_file())
    monkeypatch.delenv("MY_KEY")
    with pytest.raises(ConfigError, match="is to be in MY_KEY, which is not set"):
        at(server, "?key=MY_KEY")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("openai:model", "names no model at an address"),
        ("openai:@http://host/v1", "names no model at an address"),
        ("openai:m@ftp://host/v1", "names no model at an address"),
        ("openai:m@http://me:secret@host/v1", "an address holds no password"),
        ("openai:m@http://host/v1?api_key=x", "an address has no option api_key"),
        ("openai:m@http://host/v1?key=sk-12", "is the name of an environment variable"),
        ("openai:m@http://host/v1?batch=0", "batch of an address is '0': give at least 1"),
        ("openai:m@http://host/v1?price=much", "price of an address is 'much': give a number"),
        ("openai:m@http://host/v1?encoding=int8", "encoding of an address is 'int8': give float or base64"),
        ("jina:m@http://host/v1", "names a reranker, and an encoder is wanted here"),
    ],
)
def test_an_address_that_makes_no_sense_is_refused(name: str, message: str) -> None:
    """In a line that holds no password and no key."""
    assert is_remote(name)
    with pytest.raises(ConfigError, match=message) as told:
        RemoteAddress.parse(name, EMBEDDINGS)
    assert "secret" not in str(told.value)
    assert "sk-12" not in str(told.value)


def test_an_address_says_how_it_is_asked() -> None:
    """Names of models may hold slashes, colons and at signs; options are all optional."""
    found = RemoteAddress.parse("openai:BAAI/bge-m3:latest@v1@https://host:8443/v1/?price=0.02&parallel=9", EMBEDDINGS)
    assert (found.model, found.url, found.host) == ("BAAI/bge-m3:latest@v1", "https://host:8443/v1", "host:8443")
    assert (found.price, found.parallel, found.batch, found.key) == (0.02, 9, 32, None)
    assert RemoteAddress.parse("jina:m@http://host/v1", RERANK).api == RERANK
    for name in ("sentence-transformers/all-MiniLM-L6-v2", "./openai", None):
        assert not is_remote(name)


def test_offline_reaches_nobody_but_this_machine() -> None:
    """A host elsewhere is refused before anything is asked."""
    with pytest.raises(ModelUnavailableError, match=r"m is at host\.example, and offline is set"):
        RemoteEncoder.load("openai:m@https://host.example/v1", EncoderOptions(), SETTINGS)


def test_a_known_models_prompts_go_before_its_texts(server: RunningServer, local: BiEncoder) -> None:
    """As with weights at hand; a server adds none."""
    encoder = at(server, model="intfloat/e5-small-v2")
    assert (encoder.fingerprint.query_prompt, encoder.window) == ("query: ", 512)
    np.testing.assert_allclose(encoder.encode_queries(["stone"]), local.encode_passages(["query: stone"]), atol=1e-5)
    np.testing.assert_allclose(encoder.encode_whole(["stone"]), local.encode_passages(["passage: stone"]), atol=1e-5)


def test_vectors_are_cut_here(server: RunningServer, local: BiEncoder) -> None:
    """To the dimensions asked for, and normalised again."""
    encoder = RemoteEncoder.load(server.encoder(), EncoderOptions(dimensions=64), SETTINGS)
    cut = local.encode_passages(TEXTS)[:, :64]
    expected = cut / np.linalg.norm(cut, axis=1, keepdims=True)
    np.testing.assert_allclose(encoder.encode_whole(TEXTS), expected, atol=1e-5)
    assert encoder.fingerprint.dimension == 64
    with pytest.raises(ConfigError, match="dimensions is 400: the vectors of all-MiniLM-L6-v2 have 384"):
        _ = RemoteEncoder.load(server.encoder(), EncoderOptions(dimensions=400), SETTINGS).dim


def test_queries_and_passages_are_told_apart_where_asked(server: RunningServer) -> None:
    """`input_type` says which they are, and is part of the identity."""
    encoder = at(server, "?input_type=yes")
    assert encoder.dim == 384
    encoder.encode_queries(["stone"])
    assert server.seen()["bodies"][-1] == {"model": "all-MiniLM-L6-v2", "input_type": "query"}
    encoder.encode_whole(["stone"])
    assert server.seen()["bodies"][-1] == {"model": "all-MiniLM-L6-v2", "input_type": "document"}
    assert not encoder.fingerprint.same_as(at(server).fingerprint)


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """Files of one line each."""
    folder = tmp_path / "documents"
    folder.mkdir()
    for name, text in {"a": "river stone paper", "b": "a stone of the bank", "c": "paper travel budget"}.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return folder


def test_another_dimension_or_another_probe_is_refused(server: RunningServer, documents: Path, tmp_path: Path) -> None:
    """At every opening, though the name is the same; what is told names both."""
    collection = tmp_path / "collection"
    ingest(documents, collection, encoder=server.encoder(), settings=SETTINGS)
    with Collection.open(collection, settings=SETTINGS) as opened:
        assert opened.search("travel budget", stage="dense")[0].path == "c.txt"
    server.go_wrong(dimensions=100)
    with pytest.raises(IndexMismatchError, match=r"remote, 384 dimensions\), not with .*remote, 100 dimensions"):
        Collection.open(collection, encoder=server.encoder(), settings=SETTINGS).close()
    server.go_wrong(reverse_dimensions=True)
    with pytest.raises(IndexMismatchError, match=r"the probe's cosine is -?0\.\d+, expected at least 0\.999"):
        Collection.open(collection, encoder=server.encoder(), settings=SETTINGS).close()


def test_a_document_that_is_too_long_for_the_server_is_named(
    server: RunningServer, documents: Path, tmp_path: Path
) -> None:
    """With its path; what was committed is safe, and nothing of it is stored."""
    (documents / "long.txt").write_text("very long words of a text " * 40, encoding="utf-8")
    server.go_wrong(window=60)
    with pytest.raises(EncodingError, match=r"^long\.txt: all-MiniLM-L6-v2 at .* does not read the whole of a text"):
        ingest(documents, tmp_path / "collection", encoder=server.encoder(), settings=SETTINGS)


@pytest.mark.parametrize("options", ["", "?encoding=base64&batch=3"])
def test_a_collection_is_ranked_as_by_the_encoder_itself(
    options: str, server: RunningServer, local: BiEncoder, folder: Path, tmp_path: Path
) -> None:
    """Ingest and search through the server give the passages, places and scores that the local encoder gives."""
    sample = Path(__file__).resolve().parents[2] / "data" / "sample" / "policies"
    named = server.encoder(f"{options}{'&' if options else '?'}tokenizer={folder}")
    remote, here = tmp_path / "remote", tmp_path / "here"
    report = ingest(sample, remote, encoder=named, settings=SETTINGS)
    assert report.passages == ingest(sample, here, encoder=local, settings=SETTINGS).passages > 20
    with (
        Collection.open(remote, settings=SETTINGS) as asked,
        Collection.open(here, encoder=local, settings=SETTINGS) as kept,
    ):
        for query in ("who approves travel?", "days of holidays", "what does a hotel cost?"):
            for stage in ("dense", "hybrid"):
                found, expected = (one.search(query, k=10, stage=stage) for one in (asked, kept))
                assert [(hit.path, hit.start) for hit in found] == [(hit.path, hit.start) for hit in expected]
                assert [hit.score for hit in found] == pytest.approx([hit.score for hit in expected], abs=1e-4)
        assert asked.search("who approves travel?").plan.used == "hybrid"
        assert asked.status().encoder.model == named


def test_a_reranker_gives_scores_in_the_order_of_the_passages(server: RunningServer, local: BiEncoder) -> None:
    """By index, from several requests; probabilities and their logits, whichever the server gives."""
    passages = ["a cat sleeps", "the head approves travel", "travel budget", *TEXTS[:40]]
    expected = 10 * (local.encode_passages(passages) @ local.encode_queries(["who approves travel?"])[0]) - 5
    for fault in ({}, {"logits": True}):
        server.go_wrong(**fault)
        scores = load_reranker(server.reranker("?batch=7"), SETTINGS).rerank("who approves travel?", passages)
        np.testing.assert_allclose(scores.logits, expected, atol=1e-4)
        np.testing.assert_allclose(scores.probabilities, 1 / (1 + np.exp(-expected)), atol=1e-5)
        assert (scores.windowed, scores.query_cut) == (0, False)


def test_a_reranker_reads_a_long_passage_in_windows(server: RunningServer) -> None:
    """Its best window counts, so that what stands at the end is found; a long query is cut, and that is told."""
    reranker = load_reranker(server.reranker("?window=64"), SETTINGS)
    filler = "nothing of interest here " * 40
    scores = reranker.rerank("who approves travel?", [f"{filler} the head approves travel", filler, "x"])
    assert scores.windowed == 2
    assert scores.logits[0] > scores.logits[1] + 1
    assert reranker.rerank("travel " * 100, ["x"]).query_cut


def test_a_collection_is_reranked_by_a_server(server: RunningServer, documents: Path, tmp_path: Path) -> None:
    """The plan names it, and its scores replace those of the first stage."""
    ingest(documents, tmp_path / "collection", settings=SETTINGS)
    with Collection.open(tmp_path / "collection", reranker=server.reranker(), settings=SETTINGS) as collection:
        hits = collection.search("travel budget")
    assert hits[0].path == "c.txt"
    assert (hits.plan.used, hits.plan.reranker, hits.plan.blend) == ("rerank", server.reranker(), None)
