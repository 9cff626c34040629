"""The `passagework` command. It parses, calls and prints; what it calls is loaded when it is needed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from retrieval.errors import ConfigError, FilterError, PassageworkError

if TYPE_CHECKING:
    from rich.console import Console

    from retrieval import Collection

app = typer.Typer(
    name="passagework",
    help="Semantic search over your own documents: a folder goes in, ranked and citable passages come out.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

CollectionOption = Annotated[Path, typer.Option("--collection", help="Folder of the collection.", metavar="DIR")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout, and nothing else there.")]
WhereOption = Annotated[
    str | None, typer.Option("--where", help='Filter, such as \'{"year": {"$gte": 2020}}\'.', metavar="JSON")
]
EncoderOption = Annotated[
    str | None, typer.Option("--encoder", help="Model folder or hub name (default: all-MiniLM-L6-v2).", metavar="M")
]
WindowOption = Annotated[
    int | None, typer.Option("--window", help="Tokens that the encoder reads at once (default: the model's own).")
]
PassageTokensOption = Annotated[int | None, typer.Option("--passage-tokens", help="Most tokens of a passage.")]
OverlapOption = Annotated[
    int | None, typer.Option("--overlap", help="Tokens that a passage may repeat of the one before.")
]
WholeOption = Annotated[bool, typer.Option("--whole", help="One passage a document, cut at the window.")]


@app.command()
def ingest(
    paths: Annotated[list[Path], typer.Argument(help="Files and folders to ingest.", metavar="PATH...")],
    collection: CollectionOption,
    include: Annotated[
        list[str] | None, typer.Option("--include", help="Only files that match; may be repeated.", metavar="GLOB")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", help="No files that match; may be repeated.", metavar="GLOB")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and write nothing.")] = False,
    delete_missing: Annotated[
        bool, typer.Option("--delete-missing", help="Take out documents that are gone from beneath the PATHs.")
    ] = False,
    whole: WholeOption = False,
    encoder: EncoderOption = None,
    window: WindowOption = None,
    passage_tokens: PassageTokensOption = None,
    overlap: OverlapOption = None,
    pdf_password: Annotated[
        str | None, typer.Option("--pdf-password", help="Opens encrypted PDFs.", metavar="P")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Bring a collection up to date with files and folders; it is made where there is none."""
    from ingest import ingest as run
    from ui.present import show_report
    from ui.progress import progress_bar

    with progress_bar() as progress:
        report = run(
            paths,
            collection,
            include=include or (),
            exclude=exclude or (),
            delete_missing=delete_missing,
            dry_run=dry_run,
            encoder=encoder,
            window=window,
            passage_tokens=passage_tokens,
            overlap=overlap,
            whole=True if whole else None,
            pdf_password=pdf_password,
            progress=progress,
        )
    _answer(report.to_json(), as_json, lambda console: show_report(console, report, collection))


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    collection: CollectionOption,
    k: Annotated[int, typer.Option("-k", help="Hits returned.")] = 10,
    stage: Annotated[
        str | None, typer.Option("--stage", help="How far to go: dense, lexical, hybrid or rerank.")
    ] = None,
    candidates: Annotated[
        int | None, typer.Option("--candidates", help="Pool per first-stage retriever (default: 200).")
    ] = None,
    fusion: Annotated[
        str, typer.Option("--fusion", help="How both first-stage rankings join: convex or rrf.")
    ] = "convex",
    reranker: Annotated[
        str | None, typer.Option("--reranker", help="Cross-encoder: model folder or hub name.", metavar="M")
    ] = None,
    where: WhereOption = None,
    per_document: Annotated[
        int | None, typer.Option("--per-document", help="Most hits of one document.", metavar="N")
    ] = None,
    min_score: Annotated[
        float | None, typer.Option("--min-score", help="Least score at the last stage.", metavar="S")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Find the passages that answer a query."""
    from retrieval.config import CANDIDATES
    from ui.present import show_hits

    parsed = _parse_where(where)
    with _open(collection, reranker=reranker) as opened:
        hits = opened.search(
            query,
            k=k,
            stage=stage,
            candidates=CANDIDATES if candidates is None else candidates,
            fusion=fusion,
            where=parsed,
            per_document=per_document,
            min_score=min_score,
        )
    _answer(hits.to_json(), as_json, lambda console: show_hits(console, hits))


@app.command()
def context(
    query: Annotated[str, typer.Argument(help="What the context is to answer.")],
    collection: CollectionOption,
    max_tokens: Annotated[
        int, typer.Option("--max-tokens", help="Budget, in the encoder's tokens.", metavar="N")
    ] = 2000,
    k: Annotated[int, typer.Option("-k", help="Passages it may be made of.")] = 20,
    stage: Annotated[str | None, typer.Option("--stage", help="dense, lexical, hybrid or rerank.")] = None,
    reranker: Annotated[
        str | None, typer.Option("--reranker", help="Cross-encoder: model folder or hub name.", metavar="M")
    ] = None,
    where: WhereOption = None,
    as_json: JsonOption = False,
) -> None:
    """Assemble cited text for a language model."""
    from ui.present import show_context

    parsed = _parse_where(where)
    with _open(collection, reranker=reranker) as opened:
        found = opened.context(query, max_tokens=max_tokens, k=k, stage=stage, where=parsed)
    _answer(found.to_json(), as_json, lambda console: show_context(console, found))


@app.command()
def status(collection: CollectionOption, as_json: JsonOption = False) -> None:
    """Tell what a collection holds and what it was made with."""
    from ui.present import show_status

    with _open(collection) as opened:
        found = opened.status()
    _answer(found, as_json, lambda console: show_status(console, found))


@app.command()
def documents(collection: CollectionOption, where: WhereOption = None, as_json: JsonOption = False) -> None:
    """List documents, and the files that failed with their reasons."""
    from ui.present import documents_to_json, show_documents

    with _open(collection) as opened:
        rows = opened.documents(where=_parse_where(where))
        failed = [source for source in opened.sources() if source.reason is not None]
    _answer(documents_to_json(rows, failed), as_json, lambda console: show_documents(console, rows, failed))


@app.command()
def delete(
    collection: CollectionOption,
    targets: Annotated[
        list[str] | None, typer.Argument(help="Documents: _id, URI, path, or glob on paths.", metavar="[DOCUMENT]...")
    ] = None,
    where: WhereOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and take nothing out.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Take documents out of a collection; the files themselves stay where they are."""
    from ingest.removal import delete as run
    from ui.present import show_deleted

    deleted = run(collection, targets or (), where=_parse_where(where), dry_run=dry_run)
    out = {"deleted": len(deleted), "documents": [row.name or row.uri for row in deleted], "dry_run": dry_run}
    _answer(out, as_json, lambda console: show_deleted(console, deleted, dry_run=dry_run))


@app.command()
def rebuild(
    collection: CollectionOption,
    encoder: EncoderOption = None,
    window: WindowOption = None,
    passage_tokens: PassageTokensOption = None,
    overlap: OverlapOption = None,
    whole: Annotated[bool | None, typer.Option("--whole/--chunked", help="One passage a document, or several.")] = None,
    index: Annotated[
        str | None,
        typer.Option("--index", help="Index kind: exact, flat, hnsw, ivf-flat, ivf-sq8, ivf-pq (default: by size)."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Build the index again; with another encoder or chunking, build a new version beside this one and swap."""
    from ingest.rebuild import rebuild as run
    from ingest.rebuild import rebuild_index
    from retrieval.vector_index import IndexKind
    from ui.present import show_status
    from ui.progress import progress_bar

    kinds = [kind.value for kind in IndexKind]
    if index is not None and index not in kinds:
        raise ConfigError(f"index is {index!r}: give one of {', '.join(kinds)}")
    if any(value is not None for value in (encoder, window, passage_tokens, overlap, whole)):
        with progress_bar() as progress:
            run(
                collection,
                encoder=encoder,
                window=window,
                passage_tokens=passage_tokens,
                overlap=overlap,
                whole=whole,
                progress=progress,
            )
    rebuild_index(collection, kind=IndexKind(index) if index else None)
    with _open(collection) as opened:
        found = opened.status()
    _answer(found, as_json, lambda console: show_status(console, found))


@app.command()
def ui(
    collection: CollectionOption,
    host: Annotated[str, typer.Option("--host", help="Address to listen at; others than this machine's expose it.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option("--port", help="Port to listen at.")] = 8501,
) -> None:
    """Open the search page in a browser."""
    with _open(collection):
        pass  # a missing collection is told here, not on a page
    if host not in ("127.0.0.1", "localhost", "::1"):
        typer.echo(
            f"passagework: listening at {host}: whoever reaches this machine can search the collection", err=True
        )
    page = Path(__file__).parent / "app.py"
    options = {
        "server.address": host,
        "server.port": str(port),
        "server.headless": "true",
        "browser.gatherUsageStats": "false",
        "server.fileWatcherType": "none",
    }
    command = [sys.executable, "-m", "streamlit", "run", str(page)]
    command += [f"--{name}={value}" for name, value in options.items()]
    raise typer.Exit(subprocess.call([*command, "--", "--collection", str(collection)]))  # noqa: S603  our own command


def main() -> None:
    """The console script: exit codes 0 done, 1 failed, 2 usage; one line on stderr for a user's mistake."""
    # Typer brings its own copy of Click from some version on; its exceptions are reached through the one it exports.
    usage_error, click_error = (cast("type[Exception]", one) for one in typer.BadParameter.__mro__[1:3])
    code: object = 0
    try:
        code = app(standalone_mode=False)
    except click_error as error:
        message = str(cast("Any", error).format_message())
        _complain(message if "\n" not in message else "give a command; see passagework --help")
        code = 2 if isinstance(error, usage_error) else 1
    except (typer.Abort, KeyboardInterrupt):
        _complain("stopped; what was committed is safe, and the same command goes on from there")
        code = 1
    except PassageworkError as error:
        _complain(str(error))
        code = 2 if isinstance(error, ConfigError) else 1
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123  the reader left: nothing to tell
        code = 1
    except Exception as error:
        if os.environ.get("PASSAGEWORK_DEBUG"):
            raise
        _complain(f"unexpected {type(error).__name__}: {error} (PASSAGEWORK_DEBUG=1 shows where)")
        code = 1
    sys.exit(code if isinstance(code, int) else 0)


def _complain(message: str) -> None:
    typer.echo(f"passagework: {' '.join(message.split())}", err=True)


def _open(collection: Path, *, reranker: str | None = None) -> Collection:
    from retrieval import Collection

    return Collection.open(collection, reranker=reranker)


def _parse_where(where: str | None) -> dict[str, Any] | None:
    if where is None:
        return None
    try:
        parsed = json.loads(where)
    except (ValueError, RecursionError) as error:
        raise FilterError(f"--where is not JSON: {error}") from error
    if not isinstance(parsed, dict):
        raise FilterError('--where is not an object such as {"year": {"$gte": 2020}}')
    return parsed


def _answer(value: object, as_json: bool, show: Callable[[Console], None]) -> None:
    if as_json:
        text = json.dumps(value, ensure_ascii=(sys.stdout.encoding or "").lower().replace("-", "") != "utf8")
        sys.stdout.write(text + "\n")
        return
    from rich.console import Console

    show(Console(highlight=False, width=None if sys.stdout.isatty() else 100))


if __name__ == "__main__":
    main()
