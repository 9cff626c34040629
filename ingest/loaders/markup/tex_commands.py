"""What commands of TeX and LaTeX come to in a text: letters, signs, arguments that are shown and that are not."""

from __future__ import annotations

import re


def _names(listed: str) -> tuple[str, ...]:
    return tuple(listed.split())


_COMMENT = re.compile(r"(?<!\\)((?:\\\\){0,20})%[^\n]*(?:\n[ \t]*)?")
VERBATIM_OPTION = re.compile(r"[ \t]*(?:\[[^\]\[\n]{0,500}\])?(?:\{[^{}\n]{0,80}\})?[ \t]*(?=\n)")
"""What stands behind the beginning of code and says how it is set."""
_MACRO = re.compile(
    r"\\(?:(?:re)?newcommand\*?|providecommand\*?|def)[ \t]*(?:\{\\([A-Za-z]{1,40})\}|\\([A-Za-z]{1,40}))[ \t]*"
    r"\{([^{}\\$#\n]{1,200})\}"
)
"""A command of the document's own that stands for words alone."""
_QUANTITY = re.compile(r"(?:\[[^\]\[\n]{0,200}\])?\{([^{}\n]{0,200})\}(?:\{([^{}\n]{0,200})\})?")
_UNIT = re.compile(r"\\([A-Za-z]+)[ \t]*")

ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "c": "\u0327", "v": "\u030c", "u": "\u0306", "H": "\u030b", "k": "\u0328", "r": "\u030a", "d": "\u0323",
    "b": "\u0331",
}  # fmt: skip
"""The combining characters of accents."""

SYMBOLS = {
    "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "aa": "å",
    "AA": "Å", "i": "i", "j": "j", "dots": "…", "ldots": "…", "textellipsis": "…", "textendash": "–",
    "textemdash": "—", "S": "§", "P": "¶", "copyright": "©", "pounds": "£", "euro": "€", "texteuro": "€", "dag": "†",
    "ddag": "‡", "textbackslash": "\\", "textasciitilde": "~", "textbar": "|", "textless": "<", "textgreater": ">",
    "textdegree": "°", "degree": "°", "textregistered": "®", "texttrademark": "™", "TeX": "TeX", "LaTeX": "LaTeX",
    "quad": " ", "qquad": " ", "newline": " ", "linebreak": " ", "par": "\n\n", "textquotedblleft": "“",
    "textquotedblright": "”", "textquoteleft": "‘", "textquoteright": "’", "guillemotleft": "«", "guillemotright": "»",
    "slash": "/", "textunderscore": "_", "tabularnewline": "\\\\", "hline": "", "toprule": "", "midrule": "",
    "bottomrule": "", "today": "",
}  # fmt: skip

LEVELS = {
    "part": 1, "chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4, "paragraph": 5, "subparagraph": 6,
    "frametitle": 3,
}  # fmt: skip
"""The sections of documents; those of articles begin with the second."""

NOT_SHOWN = {
    **dict.fromkeys(
        _names(
        "label ref eqref pageref autoref cref Cref nameref vref usepackage documentclass documentstyle "
        "input include includeonly includegraphics bibliography bibliographystyle addbibresource vspace "
        "hspace vskip hskip pagestyle thispagestyle pagenumbering setcounter addtocounter newcounter "
        "newlength setlength addtolength phantom hphantom vphantom index glossary hypersetup geometry "
        "graphicspath color fontsize selectlanguage RequirePackage PassOptionsToPackage usetikzlibrary "
        "newif theoremstyle institute affil email thanks lstset cmidrule cline usetheme usecolortheme "
        "setbeamertemplate setbeamercolor markboth multirowcell rowcolor cellcolor protect def "
        "definecolor DeclareMathOperator linespread hyphenation nocite"
    ),
        1,
    ),
    **dict.fromkeys(("newcommand", "renewcommand", "providecommand", "newtheorem", "let", "rule"), 2),
    **dict.fromkeys(["newenvironment", "renewenvironment"], 3),
    "setlength": 2, "addtolength": 2, "setcounter": 2, "addtocounter": 2, "markboth": 2, "setbeamertemplate": 2,
    "setbeamercolor": 2, "definecolor": 3, "DeclareMathOperator": 2, "fontsize": 2,
}  # fmt: skip
"""How many arguments of a command no reader sees."""

FIRST_NOT_SHOWN = {
    "href": 1,
    "textcolor": 1,
    "colorbox": 1,
    "multirow": 2,
    "parbox": 1,
    "raisebox": 1,
}
"""How many arguments come before the one that is shown."""

CITED = frozenset(_names("cite citep citet citealt citealp parencite textcite autocite footcite"))
MATH = frozenset(
    [
        "equation",
        "align",
        "gather",
        "multline",
        "eqnarray",
        "displaymath",
        "math",
        "flalign",
        "alignat",
        "equation*",
        "align*",
        "gather*",
        "multline*",
        "eqnarray*",
        "flalign*",
        "alignat*",
    ]
)
VERBATIM = frozenset(["verbatim", "lstlisting", "minted", "verbatim*", "Verbatim", "alltt"])
DROPPED = frozenset(["comment", "tikzpicture", "pgfpicture", "filecontents", "filecontents*"])
TABLES = frozenset(["tabular", "tabular*", "tabularx", "tabulary", "longtable", "supertabular", "array"])
LISTS = frozenset(["itemize", "enumerate", "description"])
TITLES = ("title", "author", "date")
USES = {
    **{name: name for name in TITLES},
    "footnote": "note",
    "caption": "block",
    "textsuperscript": "raised",
    "textsubscript": "lowered",
}
"""What is done with the argument of these commands."""


QUANTITIES = frozenset({"SI", "si", "qty", "unit", "num"})
"""Of siunitx: a number, and its unit in commands that name it."""


def arguments(name: str) -> list[str]:
    """What the braces behind a command are for."""
    if name in LEVELS:
        return [f"level {LEVELS[name]}"]
    if name in CITED:
        return ["cite"]
    if name in NOT_SHOWN:
        return ["hide"] * NOT_SHOWN[name]
    if name == "multicolumn":
        return ["span"]
    if name in FIRST_NOT_SHOWN:
        return ["hide"] * FIRST_NOT_SHOWN[name] + ["show"]
    return [USES[name]] if name in USES else []


_DASHES = (("---", "—"), ("--", "–"), ("``", "“"), ("''", "”"), ("~", " "))
_MOST_SPANNED = 100


def with_signs(text: str) -> str:
    """A text with the signs that its dashes, quotes and ties are typed for."""
    for typed, shown in _DASHES:
        text = text.replace(typed, shown)
    return text


def spanned(text: str) -> int:
    """How many columns a cell reaches over."""
    return max(1, min(int(text), _MOST_SPANNED)) if text.isdecimal() and len(text) <= len(str(_MOST_SPANNED)) else 1


def macros(source: str) -> dict[str, str]:
    """The commands of a document's own that stand for words alone, each with its words."""
    return {match[1] or match[2]: match[3] for match in _MACRO.finditer(source)}


def quantity(source: str, at: int) -> tuple[str, int] | None:
    """A number with its unit as words, and where what follows it begins; None where there is none."""
    match = _QUANTITY.match(source, at)
    return None if match is None else (_UNIT.sub(r" \1", " ".join(filter(None, match.groups()))).strip(), match.end())


def without_comments(source: str) -> str:
    """The source without its comments, and without what stands between `\\iffalse` and `\\fi`."""
    parts: list[str] = []
    at = 0
    while (begin := source.find("\\iffalse", at)) >= 0 and (end := source.find("\\fi", begin + 8)) >= 0:
        parts.append(source[at:begin])
        at = end + 3
    return _COMMENT.sub(r"\1", "".join([*parts, source[at:]]))
