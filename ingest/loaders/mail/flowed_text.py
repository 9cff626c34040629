"""Flowed text of mails (RFC 3676): lines that end in a space go on in the next."""

from __future__ import annotations

from itertools import takewhile

_SIGNATURE = "-- "


def unflowed(text: str, *, delete_space: bool = False) -> str:
    """The text with its paragraphs in one line each, quotes behind as many `>` as they had.

    `delete_space` takes out the space that a flowed line ends in (the parameter DelSp).
    """
    lines: list[str] = []
    depth_before, flows = 0, False
    for line in text.split("\n"):
        depth = sum(1 for _ in takewhile(">".__eq__, line))
        words = line[depth:].removeprefix(" ")
        if flows and depth == depth_before and words != _SIGNATURE:
            lines[-1] += words
        else:
            lines.append(f"{'>' * depth} {words}" if depth else words)
        depth_before, flows = depth, words.endswith(" ") and words != _SIGNATURE
        if flows and delete_space:
            lines[-1] = lines[-1][:-1]
    return "\n".join(line.rstrip() for line in lines)
