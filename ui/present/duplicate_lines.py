"""Prints duplicates and similar documents for a person."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from passagework.retrieval.duplicates.differences import DuplicateKind, aligned
from passagework.retrieval.duplicates.duplicate_clusters import DuplicateCluster, DuplicateMember
from passagework.retrieval.duplicates.duplicate_search import Duplicates
from passagework.retrieval.duplicates.similar_documents import SimilarDocument
from passagework.retrieval.text import one_line
from passagework.ui.present.lines import SHOWN, indented
from passagework.ui.present.wording import counted, formatted, gettext

TEXT_CHARACTERS = 300
"""Characters of a member's text on screen."""


def show_duplicates(console: Console, found: Duplicates, of: str) -> None:
    """Prints the first clusters with what differs within, then how many there are and why this threshold."""
    for number, cluster in enumerate(found.clusters[:SHOWN], start=1):
        _show_cluster(console, number, cluster)
    if len(found.clusters) > SHOWN:
        console.print(Text(f"and {len(found.clusters) - SHOWN:,} more clusters; --json has all", style="dim"))
    console.print(Text(duplicates_line(found, of), style="bold"))
    indented(console, one_line(found.explanation), "dim", column=Text("threshold  ", "dim"))


def duplicates_line(found: Duplicates, of: str) -> str:
    """Says how many clusters of each kind there are among how many texts."""
    counts = ", ".join(f"{count:,} {kind.value}" for kind, count in found.counts().items() if count)
    clusters = counted(len(found.clusters), "cluster")
    kinds = f" ({counts})" if counts else ""
    among = f"{formatted(found.compared)} {gettext(of)}"
    return gettext("{clusters} of duplicates{kinds} among {among}", clusters=clusters, kinds=kinds, among=among)


def member_place(member: DuplicateMember) -> str:
    """Says in one line where a member stands and how near it is."""
    place = member.place
    where = f"line {place.line}" if place.line is not None else f"{place.start}-{place.end}"
    name = place.path if place.document in (place.uri, place.path) else f"{place.path}  {place.document}"
    return one_line(f"{name}  {where}  {member.similarity:.3f} {member.kind.value}")


def marked_changes(text: str, other: str) -> list[tuple[str, str]]:
    """Returns the words of two texts in order, in runs: those of both marked "", of the first "-", of the other "+"."""
    runs: list[tuple[str, str]] = []
    for was, now in aligned(text, other):
        changed = [("", now)] if was == now else [("-", was), ("+", now)]
        runs += [(mark, one_line(run, limit=max(1, len(run)))) for mark, run in changed if run]
    return runs


def show_similar(console: Console, rows: Sequence[SimilarDocument]) -> None:
    """Prints a line for each document, the nearest first."""
    for row in rows:
        name = "" if row.document == row.uri else f"  {row.document}"
        console.print(Text(one_line(f"{row.similarity:.3f}  {row.path}{name}")), soft_wrap=True)
    if not rows:
        console.print("no other document")


def _show_cluster(console: Console, number: int, cluster: DuplicateCluster) -> None:
    margin, own = Text("    "), cluster.representative
    title = f"{cluster.kind.value}, {len(cluster.members):,} times"
    indented(console, title, "bold cyan", column=Text(f"{number:>2}  ", "bold"))
    indented(console, one_line(own.text, limit=TEXT_CHARACTERS), "", column=margin)
    for member in cluster.members[:SHOWN]:
        indented(console, member_place(member), "dim", column=margin)
        if member.kind is DuplicateKind.NEAR:
            console.print(_changes(own.text, member.text), soft_wrap=True)
        elif member.kind is DuplicateKind.SEMANTIC:
            indented(console, one_line(member.text, limit=TEXT_CHARACTERS), "", column=Text("      "))
    if len(cluster.members) > SHOWN:
        indented(console, f"and {len(cluster.members) - SHOWN:,} more", "dim", column=margin)
    console.print()


def _changes(text: str, other: str) -> Text:
    """Returns the words around each change: `[-gone-]` and `{+come+}`, as wdiff marks them."""
    line = Text("      ")
    for mark, run in marked_changes(text, other):
        if mark:
            shown = f"[-{run}-] " if mark == "-" else f"{{+{run}+}} "
            line.append(shown, style="red" if mark == "-" else "green")
        else:
            words = run.split(" ")
            line.append((run if len(words) <= 12 else f"{' '.join(words[:5])} … {' '.join(words[-5:])}") + " ")
    return line
