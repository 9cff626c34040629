"""Imports FAISS only when an index kind needs it.

torch and FAISS each bring an OpenMP runtime with its own threads; both obey OMP_NUM_THREADS and the process's CPU
affinity, so neither is told a number here. FAISS searches one query on one thread, and spreads only batches and
training. In a forked child those threads are gone, and each is told to use one.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from passagework.retrieval.extras import missing_extra
from passagework.retrieval.forks import at_fork

GPU_SCRATCH_BYTES = 256 << 20
"""FAISS takes a gigabyte and more by default; torch needs it (faiss #2155)."""


def faiss_available() -> bool:
    """Tells whether FAISS can be imported, without importing it."""
    return importlib.util.find_spec("faiss") is not None


@functools.cache
def load_faiss() -> Any:
    """Returns the `faiss` module; raises ConfigError with the command that installs it where it's missing."""
    try:
        with warnings.catch_warnings():
            # Types made by older SWIG lack `__module__`; nothing a user could do about it.
            warnings.simplefilter("ignore", DeprecationWarning)
            return importlib.import_module("faiss")
    except ImportError as error:
        raise missing_extra("cpu", "faiss", cause=error) from error


def _use_one_thread() -> None:
    if "faiss" in sys.modules:
        sys.modules["faiss"].omp_set_num_threads(1)


at_fork(in_child=_use_one_thread)


@contextmanager
def reproducible_graphs() -> Iterator[None]:
    """Makes an HNSW graph that is built inside depend on its vectors alone.

    FAISS 1.15 builds it so on any number of threads (faiss #5611); before, only one thread did.
    """
    faiss = load_faiss()
    if hasattr(faiss, "hnsw_add_vertices_deterministic"):
        yield
        return
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def centroid_assigner(dim: int) -> Any:
    """Returns an index that assigns vectors to centroids in training, on a GPU where FAISS has one.

    None leaves that to FAISS.
    """
    faiss = load_faiss()
    if not (hasattr(faiss, "StandardGpuResources") and faiss.get_num_gpus()):
        return None
    resources = faiss.StandardGpuResources()
    resources.setTempMemory(GPU_SCRATCH_BYTES)
    return faiss.GpuIndexFlatIP(resources, dim)
