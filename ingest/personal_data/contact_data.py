"""Finds e-mail addresses, telephone numbers and addresses of machines."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from passagework.ingest.personal_data.findings import PersonalData, is_named

REGIONS = ("US", "GB", "DE", "FR", "ES", "IT", "NL", "BE", "AT", "CH", "PL", "SE", "IN", "BR", "AU", "ZA", "JP", "CN")
"""Whose national numbers count where a word says that they are telephone numbers; others need their `+`."""

_EMAIL = re.compile(
    r"(?<![\w.+%-])[\w+%'-][\w.+%'-]{0,63}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,24}(?![\w@-])(?!\.\w)"
)
_PHONE = re.compile(r"(?<![\w.,/+-])(?:\+|\(\+?|00)?\d(?:[ ./()-]{0,2}\d){6,16}(?!\w)(?![.,/-]\d)")
_PHONE_NAMES = re.compile(
    r"(?<![^\W_])(?:tele?(?:phone|fon\w*|fax)?|t[ée]l[ée]?(?:phone|fono)?|phone|fax|mobile?|cell|handy|call|dial|whatsapp|"
    r"sms|rufnummer|puhelin|電話|电话)(?![^\W_])",
    re.IGNORECASE,
)
_AMERICAN = re.compile(r"\(\d{3}\) ?\d{3}[-.]\d{4}|\d{3}([-.])\d{3}\1\d{4}")
_IPV4 = re.compile(r"(?<![\w.-])\d{1,3}(?:\.\d{1,3}){3}(?![\w-])(?!\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?=[\w:.]*\d)[0-9A-Fa-f]{1,4}(?::{1,2}[0-9A-Fa-f]{1,4}){3,7}(?![\w:])")
_VERSION = re.compile(r"\b(?:version|release|v|ver|section|sec|chapter|clause|§)\W{0,2}$", re.IGNORECASE)


def contact_data_in(text: str) -> Iterator[PersonalData]:
    """Yields e-mail addresses, telephone numbers, and IP addresses but those of the machine itself."""
    if "@" in text:
        for match in _EMAIL.finditer(text):
            yield PersonalData("email", *match.span(), 0.95)
    yield from _phones(text)
    for pattern in (_IPV4, _IPV6):
        for match in pattern.finditer(text):
            if _is_address(match[0]) and not _VERSION.search(text, max(0, match.start() - 12), match.start()):
                yield PersonalData("ip_address", *match.span(), 0.7)


def _is_address(value: str) -> bool:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified)


def _phones(text: str) -> Iterator[PersonalData]:
    for match in _PHONE.finditer(text):
        number = match[0]
        international = number.lstrip("(").startswith("+")
        named = is_named(text, *match.span(), _PHONE_NAMES)
        if not (international or named or _AMERICAN.fullmatch(number)):
            continue
        regions: tuple[str | None, ...] = (None,) if international else REGIONS if named else ("US",)
        if any(_is_number(number, region) for region in regions):
            yield PersonalData("phone", *match.span(), 0.95 if international or named else 0.7)


def _is_number(number: str, region: str | None) -> bool:
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(parsed)
