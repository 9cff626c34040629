"""Asks drivers and processor what this machine can do: importing torch to learn it would take seconds."""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


@cache
def cuda_available() -> bool:
    """Tells whether NVIDIA's driver reports a device, and torch is not a build for CPUs alone."""
    try:
        if version("torch").endswith("+cpu"):
            return False
    except PackageNotFoundError:
        return False
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    count = ctypes.c_int(0)
    return driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0


def cuda_devices() -> list[str]:
    """Returns all GPUs, in torch's names."""
    if not cuda_available():
        return []
    import torch

    return [f"cuda:{number}" for number in range(torch.cuda.device_count())] if torch.cuda.is_available() else []


def pick_precision(precision: str, device: str) -> str:
    """Returns fp32 or bf16: `auto` takes bf16 where the processor multiplies it natively (AMX, AVX512-BF16, CUDA).

    int8 is for what OpenVinoEncoder runs: all else computes in fp32 then.
    """
    if precision == "int8":
        return "fp32"
    if precision != "auto":
        return precision
    if device == "cuda":
        import torch

        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    return "bf16" if device == "cpu" and cpu_multiplies_bf16() else "fp32"


def cpu_multiplies_bf16() -> bool:
    """Tells whether this processor has bf16 instructions; elsewhere bf16 is emulated, and slower than fp32."""
    return bool({"amx_bf16", "avx512_bf16"} & cpu_flags())


def cpu_multiplies_int8() -> bool:
    """Tells whether this processor adds up products of 8-bit integers in one instruction (VNNI, of AVX-512 or AVX2)."""
    return bool({"avx512_vnni", "avx_vnni"} & cpu_flags())


def cpu_flags() -> set[str]:
    """Returns what Linux says that the processor can do; empty elsewhere."""
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return set()
    lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    return set(next((line for line in lines if line.startswith("flags")), "").split())
