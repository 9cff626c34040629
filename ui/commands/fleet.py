"""Defines `passagework fleet`: an ingest by many workers; a collection into an engine, verified, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from passagework.ui.commands import model_options as model_opt, options as opt, privacy
from passagework.ui.commands.output import print_message, print_result

if TYPE_CHECKING:
    from rich.console import Console

    from passagework.ingest.fleet import Loaded, Verified
    from passagework.ingest.maintenance.exchange import Exchanged

SourceArgument = Annotated[Path, typer.Argument(help="Folder of the collection that lies here.", metavar="SOURCE")]
ServedOption = Annotated[
    Path, typer.Option("--collection", help="Folder of the served collection.", metavar="DIR", show_default=False)
]
EngineOption = Annotated[str, typer.Option("--engine", help="What serves it.", metavar="qdrant|qdrant-edge|postgres")]
AddressOption = Annotated[
    str | None,
    typer.Option("--address", help="URL of the server; of qdrant-edge, the number of shards (4).", metavar="URL"),
]
NameOption = Annotated[
    str | None, typer.Option("--name", help="Its name in the engine (default: that of SOURCE).", metavar="NAME")
]
QueriesOption = Annotated[
    Path | None,
    typer.Option(
        "--queries", help="File of queries, one a line (default: 200 beginnings of passages).", metavar="FILE"
    ),
]
NewFolderOption = Annotated[
    Path, typer.Option("--out", help="Folder of the new collection.", metavar="DIR", show_default=False)
]

FleetPathsArgument = Annotated[
    list[str],
    typer.Argument(help="Files and folders that all machines reach, and addresses: s3://BUCKET.", metavar="PATH"),
]
WorkOption = Annotated[
    Path | None,
    typer.Option(
        "--work",
        help="Folder that all machines reach, which keeps what is done (default: that of the collection, with .work).",
        metavar="FOLDER",
    ),
]
ClusterOption = Annotated[
    str | None,
    typer.Option("--cluster", help="Address of a Ray cluster (default: processes of this machine).", metavar="ADDRESS"),
]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", help="How many (default: as many as there is room for).", metavar="N")
]
CpusOption = Annotated[
    float | None, typer.Option("--cpus", help="Processors of each worker (default: up to 4).", metavar="N")
]
GpusOption = Annotated[float, typer.Option("--gpus", help="GPUs of each worker; 0.5 is half of one.", metavar="N")]

fleet = typer.Typer(
    help="Ingest by many workers, and have an engine serve a collection: beyond one machine.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@fleet.command()
def ingest(
    paths: FleetPathsArgument,
    collection: opt.NewCollectionOption,
    work: WorkOption = None,
    cluster: ClusterOption = None,
    workers: WorkersOption = None,
    cpus: CpusOption = None,
    gpus: GpusOption = 0.0,
    include: opt.IncludeOption = None,
    exclude: opt.ExcludeOption = None,
    no_ignore: opt.NoIgnoreOption = False,
    language: opt.LanguageOption = None,
    whole: opt.WholeOption = False,
    encoder: opt.EncoderOption = None,
    window: opt.WindowOption = None,
    dimensions: model_opt.DimensionsOption = None,
    query_prompt: model_opt.QueryPromptOption = None,
    passage_prompt: model_opt.PassagePromptOption = None,
    passage_tokens: opt.PassageTokensOption = None,
    overlap: opt.OverlapOption = None,
    token_vectors: opt.TokenVectorsOption = None,
    pdf_password: opt.PasswordOption = None,
    ocr: opt.OcrOption = "auto",
    speech_model: opt.SpeechModelOption = None,
    pii: privacy.PiiOption = None,
    pii_kind: privacy.KindsOption = None,
    names: privacy.NamesOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Make a new collection by many workers, on this machine or on many; a killed job goes on where it was."""
    from passagework.ingest.distributed import Cluster, UnitOptions, fleet_ingest
    from passagework.ui.commands.progress import progress_bar
    from passagework.ui.present import show_report

    options = UnitOptions(
        encoder=encoder,
        window=window,
        dimensions=dimensions,
        query_prompt=query_prompt,
        passage_prompt=passage_prompt,
        passage_tokens=passage_tokens,
        overlap=overlap,
        whole=True if whole else None,
        token_vectors=token_vectors,
        language=language,
        pdf_password=pdf_password,
        ocr=ocr,
        speech_model=speech_model,
        pii=pii,
        pii_kinds=tuple(pii_kind or ()),
        names=names,
    )
    with progress_bar() as progress:
        report = fleet_ingest(
            paths,
            collection,
            work=work,
            cluster=Cluster(address=cluster, workers=workers, cpus=cpus, gpus=gpus),
            include=include or (),
            exclude=exclude or (),
            no_ignore=no_ignore,
            options=options,
            progress=progress,
        )
    print_result(report.to_json(), as_json, lambda console: show_report(console, report, collection))


@fleet.command()
def load(
    source: SourceArgument,
    collection: ServedOption,
    engine: EngineOption = "qdrant",
    address: AddressOption = None,
    name: NameOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Load a collection into an engine, or bring the engine up to date with what changed since."""
    from passagework.ingest.fleet import load_collection
    from passagework.ui.commands.progress import counting_bar

    with counting_bar("documents") as bar:
        loaded = load_collection(source, collection, engine=engine, address=address, name=name, progress=bar)
    print_result(loaded.to_json(), as_json, lambda console: _show_loaded(console, loaded))


@fleet.command()
def verify(
    source: SourceArgument,
    collection: ServedOption,
    queries: QueriesOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Compare an engine's answers with the collection's; only if they are the same, the engine's are used."""
    from passagework.ingest.fleet import verify_collection
    from passagework.retrieval.errors import ConfigError
    from passagework.ui.commands.progress import counting_bar

    asked = None
    if queries is not None:
        try:
            asked = [line for line in queries.read_text(encoding="utf-8").splitlines() if line.strip()]
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{queries} can't be read: name a file of queries, one a line") from error
    with counting_bar("searches") as bar:
        verified = verify_collection(source, collection, queries=asked, progress=bar)
    print_result(verified.to_json(), as_json, lambda console: _show_verified(console, verified))
    if verified.problems:
        for problem in verified.problems:
            print_message(f"wrong: {problem}")
        raise typer.Exit(1)


@fleet.command()
def fetch(collection: ServedOption, out: NewFolderOption, as_json: opt.JsonOption = False) -> None:
    """Make a new collection that lies here of what an engine serves; nothing is encoded again."""
    from passagework.ingest.fleet import fetch_collection

    fetched = fetch_collection(collection, out)
    print_result(fetched.to_json(), as_json, lambda console: _show_fetched(console, fetched))


def _show_loaded(console: Console, loaded: Loaded) -> None:
    from passagework.retrieval.text import counted

    console.print(f"{counted(loaded.put, 'document')} put, {loaded.ended} ended, of {loaded.documents:,} in all")
    if loaded.weighed_anew:
        console.print("all were weighed anew: passages have become longer or shorter")


def _show_verified(console: Console, verified: Verified) -> None:
    short = sum(verified.short.values())
    console.print(
        f"recall@10 {verified.recall:.4f}, {short} short answers, {verified.identical:.2%} of top tens the same"
    )


def _show_fetched(console: Console, fetched: Exchanged) -> None:
    from passagework.retrieval.text import counted, one_line

    console.print(one_line(f"{counted(fetched.documents, 'document')} fetched into {fetched.out}", limit=1_000))
