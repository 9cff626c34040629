"""Says whether a tag may be published: it, pyproject.toml and the newest heading of CHANGELOG.md name one version.

python .github/check_release.py v1.2.3
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def problem(tag: str, pyproject: str, changelog: str) -> str:
    """Returns what is wrong, in a line; "" where the tag may be published."""
    version = re.search(r'^version = "(.+)"$', pyproject, re.MULTILINE)
    heading = re.search(r"^## (.+)$", changelog, re.MULTILINE)
    if version is None or heading is None:
        return "pyproject.toml has no version, or CHANGELOG.md no heading"
    if tag != f"v{version[1]}":
        return f"the tag is {tag}, and pyproject.toml has the version {version[1]}: the tag of that is v{version[1]}"
    if heading[1].split()[0] != version[1] or "unreleased" in heading[1]:
        return f"the newest heading of CHANGELOG.md is {heading[1]!r}: it must name {version[1]}, and say when it came"
    return ""


if __name__ == "__main__":
    files = (ROOT / name for name in ("pyproject.toml", "CHANGELOG.md"))
    sys.exit(problem(sys.argv[1], *(file.read_text(encoding="utf-8") for file in files)) or None)
