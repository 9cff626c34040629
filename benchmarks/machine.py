"""What a figure was measured on, and with which state of this project."""

from __future__ import annotations

import hashlib
import os
import platform
from pathlib import Path

import psutil

from benchmarks.environments import ROOT


def machine() -> dict[str, str | int]:
    """Processor, cores, memory in bytes, system and Python."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "memory_bytes": int(psutil.virtual_memory().total),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def product_digest() -> str:
    """Of the sources that are measured and those that measure: what was found with others isn't found again."""
    digest = hashlib.sha256()
    for folder in ("retrieval", "ingest", "benchmarks/peers"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
