"""Zip archives with damaged members, packed anew, so that the damage reaches the parsers behind the checksums."""

from __future__ import annotations

import copy
import io
import random
import zipfile

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types
from lxml.etree import _Element  # type: ignore[import-untyped]

from benchmarks.mutation import Damage
from benchmarks.mutation_words import VALUES, ZIPPED

_XML = (".xml", ".rels", ".xhtml", ".html", ".opf", ".ncx")


def mutated(data: bytes, other: bytes, suffix: str, rng: random.Random) -> bytes:
    """A file with a few changes: three archives in four inside of their members, all else as it stands."""
    if suffix in ZIPPED and rng.random() < 0.75:
        repacked = _repacked(data, other, suffix, rng)
        if repacked is not None:
            return repacked
    return Damage(suffix, other, rng).done(data)


def _repacked(data: bytes, other: bytes, suffix: str, rng: random.Random) -> bytes | None:
    """Changes in one to three members; now and then one is emptied, gone, or under another's name."""
    members, others = _members(data), _members(other)
    if not members:
        return None
    names = list(members)
    texts = [name for name in names if name.endswith(_XML)] or names
    for name in rng.sample(texts, min(len(texts), rng.choice((1, 1, 2, 3)))):
        tree = _tree(members[name], rng) if rng.random() < 0.6 else None
        members[name] = tree or Damage(suffix, others.get(name, b""), rng).done(members[name])
    if rng.random() < 0.15:
        one, two = rng.choice(names), rng.choice(names)
        members[one] = members.pop(two) if rng.random() < 0.5 and one != two else b""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _members(data: bytes) -> dict[str, bytes]:
    """What an archive holds; nothing where it can't be read."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    except Exception:  # noqa: BLE001 - a source that is damaged itself is mutated as it stands
        return {}


def _tree(data: bytes, rng: random.Random) -> bytes | None:
    """XML that is still well-formed, its elements, attributes and texts no longer those of a sane file.

    None where it can't be parsed.
    """
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, huge_tree=True))
    except (etree.XMLSyntaxError, ValueError):
        return None
    for _ in range(rng.choice((1, 2, 4, 16))):
        every = [one for one in root.iter(etree.Element) if one is not root]
        if not every:
            break
        rng.choice((_moved, _multiplied, _nested, _altered, _altered))(rng.choice(every), rng.choice(every), rng)
    changed: bytes = etree.tostring(root, xml_declaration=True, encoding="utf-8")
    return changed


def _moved(one: _Element, two: _Element, rng: random.Random) -> None:
    if rng.random() < 0.5:
        two.append(copy.deepcopy(one))
    else:
        one.getparent().remove(one)


def _multiplied(one: _Element, two: _Element, rng: random.Random) -> None:
    one.tag = two.tag if rng.random() < 0.2 else one.tag
    for _ in range(rng.choice((1, 3, 100))):
        one.addprevious(copy.deepcopy(one))


def _nested(one: _Element, two: _Element, rng: random.Random) -> None:
    tag = two.tag if rng.random() < 0.2 else one.tag
    for _ in range(rng.choice((1, 3, 60, 300))):
        one = etree.SubElement(one, tag, dict(one.attrib))


def _altered(one: _Element, two: _Element, rng: random.Random) -> None:
    match rng.randrange(4):
        case 0:
            one.tag = two.tag
        case 1:
            one.text = rng.choice(VALUES)
        case 2 if one.attrib:
            one.set(rng.choice(sorted(one.attrib)), rng.choice(VALUES))
        case _:
            one.attrib.clear()
