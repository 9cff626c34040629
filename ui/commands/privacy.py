"""Defines `passagework scan`: what personal data files hold, or a collection does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from passagework.retrieval.config import default_collection
from passagework.retrieval.errors import ConfigError
from passagework.ui.commands import options as opt, search_options as find
from passagework.ui.commands.output import parse_where, print_result

if TYPE_CHECKING:
    from passagework import ScanReport

ScannedArgument = Annotated[
    list[Path] | None,
    typer.Argument(help="Files and folders to read, which are kept nowhere.", metavar="PATH"),
]
ScannedCollectionOption = Annotated[
    Path | None,
    typer.Option(
        "--collection",
        help="Folder of a collection whose stored texts are read in place of files (default: PASSAGEWORK_COLLECTION).",
        metavar="DIR",
    ),
]
NamesOption = Annotated[
    str | None,
    typer.Option(
        "--names",
        help="spaCy model that finds names of people, places and organisations: a folder, or an installed package "
        "(default: none, and no names are looked for).",
        metavar="M",
    ),
]
KindsOption = Annotated[
    list[str] | None,
    typer.Option("--pii-kind", help="Only personal data of this kind; may be repeated (default: all).", metavar="KIND"),
]
PiiOption = Annotated[
    str | None,
    typer.Option(
        "--pii",
        help="What becomes of personal data in the documents of a new collection: told in metadata, replaced by "
        "placeholders in all that is stored, or the document refused (default: as it was; first nothing).",
        metavar="flag|mask|refuse",
    ),
]
OriginalsOption = Annotated[
    Path | None,
    typer.Option(
        "--pii-originals",
        help="With --pii mask: file outside the collection that keeps what is masked, for its owner alone.",
        metavar="FILE",
    ),
]


def scan(
    paths: ScannedArgument = None,
    collection: ScannedCollectionOption = None,
    include: opt.IncludeOption = None,
    exclude: opt.ExcludeOption = None,
    no_ignore: opt.NoIgnoreOption = False,
    where: find.WhereOption = None,
    names: NamesOption = None,
    pii_kind: KindsOption = None,
    pdf_password: opt.PasswordOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Find personal data in files, or in a collection: kinds, places and counts, never the data themselves."""
    from passagework import Collection, scan_files
    from passagework.ui.present.personal_data_lines import show_scan

    parsed = parse_where(where)
    if paths and collection is not None:
        raise ConfigError("give PATHs or --collection, not both")
    if paths:
        if parsed is not None:
            raise ConfigError("--where filters the documents of a collection: give --collection in place of PATHs")
        report: ScanReport = scan_files(
            paths,
            include=include or (),
            exclude=exclude or (),
            no_ignore=no_ignore,
            names=names,
            kinds=pii_kind or (),
            pdf_password=pdf_password,
        )
    else:
        folder = collection or default_collection()
        if folder is None:
            raise ConfigError("give PATHs to read, or --collection")
        with Collection.open(folder) as opened:
            report = opened.scan(where=parsed, names=names, kinds=pii_kind or ())
    print_result(report.to_json(), as_json, lambda console: show_scan(console, report))
