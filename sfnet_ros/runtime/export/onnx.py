"""ONNX graphs of a model."""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from sfnet_ros.files import atomic_path
from sfnet_ros.runtime.deploy import DeployModel
from sfnet_ros.runtime.export.pooling import pooling_translations
from sfnet_ros.runtime.fold import fold_batch_norm
from sfnet_ros.runtime.labelling import label_whole
from sfnet_ros.runtime.optional import require

LIBRARIES = ('onnx', 'onnxscript')

_OPSET = 18
# What is traced where a graph takes any size: no side divides by the strides or the bins of the pooling, and no two
# maps have a side in common, so that nothing holds by chance.
_ANY_HW = (359, 483)
# A batch of one would be taken for a constant.
_ANY_BATCH = 2


class _Graph(nn.Module):
    """A model's network in the precision of the graph."""

    outputs: tuple[str, str]

    def __init__(self, deploy_model: DeployModel, half: bool) -> None:
        super().__init__()
        self.deploy_model = deploy_model
        self.dtype = torch.float16 if half else torch.float32
        deploy_model.model.to(self.dtype)

    def grid_and_flow(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        batch = self.deploy_model.normalizer(pixels).to(self.dtype)
        grid, flows = self.deploy_model.model.grid_logits_and_flows(batch)
        return grid.float(), flows[0].float()


class _GridGraph(_Graph):
    """What backends run that label themselves: pixels to logits and flow on the network's grid."""

    outputs = ('logits', 'flow')

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        return self.grid_and_flow(pixels)


class _LabelGraph(_Graph):
    """The whole of it: pixels to label map and confidence, at the pixels' size."""

    outputs = ('label_map', 'confidence')

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        _, height, width, _ = pixels.shape
        return label_whole(self.grid_and_flow(pixels)[0], self.deploy_model.temperature, (height, width))


def export_grid(deploy_model: DeployModel, path: Path, *, half: bool = False) -> None:
    """Write the graph that backends run: any batch and size, from pixels to logits on the network's grid.

    ``pixels`` ``(N, H, W, 3)`` uint8 become ``logits`` ``(N, K, h, w)`` and ``flow`` ``(N, 2, h, w)``, both float32.

    Args:
        deploy_model: The model, which stays as it is.
        path: Where to; what is there is replaced when the graph is whole.
        half: Compute in float16, all but the sampling grids.

    Raises:
        ValueError: A library that this needs is not installed.
    """
    with _copy(deploy_model) as model:
        _export(_GridGraph(model, half), path, None, None, {})


def export_labels(
    deploy_model: DeployModel,
    path: Path,
    *,
    input_hw: tuple[int, int] | None,
    batch: int | None = 1,
    logits: bool = False,
    half: bool = False,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write a graph for other programs: ``pixels`` ``(N, H, W, 3)`` uint8 to labels, or to logits on the grid.

    ``label_map`` and ``confidence`` are ``(N, H, W)`` uint8, see `DeployModel`; logits as in `export_grid`.

    Args:
        deploy_model: The model, which stays as it is.
        path: Where to; what is there is replaced when the graph is whole.
        input_hw: Size of the pixels, or None for any.
        batch: Pictures at once, or None for any number.
        logits: Give logits and flow on the network's grid in place of labels.
        half: Compute in float16, all but the sampling grids and what is made of the logits.
        metadata: What the file says of itself.

    Raises:
        ValueError: A library that this needs is not installed.
    """
    with _copy(deploy_model) as model:
        graph = _GridGraph(model, half) if logits else _LabelGraph(model, half)
        _export(graph, path, input_hw, batch, metadata or {})


@contextmanager
def _copy(deploy_model: DeployModel) -> Iterator[DeployModel]:
    require(LIBRARIES, 'ONNX export', 'onnx')
    model = copy.deepcopy(deploy_model).to('cpu').eval()
    fold_batch_norm(model)
    with torch.no_grad():
        yield model


def _export(
    graph: _Graph,
    path: Path,
    input_hw: tuple[int, int] | None,
    batch: int | None,
    metadata: Mapping[str, str],
) -> None:
    pixels = torch.zeros((batch or _ANY_BATCH, *(input_hw or _ANY_HW), 3), dtype=torch.uint8)
    dimensions: dict[int, torch.export.Dim] = {}
    if batch is None:
        dimensions[0] = torch.export.Dim('batch')
    if input_hw is None:
        # From two maps a side on; what comes of a single one is the same, as the tests see.
        dimensions[1], dimensions[2] = (torch.export.Dim(name, min=64) for name in ('height', 'width'))
    with quiet():
        shapes = {'pixels': dimensions or None}
        onnx_program = torch.onnx.export(
            torch.export.export(graph, (pixels,), dynamic_shapes=shapes),
            (pixels,),
            dynamo=True,
            dynamic_shapes=shapes if dimensions else None,  # for their names
            opset_version=_OPSET,
            input_names=['pixels'],
            output_names=list(graph.outputs),
            custom_translation_table=pooling_translations(),
            verbose=False,
        )
    assert onnx_program is not None
    onnx_program.model.metadata_props.update(metadata)
    with atomic_path(path) as temporary:
        onnx_program.save(temporary)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the exporter's talk of its own parts from a person who cannot act on it."""
    loggers = [logging.getLogger(name) for name in ('torch.onnx', 'onnxscript', 'onnx_ir', 'torch.export')]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
