"""The MNN backend: CPU, with convolutions after Winograd, which multiply less."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from sfnet_ros import native_output
from sfnet_ros.runtime.backends.grid import GridBackend
from sfnet_ros.runtime.export.whole import whole_file
from sfnet_ros.runtime.optional import require

LIBRARIES = ('MNN',)


def convert(graph: Path, path: Path) -> None:
    """Turn a graph of `export_grid` into MNN's format, in a file of `whole_file`.

    Raises:
        ValueError: MNN is not installed, or cannot read the graph.
    """
    require(LIBRARIES, 'backend mnn', 'mnn')
    # The converter itself: the package's own script around it would report its use over the network.
    with whole_file(path) as temporary:
        with native_output.dropped(1):
            import _tools

            _tools.mnnconvert(
                ['', '-f', 'ONNX', '--modelFile', str(graph), '--MNNModel', str(temporary), '--bizCode', 'sfnet']
            )
        if not temporary.is_file():
            raise ValueError(f'MNN cannot convert {graph}; use another backend, or another version of MNN')


class MnnBackend(GridBackend):
    """Run a graph in MNN.

    Args:
        graph: What `convert` wrote.
        temperature: Of the confidence.
        threads: Of the CPU; 0 is as many as torch uses.

    Raises:
        ValueError: MNN is not installed.
    """

    name = 'mnn'

    def __init__(self, graph: Path, temperature: float, threads: int = 0) -> None:
        require(LIBRARIES, 'backend mnn', 'mnn')
        super().__init__('cpu', 'float32', temperature)
        options = {'backend': 'CPU', 'precision': 'high', 'numThread': threads or torch.get_num_threads()}
        with native_output.dropped(1):
            import MNN

            self._mnn = MNN
            self._interpreter = MNN.Interpreter(str(graph))
            self._session = self._interpreter.createSession(options)
        self._shape: tuple[int, ...] = ()

    def _grid_and_flow(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        # A session, as MNN's modules keep Python's lock while they compute: in the node no other thread would run.
        mnn, interpreter, session = self._mnn, self._interpreter, self._session
        given = interpreter.getSessionInput(session)
        if pixels.shape != self._shape:
            interpreter.resizeTensor(given, tuple(pixels.shape))
            interpreter.resizeSession(session)
            self._shape = tuple(pixels.shape)
        array = np.ascontiguousarray(pixels.numpy())
        # Caffe's says only that the order of the dimensions is the array's.
        order = mnn.Tensor_DimensionType_Caffe
        given.copyFrom(mnn.Tensor(self._shape, mnn.Halide_Type_Uint8, array, order))
        interpreter.runSession(session)
        results = []
        for name in ('logits', 'flow'):
            result = interpreter.getSessionOutput(session, name)
            shape = result.getShape()
            host = mnn.Tensor(shape, mnn.Halide_Type_Float, np.empty(shape, np.float32), order)
            result.copyToHostTensor(host)
            results.append(torch.from_numpy(np.array(host.getNumpyData()).reshape(shape)))
        return results[0], results[1]

    def _free(self) -> None:
        del self._session, self._interpreter
