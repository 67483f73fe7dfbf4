"""Exported graphs give torch's labels at any size."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray

from sfnet_ros.network import SFNetConfig, create_model
from sfnet_ros.network.normalize import PixelNormalizer
from sfnet_ros.runtime import DeployModel
from sfnet_ros.runtime.export.graphs import cached_graph, graph_key
from sfnet_ros.runtime.export.onnx import export_grid, export_labels
from sfnet_ros.runtime.export.verify import batch_of, labels_in_common

# A graph is exported in half a minute, and in minutes on a busy machine.
pytestmark = pytest.mark.timeout(400)


def _deploy_model(backbone: str = 'df1', seed: int = 0, **options: Any) -> DeployModel:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = create_model(SFNetConfig(backbone, num_classes=5, **options))
        for name, parameter in model.named_parameters():
            if name.endswith('.flow.weight'):
                # A fresh network's flow is zero, and would not show a wrong grid.
                torch.nn.init.normal_(parameter, std=0.2)
    return DeployModel(model, PixelNormalizer())


def _pixels(batch: int, height: int, width: int) -> NDArray[np.uint8]:
    blocks = np.random.default_rng(height + width).integers(
        0, 256, (batch, height // 8 + 1, width // 8 + 1, 3), np.uint8
    )
    return blocks.repeat(8, axis=1).repeat(8, axis=2)[:, :height, :width]


@dataclass(frozen=True)
class Exported:
    """A graph of one size, what share of its labels must be torch's, and what its model was before the export."""

    deploy_model: DeployModel
    path: Path
    share: float
    before: dict[str, torch.Tensor]
    key_before: str


def _session(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])


def test_one_graph_serves_any_batch_and_size(tmp_path: Path) -> None:
    deploy_model = _deploy_model()
    export_grid(deploy_model, tmp_path / 'grid.onnx')
    session = _session(tmp_path / 'grid.onnx')
    assert session.get_inputs()[0].shape == ['batch', 'height', 'width', 3]
    # At 32 px the coarsest map is a single row, at 97 and 131 it divides by no bin of the pooling.
    for pixels in (_pixels(1, 97, 131), _pixels(3, 32, 200), _pixels(2, 192, 64)):
        logits, flow = session.run(['logits', 'flow'], {'pixels': pixels})
        with torch.inference_mode():
            expected, expected_flow = deploy_model.grid_and_flow(torch.from_numpy(pixels))
        assert np.abs(flow).max() > 0.1
        np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(flow, expected_flow, rtol=1e-4, atol=1e-4)


@pytest.fixture(scope='module', params=[('resnet18', False, 0.9995), ('df1', True, 0.98)], ids=['float32', 'float16'])
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    backbone, half, share = request.param
    deploy_model, path = _deploy_model(backbone), tmp_path_factory.mktemp('graphs') / 'labels.onnx'
    before, key = {name: tensor.clone() for name, tensor in deploy_model.state_dict().items()}, graph_key(deploy_model)
    export_labels(deploy_model, path, input_hw=(65, 97), batch=2, half=half, metadata={'model': 'made up'})
    return Exported(deploy_model, path, share, before, key)


def test_a_graph_of_one_size_gives_torch_s_labels(exported: Exported) -> None:
    session = _session(exported.path)
    assert [output.shape for output in session.get_outputs()] == [[2, 65, 97]] * 2
    assert session.get_modelmeta().custom_metadata_map['model'] == 'made up'
    assert onnx.load(exported.path).opset_import[0].version == 18
    assert labels_in_common(exported.path, exported.deploy_model, _pixels(2, 65, 97), 2) >= exported.share
    with pytest.raises(onnxruntime.capi.onnxruntime_pybind11_state.InvalidArgument):
        session.run(None, {'pixels': _pixels(2, 64, 96)})


@pytest.mark.parametrize('variant', ['lite', 'non_local+fam_fusion+deconvolution'])
def test_variants_export_too(variant: str, tmp_path: Path) -> None:
    deploy_model = _deploy_model(width=8, finest_stride=4, variant=variant)
    export_labels(deploy_model, tmp_path / 'labels.onnx', input_hw=(65, 97), batch=1)
    pixels = _pixels(1, 65, 97)
    label_map, _ = _session(tmp_path / 'labels.onnx').run(None, {'pixels': pixels})
    assert len(np.unique(label_map)) > 1
    assert labels_in_common(tmp_path / 'labels.onnx', deploy_model, pixels, 1) >= 0.9995


def test_a_graph_of_another_network_is_seen(exported: Exported) -> None:
    model, pixels = exported.deploy_model.model, _pixels(1, 65, 97)
    other = _deploy_model(model.config.backbone, seed=1)
    assert labels_in_common(exported.path, other, pixels, 2) < 0.9
    # Of the same labels, with other confidences.
    modest = DeployModel(model, PixelNormalizer(), temperature=2.0)
    assert labels_in_common(exported.path, modest, pixels, 2) < 0.9


def test_neighbours_in_a_batch_differ() -> None:
    (frame,) = _pixels(1, 16, 24)
    batch = batch_of(frame, 3)
    assert np.array_equal(batch[0], frame)
    assert np.array_equal(batch[1], frame[:, ::-1])
    assert np.array_equal(batch[2], frame)


def test_exporting_leaves_the_model_as_it_was(exported: Exported) -> None:
    after = exported.deploy_model.state_dict()
    assert exported.before.keys() == after.keys()
    assert all(torch.equal(exported.before[name], tensor) for name, tensor in after.items())
    assert graph_key(exported.deploy_model) == exported.key_before


def test_graphs_of_other_weights_or_normalisation_are_other_graphs() -> None:
    deploy_model, other = _deploy_model(), _deploy_model(seed=1)
    brighter = DeployModel(deploy_model.model, PixelNormalizer(mean=(0.4, 0.4, 0.4)))
    modest = DeployModel(deploy_model.model, PixelNormalizer(), temperature=2.0)
    assert cached_graph(deploy_model) == cached_graph(_deploy_model()) == cached_graph(modest)
    assert len({cached_graph(model) for model in (deploy_model, other, brighter)}) == 3
