"""Defines the options of the command line: each is explained once, and means the same in every command."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from passagework.retrieval.config import COLLECTION


def _print_version(requested: bool) -> None:
    if requested:
        typer.echo(f"passagework {version('passagework')}")
        raise typer.Exit


VersionOption = Annotated[
    bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
]
MaybeCollectionOption = Annotated[
    Path | None,
    typer.Option(
        "--collection",
        help="Folder that keeps the collection (default: a temporary one; of one's own judgments "
        "PASSAGEWORK_COLLECTION).",
        metavar="DIR",
    ),
]
CollectionOption = Annotated[
    Path,
    typer.Option(
        "--collection",
        help="Folder of the collection.",
        envvar=COLLECTION,
        metavar="DIR",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout, and nothing else there.")]
JsonLinesOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON object a line on stdout for each ingest, and nothing else there.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")]

# what to ingest, and how

PathsArgument = Annotated[
    list[str],
    typer.Argument(
        help="Files and folders to ingest, and other sources: git:DIR, https://HOST/PAGE, urls:FILE, s3://BUCKET.",
        metavar="PATH",
    ),
]
AllowHostOption = Annotated[
    list[str] | None,
    typer.Option("--allow-host", help="Of the web: pages of this host, too; may be repeated.", metavar="HOST"),
]
AllowPrivateOption = Annotated[
    bool, typer.Option("--allow-private", help="Of the web: also hosts with addresses in private networks.")
]
IncludeOption = Annotated[
    list[str] | None, typer.Option("--include", help="Only files that match; may be repeated.", metavar="GLOB")
]
ExcludeOption = Annotated[
    list[str] | None, typer.Option("--exclude", help="No files that match; may be repeated.", metavar="GLOB")
]
DeleteMissingOption = Annotated[
    bool, typer.Option("--delete-missing", help="Take out documents that are gone from beneath the PATHs.")
]
NoIgnoreOption = Annotated[
    bool,
    typer.Option("--no-ignore", help="Take what .gitignore names, installed packages and what programs built, too."),
]
LanguageOption = Annotated[
    str | None,
    typer.Option(
        "--language",
        help="What all documents are written in: a code such as de, `auto` for each to tell its own, `other` for none.",
        metavar="CODE",
    ),
]
RootsOption = Annotated[
    list[str] | None,
    typer.Option("--root", help="With --delete-missing: beneath this folder, too; may be repeated.", metavar="DIR"),
]
RootOption = Annotated[
    str | None, typer.Option("--root", help="Only what came from this folder (see `sources`).", metavar="DIR")
]
PasswordOption = Annotated[str | None, typer.Option("--pdf-password", help="Opens encrypted PDFs.", metavar="P")]
OcrOption = Annotated[
    str,
    typer.Option(
        "--ocr",
        help="Which pictures of text are read: those without text, where the extra ocr is installed; also pictures on "
        "pages with text; or none (default: auto).",
        metavar="auto|always|never",
        show_default=False,
    ),
]
SpeechModelOption = Annotated[
    str | None,
    typer.Option(
        "--speech-model",
        help="Whisper model for CTranslate2 that writes recordings down: a folder or hub name (default: "
        "Systran/faster-whisper-base).",
        metavar="M",
    ),
]
EncoderOption = Annotated[
    str | None,
    typer.Option("--encoder", help="Model folder, hub name, or address (default: all-MiniLM-L6-v2).", metavar="M"),
]
MovedEncoderOption = Annotated[
    str | None,
    typer.Option("--encoder", help="Where the collection's encoder is now (default: as recorded).", metavar="M"),
]
WindowOption = Annotated[
    int | None,
    typer.Option("--window", help="Tokens that the encoder reads at once (default: the model's own).", metavar="N"),
]
PassageTokensOption = Annotated[
    int | None, typer.Option("--passage-tokens", help="Most tokens of a passage (default: 200).", metavar="N")
]
OverlapOption = Annotated[
    int | None,
    typer.Option(
        "--overlap",
        help="Tokens that a passage may repeat of the one before (default: 32, or a quarter of a passage where that "
        "is less).",
        metavar="N",
    ),
]
TokenVectorsOption = Annotated[
    bool | None,
    typer.Option(
        "--token-vectors/--no-token-vectors",
        help="Keep what reranking needs of each passage, or no longer (default: as it is; first yes).",
    ),
]
WholeOption = Annotated[bool, typer.Option("--whole", help="One passage a document, cut at the window.")]

# what to make anew, and how: what is left out stays

NewEncoderOption = Annotated[
    str | None, typer.Option("--encoder", help="Model folder, hub name or address (default: as it is).", metavar="M")
]
NewWindowOption = Annotated[
    int | None,
    typer.Option(
        "--window",
        help="Tokens that the encoder reads at once (default: as it is; with --encoder the model's own).",
        metavar="N",
    ),
]
NewPassageTokensOption = Annotated[
    int | None, typer.Option("--passage-tokens", help="Most tokens of a passage (default: as it is).", metavar="N")
]
NewOverlapOption = Annotated[
    int | None,
    typer.Option(
        "--overlap",
        help="Tokens that a passage may repeat of the one before (default: as it is, or a quarter of a passage where "
        "that is less).",
        metavar="N",
    ),
]
RewholeOption = Annotated[
    bool | None, typer.Option("--whole/--chunked", help="One passage a document, or several (default: as it is).")
]
IndexOption = Annotated[
    str | None,
    typer.Option(
        "--index",
        help="Kind of index (default: by size); below 1,024 passages an approximate kind becomes flat.",
        metavar="exact|flat|hnsw|ivf-flat|ivf-sq8|ivf-pq",
    ),
]
RepairOption = Annotated[
    bool, typer.Option("--repair", help="Make again what is derived from the rest, and say what was done.")
]
OutOption = Annotated[
    Path,
    typer.Option("--out", help="New folder, or with .parquet a file of the passages alone.", metavar="FOLDER_OR_FILE"),
]
SnapshotOption = Annotated[
    bool, typer.Option("--snapshot", help="Copy the collection itself, as of this moment, to a folder that opens.")
]
ExportArgument = Annotated[Path, typer.Argument(help="Folder that `export` wrote.", metavar="FOLDER")]
NewCollectionOption = Annotated[
    Path,
    typer.Option(
        "--collection",
        help="Folder of the collection to be made.",
        envvar=COLLECTION,
        metavar="DIR",
    ),
]

# what to take out, and where to listen

TargetsArgument = Annotated[
    list[str] | None,
    typer.Argument(help="Documents: _id, URI, path as `documents` shows it, or glob on paths.", metavar="DOCUMENT"),
]
HostOption = Annotated[
    str, typer.Option("--host", help="Address to listen at; others than this machine's expose it.", metavar="ADDRESS")
]
PortOption = Annotated[int, typer.Option("--port", help="Port to listen at.", metavar="N", min=1, max=65535)]

# what to measure

BenchmarkArgument = Annotated[
    Path,
    typer.Argument(
        help="Folder in BEIR layout, file of one's own judgments (.jsonl), or TREC topics.", metavar="BENCHMARK"
    ),
]
ComparedArgument = Annotated[
    Path,
    typer.Argument(
        help="Folder in BEIR layout, TREC topics, or file of one's own judgments (.jsonl).", metavar="BENCHMARK"
    ),
]
JudgedCollectionOption = Annotated[
    Path | None,
    typer.Option(
        "--collection",
        help="Collection that one's own judgments are of (default: PASSAGEWORK_COLLECTION).",
        metavar="DIR",
    ),
]
RunArgument = Annotated[Path, typer.Argument(help="TREC run file.", metavar="RUN")]
QrelsOption = Annotated[Path | None, typer.Option("--qrels", help="Judgments of TREC topics.", metavar="FILE")]
StagesOption = Annotated[str, typer.Option("--stages", help="Stages, separated by commas.", metavar="STAGES")]
MeasuresOption = Annotated[
    str | None,
    typer.Option(
        "--measures",
        help="Measures of ir-measures, separated by commas (default: nDCG@10,RR@10,R@100,AP).",
        metavar="MEASURES",
    ),
]
SplitOption = Annotated[str, typer.Option("--split", help="Which qrels/<split>.tsv.", metavar="NAME")]
LimitOption = Annotated[
    int | None, typer.Option("--limit-queries", help="At most so many queries, evenly spaced.", metavar="N")
]
RunsOption = Annotated[
    Path | None, typer.Option("--runs", help="Folder for a TREC run a stage: <stage>.trec.", metavar="DIR")
]
ReportOption = Annotated[Path | None, typer.Option("--report", help="Write a page to look at.", metavar="FILE.html")]
GateOption = Annotated[
    Path | None,
    typer.Option("--gate", help="Thresholds (JSON or YAML); exit 1 where one is missed.", metavar="FILE"),
]
