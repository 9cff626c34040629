"""Compiles a graph by OpenVINO for this machine's CPU, at the precision that it multiplies natively."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from passagework.retrieval.forks import never_free_in_child
from passagework.retrieval.models.backends.backend import Rows
from passagework.retrieval.models.backends.openvino_library import load_openvino
from passagework.retrieval.models.devices import pick_precision
from passagework.retrieval.types import Vectors

KEPT = 200
"""Pieces of code, compiled for a shape each, that are kept: over 240 shapes 110 MB in place of 160, as fast."""


INT8_GROUP = 64
"""Numbers of a row that share a scale where a graph computes in int8 (docs/speed.md has other sizes)."""


def threads_asked() -> int | None:
    """Returns the threads that OMP_NUM_THREADS allows a process; None where it isn't set. OpenVINO doesn't look there.

    So do torch and FAISS go by it, and Ray sets it to the processors of a worker, of which a machine has several.
    """
    first = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return int(first) if first.isdecimal() and int(first) > 0 else None


class OpenVinoModel:
    """Runs a graph; for one thread at a time. `precision` is fp32, bf16 or int8: what was asked, as far as it can.

    For int8 the graph must hold its weights so: then what goes into a layer is made int8 as it comes, group by group.
    """

    def __init__(self, graph: Any, precision: str) -> None:
        openvino = load_openvino()
        properties: dict[str, object] = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "bf16" if pick_precision(precision, "cpu") == "bf16" else "f32",
            "ENABLE_CPU_PINNING": False,  # beside another process bound to the same cores, both would crawl
            "CPU_RUNTIME_CACHE_CAPACITY": KEPT,
        }
        if precision == "int8":
            properties["DYNAMIC_QUANTIZATION_GROUP_SIZE"] = INT8_GROUP
        if threads := threads_asked():
            properties["INFERENCE_NUM_THREADS"] = threads
        self._compiled = openvino.Core().compile_model(graph, "CPU", properties)
        self._request = self._compiled.create_infer_request()
        kind = self._compiled.get_property("INFERENCE_PRECISION_HINT")
        never_free_in_child(self)  # its end would wait for threads that a forked child does not have
        self.precision = "int8" if precision == "int8" else "bf16" if kind == openvino.Type.bf16 else "fp32"

    def run(self, inputs: Mapping[str, Rows], *names: str) -> list[Vectors]:
        """Returns the outputs of these names, float32."""
        outputs = self._request.infer(dict(inputs), share_inputs=True, share_outputs=True)
        return [np.array(outputs[name], dtype=np.float32) for name in names]
