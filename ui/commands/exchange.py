"""Defines `passagework export` and `import`: a collection as Parquet files and back, or a copy of one in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from passagework.ui.commands import options as opt
from passagework.ui.commands.output import print_result

if TYPE_CHECKING:
    from rich.console import Console

    from passagework.ingest.maintenance.exchange import Exchanged


def export(
    collection: opt.CollectionOption,
    out: opt.OutOption,
    snapshot: opt.SnapshotOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Write a collection to Parquet files: text, places, metadata, vectors; or copy it while others use it."""
    from passagework.ingest.maintenance.exchange import export_collection, snapshot_collection

    written = (snapshot_collection if snapshot else export_collection)(collection, out)
    print_result(written.to_json(), as_json, lambda console: _show(console, "written to", written))


def import_(
    source: opt.ExportArgument,
    collection: opt.NewCollectionOption,
    as_json: opt.JsonOption = False,
) -> None:
    """Make a new collection of an exported folder; nothing is encoded again."""
    from passagework.ingest.maintenance.exchange import import_collection

    imported = import_collection(source, collection)
    print_result(imported.to_json(), as_json, lambda console: _show(console, "imported into", imported))


def _show(console: Console, verb: str, written: Exchanged) -> None:
    from rich.text import Text

    from passagework.retrieval.text import counted, one_line

    counts = f"{counted(written.documents, 'document')}, {counted(written.passages, 'passage')}"
    line = f"{counts} {verb} {written.out} ({written.bytes / 1e6:,.1f} MB)"
    console.print(Text(one_line(line, limit=1_000)), soft_wrap=True)
    if written.carried:
        console.print(Text(f"with {', '.join(written.carried)}", style="dim"), soft_wrap=True)
    if written.left_out:
        console.print(
            Text(f"left out: {', '.join(written.left_out)}; --snapshot takes them", style="yellow"), soft_wrap=True
        )
