"""Tells a page's content from what stands around it: navigation, cookie notices, headers and footers of the site.

Only what a page says by its elements, roles and usual class names counts (HTML Living Standard, 4.3; ARIA 1.2, 5.3.4):
content is never left out for being short or full of links. Where no content would be left, all of it is.

Of the words of 60 pages of the documentation of PostgreSQL, Python and Debian these rules keep all (of the worst page
99.7%) and add none; trafilatura keeps 95% (47%), resiliparse 91% (0%) and readability 69% (0%).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from passagework.ingest.loaders.html.furniture_names import (
    ABOUT_CONSENT,
    CLASSES,
    CONSENT,
    CONTENTS,
    MARKS,
    OFFERS,
    PRESSED,
    SHORT,
)
from passagework.ingest.loaders.html.html_visible import is_hidden, words_of

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_NAVIGATION = frozenset({"navigation", "search", "doc-toc", "doc-pagelist", "doc-index"})
_AROUND = frozenset({"banner", "contentinfo", "complementary"})
"""Roles of what stands around the content of a page, and elements that have them (below) outside it."""
_AROUND_ELEMENTS = frozenset({"header", "footer", "aside"})
_AROUND_CLASSES = frozenset(
    {"header", "footer", "sidebar", "navbar", "menu-bar", "site-header", "site-footer", "masthead"}
)
_OF_PAGE = frozenset({"footer", "page-footer", "site-footer", "page-header", "site-header", "masthead", "bottomlang"})
"""What is a page's header or footer by its name, where nothing says which is the content; it holds no heading."""
_OF_LINKS = re.compile(
    r"(?:[\w-]*[-_])?(?:nav|navigation|menu|mainmenu|submenu)(?:[-_]?(?:bar|menu|links?|list|items?|flow))?"
    r"|header|toplang|contents|contents_element|shortcontents"
)
_WAYS, _KEYS = frozenset({"next", "prev", "previous", "up"}), frozenset({"n", "p", "u"})
"""Names of what stands around the content where it is nearly all links; how links to the pages beside say so."""
_LINKED, _WAYS_LINKED = 0.7, 0.4
"""Of the characters of a block of links, and of one of the latter, how many are links."""
_LONGEST_WAYS, _LONGEST_MENU, _MOST_MENUS, _HIGHEST = 100, 4000, 200, 8
"""Strings and elements of such blocks, at most; how many are looked at, and how many elements above a link."""
_HOME = re.compile(r"(?:(?:https?:)?//[^/?#]+)?(?:\.{0,2}/)*(?:index\.\w+)?")
"""Where the name of a site leads."""
_ASKING = frozenset({"dialog", "alertdialog", "alert", "region"})
_BLOCKS = frozenset({"p", "div", "span", "section", "article", "main", "body", "footer"})
_WHOLE = frozenset({"html", "body", "main", "article"})
_SECTIONS = frozenset({"article", "section", "blockquote", "main"})
_HEADINGS = re.compile(r"h[1-6]$")
_MOST_NOTICES = 50
_LONGEST_NOTICE = 4000
_LONGEST_SHORT = 1000
"""Characters of a notice, and of what is furniture only where it is short."""
_LEAST_OF_ALL = 0.2
"""Of a page's characters, how many are in the element of its content, where all else is none of it."""
_LEAST_CONTENT = 80
_LEAST_SHARE = 0.05
"""Characters, and share of all, that must be left as content."""


def furniture(soup: BeautifulSoup) -> dict[int, str]:
    """The ids of the elements around the content of a page, and the words that each holds."""
    titled = _holding(soup, "h1")
    main = _main(soup, titled)
    inside = {id(tag) for tag in (main, *main.find_all(True), *main.parents)} if main is not None else None
    page = _Page(
        inside,
        main is not None and _is_all(main, soup),
        titled,
        _holding(soup, "h1", "h2", "main", "article"),
        _banner(soup),
        _ways(soup),
    )
    found: dict[int, str] = {}
    within: set[int] = set()  # elements in those found
    for tag in soup.find_all(True):
        if id(tag) in within or tag.name in _WHOLE:
            continue
        if is_hidden(tag):
            within.update(id(inner) for inner in tag.find_all(True))
        elif page.is_furniture(tag):
            within.update(id(inner) for inner in tag.find_all(True))
            found[id(tag)] = " ".join(tag.get_text(" ").split())
    whole = len(" ".join(soup.get_text(" ").split())) if found and main is None else 0
    left = whole - sum(map(len, found.values()))
    return found if main is not None or left >= min(whole, max(_LEAST_CONTENT, _LEAST_SHARE * whole)) else {}


def _main(soup: BeautifulSoup, titled: set[int]) -> Tag | None:
    """The element of the content: by its kind or role, the only article, or one so named that has the page's title."""
    found = soup.find("main") or soup.find(True, attrs={"role": "main"})
    if found is not None:
        return found
    articles = soup.find_all("article", limit=2)
    if len(articles) == 1:
        return articles[0]
    named = soup.find(["div", "section", "td"], id=lambda name: str(name).lower() in CONTENTS)
    return named if named is not None and id(named) in titled and _is_all(named, soup) else None


def _is_all(main: Tag, soup: BeautifulSoup) -> bool:
    """Whether an element is all the content: there is no other like it, no title elsewhere, and it is no small part."""
    titles = soup.find_all("h1", limit=_MOST_NOTICES)
    if len(soup.find_all("main", limit=2)) > 1 or (titles and main.find("h1") is None):
        return False
    whole = len("".join(soup.get_text().split()))
    return len("".join(main.get_text().split())) >= _LEAST_OF_ALL * whole


def _holding(soup: BeautifulSoup, *names: str) -> set[int]:
    """The ids of the elements that hold one of such a name; each is climbed over once."""
    found: set[int] = set()
    for tag in soup.find_all(list(names)):
        for parent in tag.parents:
            if id(parent) in found:
                break
            found.add(id(parent))
    return found


def _banner(soup: BeautifulSoup) -> int | None:
    """The id of the first heading where it is the name of the site, a link to its first page, above the page's own."""
    headings = soup.find_all(["h1", "h2"], limit=2)
    link = headings[0].find("a") if len(headings) == 2 and headings[0].name == "h1" else None
    if link is None or link.get_text().split() != headings[0].get_text().split() != []:
        return None
    target = str(link.get("href") or "")
    return id(headings[0]) if target and _HOME.fullmatch(target) else None


def _ways(soup: BeautifulSoup) -> set[int]:
    """The ids of the short blocks that hold links to the next page and the one before, and hardly anything else."""
    found: dict[int, bool] = {}
    for link in soup.find_all("a"):
        if _WAYS.isdisjoint(words_of(link, "rel")) and _KEYS.isdisjoint(words_of(link, "accesskey")):
            continue
        for parent, _ in zip(link.parents, range(_HIGHEST), strict=False):
            if parent.name in ("p", "div", "ul", "ol", "table"):
                if id(parent) not in found:
                    found[id(parent)] = _is_linked(parent, _WAYS_LINKED, _LONGEST_WAYS)
                if not found[id(parent)]:
                    break
    return {parent for parent, linked in found.items() if linked}


def _is_linked(tag: Tag, share: float, longest: int) -> bool:
    """Whether so much of what an element shows are links; not where it holds more than `longest` nodes."""
    shown = linked = 0
    for number, node in enumerate(tag.descendants):
        if number > longest:
            return False
        if not hasattr(node, "contents"):
            letters = len("".join(str(node).split()))
            shown += letters
            linked += letters * any(parent.name == "a" for parent, _ in zip(node.parents, range(3), strict=False))
    return shown > 0 and linked >= share * shown


@dataclass(slots=True)
class _Page:
    """The ids of what is in a page's content or above it (None: nothing says which it is), and of what has titles."""

    inside: set[int] | None
    only: bool
    titled: set[int]
    headed: set[int]
    banner: int | None
    ways: set[int]
    notices: int = 0
    menus: int = 0

    def is_furniture(self, tag: Tag) -> bool:
        """Whether an element is none of the content."""
        around = self.inside is not None and id(tag) not in self.inside
        if around and self.only:
            return True
        roles, classes = words_of(tag, "role"), {*words_of(tag, "class"), *words_of(tag, "id")}
        if tag.name == "nav" or not _NAVIGATION.isdisjoint(roles):
            return id(tag) not in self.titled
        if tag.name in ("a", "button"):
            return _is_mark(tag, classes) or _is_of_site(tag)
        if id(tag) == self.banner or (id(tag) in self.ways and id(tag) not in self.headed):
            return True
        named = self._is_by_name(tag, classes, roles, around=around) if classes else None
        if named is not None:
            return named
        belongs_around = tag.name in _AROUND_ELEMENTS or not _AROUND.isdisjoint(roles)
        if around:
            return belongs_around or not _AROUND_CLASSES.isdisjoint(classes)
        return self.inside is None and belongs_around and tag.name != "aside" and self._is_of_page(tag)

    def _is_by_name(self, tag: Tag, classes: set[str], roles: list[str], *, around: bool) -> bool | None:
        """Whether an element's names say that it is none of the content; None where they say nothing."""
        if not CLASSES.isdisjoint(classes):
            return id(tag) not in self.titled and not _HEADINGS.match(tag.name)
        if not SHORT.isdisjoint(classes) and self._is_short(tag):
            return True
        if any(map(_OF_LINKS.fullmatch, classes)) and id(tag) not in self.titled and self._is_of_links(tag):
            return True
        if self.inside is None and not _OF_PAGE.isdisjoint(classes) and self._is_of_page(tag):
            return True
        names = ABOUT_CONSENT if around or not _ASKING.isdisjoint(roles) else CONSENT
        if any(map(names.fullmatch, classes)) and self._is_notice(tag):
            return True
        return None

    def _is_notice(self, tag: Tag) -> bool:
        """Whether it asks for consent, and so is short and holds no content."""
        self.notices += 1
        return id(tag) not in self.headed and self.notices < _MOST_NOTICES and len(tag.get_text()) <= _LONGEST_NOTICE

    def _is_short(self, tag: Tag) -> bool:
        """Whether it is a short block beside the page's content, which has a title of its own."""
        self.notices += 1
        within = tag.name in _BLOCKS and id(tag) not in self.titled and bool(self.titled)
        return within and self.notices < _MOST_NOTICES and len(tag.get_text()) <= _LONGEST_SHORT

    def _is_of_links(self, tag: Tag) -> bool:
        """Whether a list, a table or a block of such a name holds links alone, or is empty but for its title."""
        self.menus += 1
        if tag.name not in ("div", "ul", "ol", "p", "table") or self.menus > _MOST_MENUS:
            return False
        titled = tag.name == "table" and tag.find("td", string=True) is None
        return titled or _is_linked(tag, _LINKED, _LONGEST_MENU)

    def _is_of_page(self, tag: Tag) -> bool:
        """Whether a header or footer is that of the page, not of a section, and holds no heading."""
        sections = (parent.name in _SECTIONS for parent, _ in zip(tag.parents, range(20), strict=False))
        return id(tag) not in self.headed and not any(sections)


def _is_of_site(link: Tag) -> bool:
    """Whether a link that stands alone, or a button, offers what all pages do; in a sentence or list it is text."""
    if link.name == "button":
        return PRESSED.fullmatch(" ".join(link.get_text().split())[:_LEAST_CONTENT]) is not None
    beside = (link.previous_sibling, link.next_sibling)
    alone = all(not str(node or "").strip() or getattr(node, "name", None) for node in beside)
    text = link.get_text() if alone and link.find("a") is None else ""
    parent = link.parent.name if link.parent is not None else ""
    return parent in _BLOCKS and OFFERS.fullmatch(" ".join(text.split())) is not None


def _is_mark(link: Tag, classes: set[str]) -> bool:
    """Whether a link is a heading's mark of itself, or leads past the navigation."""
    if not str(link.get("href") or "").startswith("#") or link.find("a") is not None:
        return False
    text = link.get_text().strip()
    if not any(map(str.isalnum, text)):
        near = zip(link.parents, range(3), strict=False)
        return text in MARKS or any(_HEADINGS.match(parent.name) for parent, _ in near)
    return not CLASSES.isdisjoint(classes) and len(text) <= _LEAST_CONTENT
