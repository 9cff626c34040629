"""Where else the text of a hit or a citation stands."""

from __future__ import annotations

from dataclasses import dataclass

from passagework.retrieval.text import address, page_list
from passagework.retrieval.types import Json


@dataclass(frozen=True, slots=True)
class AlsoIn:
    """Tells where a copy of a passage is: document, and `[start, end)` of its text, which lies on `pages`.

    `document` is a record's `_id`, else the URI. `similarity` (0 to 1) is how much of the passage the copy has: 1
    where they differ in case, white space, punctuation and forms of letters alone. `collection` is named where it is
    another one's.
    """

    document: str
    path: str
    root: str
    start: int
    end: int
    pages: tuple[int, ...]
    similarity: float
    collection: str = ""

    def __str__(self) -> str:
        """Returns its path and record, with the root where that is needed, and its pages: `a.pdf (in 2024) p. 3`."""
        _, _, record = self.document.partition("#") if "://" in self.document else ("", "", self.document)
        uri = f"#{record}" if record else ""
        return " ".join(
            part for part in (address(self.path, uri, self.root, self.collection), page_list(self.pages)) if part
        )

    def to_json(self) -> dict[str, Json]:
        """Returns what the search JSON has under `also_in` of it."""
        return {
            "document": self.document,
            "path": self.path,
            "root": self.root,
            "start": self.start,
            "end": self.end,
            "pages": list(self.pages),
            "similarity": round(self.similarity, 4),
            **({"collection": self.collection} if self.collection else {}),
        }
