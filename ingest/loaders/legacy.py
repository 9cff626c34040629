"""A guess among the encodings older than UTF-8: charset-normalizer's, but for what short texts mislead it about."""

from __future__ import annotations

import codecs
import re
from collections import Counter

_EVIDENCE = 1 << 15
_WIDE = ["utf_16", "utf_16_be", "utf_16_le", "utf_32", "utf_32_be", "utf_32_le"]
"""Known by their marks and NULs: `detect` has ruled them out."""

_KANA_PAIR = re.compile(rb"\xa4[\xa1-\xf3]")
_PAIR = re.compile(rb"[\xa1-\xfe][\xa1-\xfe]")
_CYRILLIC = frozenset({"cp1251", "mac_cyrillic", "koi8_r", "iso8859_5"})

# Languages by code page, with the letters beyond ASCII that they use; the likelier code page first.
_LATIN = (
    ("cp1252", ("äöüß", "éèàêçùâîôûœëï", "áéíóúñü", "ãáçéêóõíàâôú", "àèéìòù", "åäöé", "æøåé", "ëéïöèü", "áéíóúýðþæö")),
    ("cp1250", ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž")),
    ("cp1254", ("çğıöşüâî",)),
    ("cp1257", ("ąčęėįšųūž", "āčēģīķļņšūž", "äõöüšž")),
)
_ENOUGH = 0.9
"""Share of the letters that a language must explain. Mixed languages must be explained wholly by one code page."""


def guess_legacy(data: bytes) -> str:
    """The likeliest encoding of `data`, which isn't UTF-8; `cp1252` where nothing tells.

    Only the lines with bytes above 127 are looked at: the others say nothing.
    """
    evidence = b"".join(line for line in data.splitlines(keepends=True) if not line.isascii())[:_EVIDENCE]
    if _looks_euc_jp(evidence):
        return "euc_jp"
    latin = _latin(evidence)
    if latin:
        return latin

    from charset_normalizer import from_bytes

    best = from_bytes(evidence, cp_exclusion=_WIDE).best()
    guess = best.encoding if best is not None else "cp1252"
    if guess in _CYRILLIC and _looks_hebrew(evidence):
        return "cp1255"
    return guess if _decodes(evidence, guess) else "cp1252"


def _latin(evidence: bytes) -> str | None:
    """The Latin code page in which the letters make a language; None where they do in none.

    charset-normalizer takes short French for Baltic, and short Danish for Korean.
    """
    high = len(evidence.translate(None, bytes(range(128))))
    if high > len(re.findall(rb"[A-Za-z]", evidence)):
        return None
    readings = {name: _letters(evidence, name) for name, _ in _LATIN if _decodes(evidence, name)}
    if readings.get("cp1252") == Counter():
        return "cp1252"  # quotes, dashes and signs alone
    shares = [
        (_share(readings[name], language), name)
        for name, languages in _LATIN
        if name in readings
        for language in languages
    ]
    best = max((share for share, _ in shares), default=0.0)
    if best >= _ENOUGH:
        return next(name for share, name in shares if share == best)
    for name, languages in _LATIN:
        if name in readings and _share(readings[name], "".join(languages)) == 1.0:
            return name
    return None


def _letters(evidence: bytes, name: str) -> Counter[str]:
    text = evidence.decode(name, "ignore").lower()
    return Counter(char for char in text if char > "\x7f" and char.isalpha())


def _share(letters: Counter[str], language: str) -> float:
    return sum(letters[char] for char in set(language)) / max(1, letters.total())


def _looks_euc_jp(evidence: bytes) -> bool:
    """Japanese is a fifth kana at least, and EUC-JP puts them all in one row; elsewhere that row is rare."""
    pairs = len(_PAIR.findall(evidence))
    return pairs >= 8 and len(_KANA_PAIR.findall(evidence)) >= 0.2 * pairs and _decodes(evidence, "euc_jp")


def _looks_hebrew(evidence: bytes) -> bool:
    """Hebrew fills 0xE0-0xFA alone, where cp1251 has lower-case letters; Russian uses 0xFB-0xFF and capitals too."""
    letters = evidence.translate(None, bytes(range(0xC0)))
    return len(letters) >= 30 and min(letters) >= 0xE0 and max(letters) <= 0xFA


def _decodes(evidence: bytes, name: str) -> bool:
    # Incremental: the evidence may end in the middle of a character.
    try:
        codecs.getincrementaldecoder(name)("strict").decode(evidence)
    except (UnicodeDecodeError, LookupError):
        return False
    return True
