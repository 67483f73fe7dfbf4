"""The openvino backend: CPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sfnet_ros.runtime.backends.grid import GridBackend
from sfnet_ros.runtime.backends.recent import Recent
from sfnet_ros.runtime.optional import require

LIBRARIES = ('openvino',)

# int8 is in the graph; what is not computes in float32.
_PRECISION_HINTS = {'float32': 'f32', 'bfloat16': 'bf16', 'int8': 'f32'}
# Shapes that stay compiled: those of a ladder of sizes and of some cameras.
_MOST_SHAPES = 8


class OpenVinoBackend(GridBackend):
    """Run a graph in OpenVINO, compiled for each shape that it meets: that is faster than a graph for any.

    Args:
        graph: See `export_grid`; with int8 in it if ``precision`` says so.
        precision: ``'float32'``, ``'bfloat16'`` or ``'int8'``.
        temperature: Of the confidence.
        threads: Of the CPU; 0 leaves it to OpenVINO.

    Raises:
        ValueError: openvino is not installed.
    """

    name = 'openvino'

    def __init__(self, graph: Path, precision: str, temperature: float, threads: int = 0) -> None:
        require(LIBRARIES, 'backend openvino', 'openvino')
        import openvino

        super().__init__('cpu', precision, temperature)
        self._core = openvino.Core()
        self._options = {
            'PERFORMANCE_HINT': 'LATENCY',
            'INFERENCE_PRECISION_HINT': _PRECISION_HINTS[precision],
            'INFERENCE_NUM_THREADS': threads,
        }
        self._graph = self._core.read_model(graph)
        self._requests: Recent[tuple[int, ...], Any] = Recent(_MOST_SHAPES)

    def _grid_and_flow(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        shape = tuple(pixels.shape)
        request = self._requests.get(shape, lambda: self._request(shape))
        results = request.infer([pixels.contiguous().numpy()], share_inputs=True)
        return torch.from_numpy(results['logits']), torch.from_numpy(results['flow'])

    def _request(self, shape: tuple[int, ...]) -> Any:
        self._graph.reshape(list(shape))
        return self._core.compile_model(self._graph, 'CPU', self._options).create_infer_request()

    def _free(self) -> None:
        self._requests.clear()
        del self._graph
