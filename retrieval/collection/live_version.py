"""A version that is answered from: one that lies here, or one that an engine serves."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from passagework.retrieval.collection.opened import OpenedVersion
from passagework.retrieval.remote.remote_record import is_served
from passagework.retrieval.remote.served_version import ServedVersion

LiveVersion: TypeAlias = "OpenedVersion | ServedVersion"


def opened_version(folder: Path) -> LiveVersion:
    """Opens a version's folder for reading; raises StoreError where it can't be read, or its engine doesn't answer."""
    return ServedVersion(folder) if is_served(folder) else OpenedVersion(folder)
