"""Lists documents as a grid that is filtered, sorted by any column, and shown in parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from passagework.ingest.loaders.formats import format_name
from passagework.retrieval.store import DocumentRow
from passagework.ui.present.wording import formatted, gettext, message
from passagework.ui.web.rendered_text import plain

ROWS = 50
"""Documents in a part."""

COLUMNS = (
    message("Document"),
    message("Title"),
    message("Type"),
    message("State"),
    message("Pages"),
    message("Passages"),
    message("Cut"),
)
"""The columns, each of which can be sorted by."""

NUMBERS = frozenset(("Pages", "Passages", "Cut"))


@dataclass(frozen=True, slots=True)
class ListedDocument:
    """Is a document with the state of its file, as a person is told."""

    row: DocumentRow
    state: str

    def cell(self, column: str) -> str | int:
        """Returns what stands in a column."""
        cells: tuple[str | int, ...] = (
            self.row.address,
            self.row.title,
            gettext(format_name(self.row.media_type)),
            self.state,
            self.row.pages,
            self.row.passages,
            self.row.cut,
        )
        return cells[COLUMNS.index(column)]


@dataclass(frozen=True, slots=True)
class GridView:
    """Says which documents are shown, with `find` in path or title, of `types` and `states`, and in which order."""

    find: str = ""
    types: Sequence[str] = ()
    states: Sequence[str] = ()
    sort: str = COLUMNS[0]
    descending: bool = False

    def rows(self, listed: Sequence[ListedDocument]) -> list[ListedDocument]:
        """Returns the documents shown, in order; those that are alike in it stay in order of path."""
        needle = self.find.casefold()
        found = [
            one
            for one in listed
            if needle in f"{one.row.address}\n{one.row.title}".casefold()
            and (not self.types or one.cell("Type") in self.types)
            and (not self.states or one.state in self.states)
        ]

        def key(one: ListedDocument) -> tuple[int, str]:
            value = one.cell(self.sort)
            return (value, "") if isinstance(value, int) else (0, value.casefold())

        return sorted(found, key=key, reverse=self.descending)

    def sorted_by(self, order: str) -> GridView:
        """Returns the view in another order, `Passages descending`; itself for what is none."""
        column, _, direction = order.partition(" ")
        return replace(self, sort=column, descending=direction == "descending") if column in COLUMNS else self

    def next_order(self, column: str) -> str:
        """Returns the order that a click on a column's name asks for: the other way round where it is sorted by it."""
        descending = not self.descending if column == self.sort else column in NUMBERS
        return f"{column} {'descending' if descending else 'ascending'}"


def grid_html(shown: Sequence[ListedDocument], view: GridView) -> str:
    """Returns the grid; a click on a column's name or a document's is told by `page_actions`."""
    head = "".join(_head(column, view) for column in COLUMNS)
    body = "".join(f"<tr>{''.join(_cell(one, column) for column in COLUMNS)}</tr>" for one in shown)
    return (
        f'<div class="pw-scroll" data-testid="documents"><table class="pw-table pw-grid"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _head(column: str, view: GridView) -> str:
    sorted_by = column == view.sort
    order = ("descending" if view.descending else "ascending") if sorted_by else "none"
    sign = ("▼" if view.descending else "▲") if sorted_by else ""
    kind = "pw-number" if column in NUMBERS else "pw-words"
    act = f"sort:{view.next_order(column)}"
    return (
        f'<th class="{kind}" aria-sort="{order}"><button type="button" class="pw-sort" data-act="{act}">'
        f'{plain(gettext(column))} <span aria-hidden="true">{sign}</span></button></th>'
    )


def _cell(one: ListedDocument, column: str) -> str:
    value, name = one.cell(column), plain(gettext(column))
    if isinstance(value, int):
        return f'<td class="pw-number" data-label="{name}">{formatted(value) if value else ""}</td>'
    if column != COLUMNS[0]:
        return f'<td data-label="{name}">{plain(value)}</td>'
    href = plain(f"read?{urlencode({'document': one.row.uri})}")
    link = f'<a class="pw-action" data-act="open:{one.row.id}" href="{href}" dir="auto">{plain(value)}</a>'
    return f'<td data-label="{name}">{link}</td>'
