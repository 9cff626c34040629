"""Tells source code from other texts by its lines, whatever brought it: a record, a note, a file without a suffix."""

from __future__ import annotations

import re

LEAST_LINES = 2
LEAST_SHARE = 0.5
"""Of the lines with words in them, comments aside, those that no prose has. docs/languages.md has the errors."""

_COMMENT = re.compile(
    r'"""(?:.*?)(?:"""|\Z)|\'\'\'(?:.*?)(?:\'\'\'|\Z)|/\*(?:.*?)(?:\*/|\Z)|^[ \t]*(?:#(?!\s*include|!)|//|--).*?$',
    re.DOTALL | re.MULTILINE,
)
_DEFINITION = (
    r"(?:async\s+)?def\s+\w+\s*\(|(?:async\s+)?function\s+\w+\s*\(|func\s+[\w(].*[({]|(?:pub\s+)?fn\s+\w+.*[({]"
)
_DEFINED = re.compile(rf"\s*(?:@\w.*\n\s*)*(?:{_DEFINITION})")
_LINE_OF_CODE = re.compile(
    rf"\s*(?:{_DEFINITION}|class\s+\w+\s*(?:\([^)]*\))?\s*[:{{]|@\w[\w.]*(?:\(.*)?$|#\s*include\b|#!/"
    r"|(?:from\s+[\w.]+\s+)?import\s+[\w.*{}, ]+;?$"
    r"|(?:fun|sub|module|package|namespace|use|using)\s+[\w.:\\]+(?:.*[;({])?$"
    r"|(?:if|elif|for|while|with|except|try|else|switch|case|catch|match)\b.*[:{]$|return\b[^.]*$|raise\s+\w+|pass$|end$"
    r"|(?:const|let|var|val|my|local|static|final|public|private|protected)\s+.*[=;({]"
    r"|[\w.\[\]'\"$*>-]+(?:\s*:\s*[\w.\[\], ]+)?\s*(?:[-+*/|&%]?=|:=)\s*[^\s=]"
    r"|[\w.$]*\w[.(](?:.*[^.\w])?\(?.*\)[;,:{]?$|.*[;{}]$|.*\)\s*(?:->.*)?:$|\}.*|\w+\s*=>|<\?php"
    r")"
)


def is_code(text: str) -> bool:
    """Tells whether a text is source code: it begins with a function, or most of its lines are of code."""
    lines = [line.rstrip() for line in _COMMENT.sub("", text).splitlines() if any(map(str.isalnum, line))]
    if _DEFINED.match(text) and len(text.splitlines()) >= LEAST_LINES:
        return True
    found = sum(_LINE_OF_CODE.match(line) is not None for line in lines)
    return found >= LEAST_LINES and found >= LEAST_SHARE * len(lines)
