"""What commands of TeX and LaTeX come to in a text: letters, signs, arguments that are shown and that are not."""

from __future__ import annotations


def _names(listed: str) -> tuple[str, ...]:
    return tuple(listed.split())


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
    "multicolumn": 2,
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
USES = {**{name: name for name in TITLES}, "footnote": "note", "caption": "block"}
"""What is done with the argument of these commands."""


def arguments(name: str) -> list[str]:
    """What the braces behind a command are for."""
    if name in LEVELS:
        return [f"level {LEVELS[name]}"]
    if name in CITED:
        return ["cite"]
    if name in NOT_SHOWN:
        return ["hide"] * NOT_SHOWN[name]
    if name in FIRST_NOT_SHOWN:
        return ["hide"] * FIRST_NOT_SHOWN[name] + ["show"]
    return [USES[name]] if name in USES else []
