"""Real files and thousands of damaged ones through the parser pool and the chunker: none may do more than fail.

python -m benchmarks.mutate [--count 5000] [--seed 1] [--largest-kb 300] [--folder DIR ...] [--only N ... --keep DIR]
                            [--suffix .odt .rtf ...]

Each file ends as documents or as one line that says why not; a parser that dies or takes too long costs its file
alone. What comes out is checked: offsets, text that can be stored, passages that are slices. Exits 1 where a check
fails, or this process would have. A file is made of the seed and its number: `--only 17 --keep DIR` writes it again.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.datasets import data_folder
from benchmarks.mutation import inflated
from benchmarks.mutation_archive import mutated
from passagework.ingest.chunker import Chunker, ChunkSettings
from passagework.ingest.loaders import LoadOptions, RecordFailure, load
from passagework.ingest.loaders.base import PartsRead
from passagework.ingest.loaders.formats import COMPRESSED, SUFFIXES, Format, named_format
from passagework.ingest.workers import Loaded, LoadRequest, ParserPool
from passagework.retrieval.errors import IngestError
from passagework.retrieval.text import one_line, storable
from passagework.retrieval.types import Document, Heading, Hidden, Json, Page, SourcePlace, Table
from tests.support.every_format import write_every_format
from tests.support.fakes import FakeEncoder

if sys.platform != "win32":
    import resource

FOLDERS = ("pypdf-resources", "pypdf-samples", "office-and-web")
SHARES = {".pdf": 40, ".docx": 10, ".pptx": 8, ".xlsx": 8, ".epub": 5, ".eml": 9, ".html": 7}
"""Of a hundred files, how many of a format; the rest of the formats share what is left."""

REASONS = 15
"""Lines of reasons, the most frequent first, without what differs from file to file."""

MEASURED = "measured: "
_VARIABLE = re.compile(r"['\"][^'\"]*['\"]|[\d,.]*\d")


@dataclass(frozen=True, slots=True)
class Source:
    """A file to damage: `plain` is a PDF with its streams inflated."""

    name: str
    suffix: str
    data: bytes
    plain: bytes | None = None


@dataclass(slots=True)
class Tally:
    """How the files ended."""

    ends: Counter[str] = field(default_factory=Counter)
    formats: Counter[tuple[str, str]] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    documents: int = 0
    passages: int = 0
    longest: tuple[float, str] = (0.0, "")
    longest_cut: tuple[float, str] = (0.0, "")
    told: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def timed_load(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    """As `load`, and behind it a failure that says how many seconds it took, in the parser's own process."""
    started = time.monotonic()
    try:
        yield from load(path, options)
    finally:
        yield RecordFailure(f"{MEASURED}{time.monotonic() - started:.3f}")


def main() -> int:
    """Runs the originals and the damaged files, and prints how they ended."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--largest-kb", type=int, default=300)
    parser.add_argument("--timeout", type=float, default=30.0)
    parser.add_argument("--memory-mb", type=int, default=1024)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", type=Path, nargs="*", help="files to damage (default: the shared ones)")
    parser.add_argument("--suffix", nargs="*", help="files of these suffixes alone")
    parser.add_argument("--only", type=int, nargs="*", help="these numbers alone")
    parser.add_argument("--keep", type=Path, help="where to leave the damaged files")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="passagework-") as written:
        write_every_format(Path(written))
        folders = arguments.folder or [*(data_folder() / "files" / name for name in FOLDERS), Path(written)]
        sources = read_sources(folders, largest=arguments.largest_kb << 10)
    if arguments.suffix:
        sources = {suffix: found for suffix, found in sources.items() if suffix in arguments.suffix}
    numbers = range(arguments.count) if arguments.only is None else arguments.only
    wrong = False
    with ParserPool(
        arguments.workers,
        timeout=arguments.timeout,
        memory_limit=arguments.memory_mb << 20,
        loader="benchmarks.mutate:timed_load",
    ) as pool, tempfile.TemporaryDirectory(prefix="passagework-") as temporary:  # fmt: skip
        folder = arguments.keep or Path(temporary)
        folder.mkdir(exist_ok=True)
        if arguments.only is None:
            wrong = report("originals", run(pool, originals(sources, folder), keep=False))
        wrong |= report(
            f"damaged, seed {arguments.seed}",
            run(pool, damaged(sources, folder, arguments.seed, numbers), keep=arguments.keep is not None),
        )
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"most memory of a parser {largest:,.0f} MB of {arguments.memory_mb} allowed, of this process {own:,.0f} MB")
    return int(wrong or largest > arguments.memory_mb)


def read_sources(folders: Sequence[Path], *, largest: int) -> dict[str, list[Source]]:
    """The files of a format by its first suffix, those of at most `largest` bytes."""
    found: dict[str, list[Source]] = {}
    first = {kind: suffix for suffix, kind in reversed(SUFFIXES.items())}
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.is_file()):
        kind = named_format(path)
        if kind is not None and 0 < path.stat().st_size <= largest:
            data, suffix = path.read_bytes(), first[kind]
            if kind is Format.CODE or path.suffix.lower() in COMPRESSED:  # of these, the suffix says how they are read
                suffix = "".join(path.suffixes[-2:]).lower() or suffix
            plain = inflated(data) if suffix == ".pdf" else None
            found.setdefault(suffix, []).append(Source(path.name, suffix, data, plain))
    return found


def originals(sources: dict[str, list[Source]], folder: Path) -> Iterator[Path]:
    """The files as they are."""
    for suffix, some in sources.items():
        for number, source in enumerate(some):
            path = folder / f"original-{suffix[1:]}-{number}{suffix}"
            path.write_bytes(source.data)
            yield path


def damaged(sources: dict[str, list[Source]], folder: Path, seed: int, numbers: Sequence[int]) -> Iterator[Path]:
    """A damaged file for each number, written as it is asked for."""
    suffixes = sorted(sources)
    rest = max(1, 100 - sum(SHARES[suffix] for suffix in suffixes if suffix in SHARES))
    others = max(1, sum(suffix not in SHARES for suffix in suffixes))
    shares = [SHARES.get(suffix, rest / others) for suffix in suffixes]
    for number in numbers:
        rng = random.Random(f"{seed} {number}")
        suffix = rng.choices(suffixes, shares)[0]
        one, two = rng.choice(sources[suffix]), rng.choice(sources[suffix])
        data, other = one.data, two.data
        if one.plain is not None and rng.random() < 0.7:
            data, other = one.plain, two.plain or two.data
        path = folder / f"{number}-{Path(one.name).stem[:60]}{suffix}"
        path.write_bytes(mutated(data, other, suffix, rng) or b" ")
        yield path


def run(pool: ParserPool, paths: Iterator[Path], *, keep: bool) -> Tally:
    """Reads and cuts every file."""
    tally, chunker = Tally(), Chunker(FakeEncoder(), ChunkSettings(passage_tokens=40, overlap_tokens=8))
    for loaded in pool.load_all(LoadRequest(path) for path in paths):
        _take(loaded, chunker, tally)
        if not keep:
            loaded.request.path.unlink()
    return tally


def _take(loaded: Loaded, chunker: Chunker, tally: Tally) -> None:
    path = loaded.request.path
    documents, seconds, reason = 0, 0.0, ""
    try:
        for item in loaded.items:
            if isinstance(item, Document):
                documents += 1
                tally.passages += _cut(item, chunker, tally, path.name)
            elif isinstance(item, PartsRead):
                continue
            elif item.reason.startswith(MEASURED):
                seconds = float(item.reason.removeprefix(MEASURED))
            else:
                _check_line(item.reason, path.name, tally)
    except IngestError as error:
        reason = str(error)
        _check_line(reason, path.name, tally)
    tally.documents += documents
    tally.longest = max(tally.longest, (seconds, path.name))
    end = _end(reason, documents)
    tally.ends[end] += 1
    tally.formats[path.suffix, end] += 1
    if reason:
        tally.reasons[_VARIABLE.sub("…", reason)[:70]] += 1
    if end in ("died", "too slow", "too large", "broken answer", "unexpected"):
        tally.told.append(f"{end}: {path.name}: {reason}")


def _end(reason: str, documents: int) -> str:
    if not reason:
        return "read" if documents else "no document"
    if "parser died" in reason:
        return "died"
    if "took longer than" in reason:
        return "too slow"
    if "of memory to read" in reason:
        return "too large"
    if "answer is" in reason:
        return "broken answer"
    return "unexpected" if "can't be read: " in reason and "Error" in reason else "refused"


def _check_line(line: str, name: str, tally: Tally) -> None:
    if not line or line != one_line(line):
        tally.wrong.append(f"{name}: not one plain line: {line!r:.400}")


def _cut(document: Document, chunker: Chunker, tally: Tally, name: str) -> int:
    """Checks a document and its passages; how many there are."""
    wrong = list(_problems(document))
    for note in document.notes:
        _check_line(note, name, tally)
    started, count, covered = time.monotonic(), 0, 0
    try:
        for passage, _ in chunker.chunk(document):
            count += 1
            if document.text[passage.start : passage.end] != passage.text or not passage.text.strip():
                wrong.append(f"passage {passage.ordinal} is not its slice")
            if document.text[covered : passage.start].strip():
                wrong.append(f"text before passage {passage.ordinal} is in none")
            covered = max(covered, passage.end)
    except Exception as error:  # noqa: BLE001 - counted, and the run goes on
        wrong.append(f"the chunker raised {type(error).__name__}: {error}")
    if document.text[covered:].strip():
        wrong.append("text behind the last passage is in none")
    tally.longest_cut = max(tally.longest_cut, (time.monotonic() - started, name))
    tally.wrong.extend(f"{name}: {one}" for one in wrong[:3])
    return count


def _problems(document: Document) -> Iterator[str]:
    """What a database would not take, or a reader not find."""
    length = len(document.text)
    if not document.text.strip():
        yield "no text"
    places: list[Page | Heading | Hidden | Table | SourcePlace] = [*document.pages, *document.headings]
    places += [*document.hidden, *document.tables, *document.places]
    yield from (f"{one} lies outside" for one in places if not 0 <= one.start <= one.end <= length)
    for starts in ([page.start for page in document.pages], [heading.start for heading in document.headings]):
        if starts != sorted(starts):
            yield "pages or headings are out of order"
    titles = [*(heading.title for heading in document.headings), *(page.label for page in document.pages)]
    named = [document.title, document.name or "", *titles]
    for text in (document.text, *named, *_strings(dict(document.metadata))):
        if storable(text) != text:
            yield f"can't be stored: {text[:80]!r}"
    if any("\n" in text or "\r" in text for text in named):
        yield "a title of several lines"


def _strings(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def report(name: str, tally: Tally) -> bool:
    """Prints how the files ended; whether anything was wrong."""
    ends = ", ".join(f"{count:,} {end}" for end, count in tally.ends.most_common())
    print(f"{sum(tally.ends.values()):,} files ({name}): {ends}")
    for suffix in sorted({suffix for suffix, _ in tally.formats}):
        row = {end: count for (one, end), count in sorted(tally.formats.items()) if one == suffix}
        print(f"    {suffix:6} {sum(row.values()):>5}: " + ", ".join(f"{count} {end}" for end, count in row.items()))
    print(
        f"{tally.documents:,} documents, {tally.passages:,} passages; longest read {tally.longest[0]:.1f} s "
        f"({tally.longest[1]}), longest cut {tally.longest_cut[0]:.1f} s ({tally.longest_cut[1]})"
    )
    for reason, count in tally.reasons.most_common(REASONS):
        print(f"    {count:>5} {one_line(reason)}")
    for line in (*tally.told, *(f"WRONG: {one}" for one in tally.wrong)):
        print(one_line(line, limit=400))
    return bool(tally.wrong)


if __name__ == "__main__":
    sys.exit(main())
