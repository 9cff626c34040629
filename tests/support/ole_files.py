"""OLE2 containers, written sector by sector (MS-CFB): Outlook messages, and what Word 97 made."""

from __future__ import annotations

import struct
from collections.abc import Mapping

_SECTOR, _SMALL_SECTOR, _SMALL = 512, 64, 4096
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_STORAGE, _STREAM, _ROOT = 1, 2, 5


def ole_file(streams: Mapping[str, bytes]) -> bytes:
    """A container of streams by their paths, `storage/stream`; small ones share the root's, in sectors of 64 bytes."""
    entries: list[tuple[str, int, bytes]] = [("Root Entry", _ROOT, b"")]
    children: dict[int, list[int]] = {0: []}
    places = {"": 0}
    for path, data in streams.items():
        above = ""
        *folders, name = path.split("/")
        for folder in folders:
            inner = f"{above}/{folder}"
            if inner not in places:
                places[inner] = len(entries)
                children[places[above]].append(len(entries))
                children[len(entries)] = []
                entries.append((folder, _STORAGE, b""))
            above = inner
        children[places[above]].append(len(entries))
        entries.append((name, _STREAM, data))
    body: list[bytes] = []
    fat: list[int] = []
    small: list[bytes] = []
    small_fat: list[int] = []
    starts = [
        _chain(data, small, small_fat, _SMALL_SECTOR) if len(data) < _SMALL else _chain(data, body, fat)
        for _, _, data in entries
    ]
    entries[0] = ("Root Entry", _ROOT, b"".join(small))
    starts[0] = _chain(entries[0][2], body, fat)
    first_small = _chain(struct.pack(f"<{len(small_fat)}I", *small_fat), body, fat, filled=b"\xff")
    directory = b"".join(
        _entry(name, kind, starts[at], len(data), children.get(at, ()), _next(at, children))
        for at, (name, kind, data) in enumerate(entries)
    )
    first_directory = _chain(directory, body, fat)
    sectors = -(-(len(fat) + 1) // 128)
    while len(fat) + sectors > 128 * sectors:
        sectors += 1
    fat_places = list(range(len(fat), len(fat) + sectors))
    fat += [_FAT] * sectors
    fat += [_FREE] * (128 * sectors - len(fat))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6xII", 0x3E, 3, 0xFFFE, 9, 6, 0, sectors)
    header += struct.pack("<IIIIIII", first_directory, 0, _SMALL, first_small, -(-len(small_fat) // 128), _END, 0)
    header += struct.pack("<109I", *fat_places, *[_FREE] * (109 - sectors))
    return header + b"".join(body) + struct.pack(f"<{len(fat)}I", *fat)


def message_file(properties: Mapping[str, str | bytes], sent: int = 0) -> bytes:
    """An Outlook message: properties by their tags, `0037`; texts are UTF-16. Longer names are paths as they are."""
    streams: dict[str, bytes] = {}
    for tag, value in properties.items():
        path, _, name = tag.rpartition("/")
        kind = "001F" if isinstance(value, str) else "0102"
        data = value.encode("utf-16-le") if isinstance(value, str) else value
        streams[f"{path}/__substg1.0_{name}{kind}".lstrip("/")] = data
    numbers = struct.pack("<IIq", 0x00390040, 0, sent)
    return ole_file({**streams, "__properties_version1.0": bytes(32) + numbers})


def _chain(data: bytes, body: list[bytes], fat: list[int], sector: int = _SECTOR, filled: bytes = b"\x00") -> int:
    """Puts data into sectors of their own; the first one's number."""
    if not data:
        return _END
    first = len(fat)
    pieces = [data[at : at + sector] for at in range(0, len(data), sector)]
    body += [piece.ljust(sector, filled) for piece in pieces]
    fat += [*range(first + 1, first + len(pieces)), _END]
    return first


def _next(at: int, children: Mapping[int, list[int]]) -> int:
    """The entry behind one in its storage."""
    for listed in children.values():
        if at in listed:
            behind = listed.index(at) + 1
            return listed[behind] if behind < len(listed) else _FREE
    return _FREE


def _entry(name: str, kind: int, start: int, size: int, inner: object, behind: int) -> bytes:
    named = name.encode("utf-16-le")
    first = inner[0] if isinstance(inner, list) and inner else _FREE
    data = named.ljust(64, b"\x00") + struct.pack("<HBB", len(named) + 2, kind, 1)
    data += struct.pack("<III", _FREE, behind, first) + bytes(36) + struct.pack("<IQ", start, size)
    return data
