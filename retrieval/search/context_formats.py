"""Lays out the blocks of a context: as text, or as the content blocks that a language model's API takes.

Whatever a document says, it can't end the part that it stands in, nor begin one: in XML and JSON it is escaped, in
Markdown fenced. Plain text is quoted as is, so a document may hold lines that look like a header: what a citation says,
`Context.citations` says, and nothing in the text can change it. Titles, headings and paths are put on one line each.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape

from passagework.retrieval.search.quoted_blocks import Block
from passagework.retrieval.types import ContextFormat, Json

LONGEST_TITLE = 500
"""Characters that Anthropic's Messages API takes as the title of a document."""

_NOT_XML = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that XML 1.0 can't hold, not even escaped."""
_MARKUP = re.compile(r"([\\`*_\[\]<>&#~|])")
_FENCES = re.compile("`{3,}")


def message_blocks(context_format: ContextFormat, blocks: Sequence[Block]) -> tuple[dict[str, Json], ...] | None:
    """Returns the content blocks of a message, where the format is that of an API; None for text."""
    one_block = _MESSAGE_BLOCKS.get(context_format)
    return None if one_block is None else tuple(one_block(number, block) for number, block in enumerate(blocks, 1))


def rendered(context_format: ContextFormat, blocks: Sequence[Block]) -> str:
    """Returns the whole context as text; content blocks of a message as their JSON.

    Where there are no blocks there is nothing to read, but what is parsed can be: an empty list, or element.
    """
    if not blocks and context_format in (ContextFormat.PLAIN, ContextFormat.MARKDOWN):
        return ""
    if context_format in _MESSAGE_BLOCKS:
        return json.dumps(message_blocks(context_format, blocks), ensure_ascii=False)
    return _TEXTS[context_format](blocks)


def _header(number: int, block: Block) -> str:
    return f"[{number}] {_source_line(block)}"


def _source_line(block: Block) -> str:
    """Returns one line: title and headings, path and record, pages or lines."""
    return " — ".join(part for part in (" › ".join(block.names), block.source) if part)


def _plain(blocks: Sequence[Block]) -> str:
    return "\n\n".join(f"{_header(number, block)}\n{block.shown}" for number, block in enumerate(blocks, 1))


def _xml(blocks: Sequence[Block]) -> str:
    """Returns the documents as Anthropic's advice on long contexts has them."""
    documents = []
    for number, block in enumerate(blocks, 1):
        title = f"<title>{_xml_text(' › '.join(block.names))}</title>\n" if block.names else ""
        documents.append(
            f'<document index="{number}">\n<source>{_xml_text(block.source)}</source>\n{title}'
            f"<document_content>{_xml_text(block.shown)}</document_content>\n</document>"
        )
    return "\n".join(("<documents>", *documents, "</documents>"))


def _xml_text(text: str) -> str:
    """Returns a text that a parser reads as it was; U+FFFD stands for what XML can't hold."""
    return escape(_NOT_XML.sub("\ufffd", text), quote=False).replace("\r", "&#13;")


def _markdown(blocks: Sequence[Block]) -> str:
    """Returns a heading for each block, and its text in a fence longer than any that it has itself (CommonMark 4.5)."""
    parts = []
    for number, block in enumerate(blocks, 1):
        fence = "`" * max([3, *(len(found) + 1 for found in _FENCES.findall(block.shown))])
        header = _MARKUP.sub(r"\\\1", _source_line(block))
        parts.append(f"### [{number}] {header}\n\n{fence}\n{block.shown}\n{fence}")
    return "\n\n".join(parts)


def _json(blocks: Sequence[Block]) -> str:
    """Returns a list of objects: number, title and headings as one, source, and text."""
    return json.dumps(
        [
            {"number": number, "title": " › ".join(block.names), "source": block.source, "text": block.shown}
            for number, block in enumerate(blocks, 1)
        ],
        ensure_ascii=False,
    )


def _anthropic(number: int, block: Block) -> dict[str, Json]:
    """Returns a `document` block of the Messages API, of which a model cites characters; its index is number - 1."""
    del number
    return {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": block.shown},
        "title": (" › ".join(block.names) or block.source)[:LONGEST_TITLE],
        "context": block.source,
        "citations": {"enabled": True},
    }


def _openai(number: int, block: Block) -> dict[str, Json]:
    """Returns an `input_text` part of a message's content in the Responses API, which has no place for a source."""
    return {"type": "input_text", "text": f"{_header(number, block)}\n{block.shown}"}


_TEXTS: Mapping[ContextFormat, Callable[[Sequence[Block]], str]] = {
    ContextFormat.PLAIN: _plain,
    ContextFormat.XML: _xml,
    ContextFormat.MARKDOWN: _markdown,
    ContextFormat.JSON: _json,
}
_MESSAGE_BLOCKS: Mapping[ContextFormat, Callable[[int, Block], dict[str, Json]]] = {
    ContextFormat.ANTHROPIC: _anthropic,
    ContextFormat.OPENAI: _openai,
}
