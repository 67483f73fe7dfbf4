from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file, save_file

from sfnet_ros.network import SFNetConfig, create_model
from sfnet_ros.network.checkpoint import load_weights, save_weights
from sfnet_ros.network.normalize import PixelNormalizer

CONFIG = SFNetConfig('df1', num_classes=3)


def test_weights_come_back_within_half_precision_and_batch_norm_exactly(tmp_path):
    torch.manual_seed(0)
    saved, loaded = create_model(CONFIG), create_model(CONFIG)
    saved.backbone.stem[1].running_var.fill_(1e-7)
    path = tmp_path / 'weights.safetensors'
    sha256 = save_weights(saved, path)
    load_weights(loaded, path, sha256)
    assert torch.equal(loaded.backbone.stem[0].weight, saved.backbone.stem[0].weight.half().float())
    assert torch.equal(loaded.backbone.stem[1].running_var, saved.backbone.stem[1].running_var)
    assert loaded.backbone.stem[0].weight.dtype == torch.float32
    assert [file.name for file in tmp_path.iterdir()] == ['weights.safetensors']
    (tmp_path / 'other').touch()
    assert path.stat().st_mode == (tmp_path / 'other').stat().st_mode


def test_auxiliary_heads_are_not_shipped(tmp_path):
    path = tmp_path / 'weights.safetensors'
    save_weights(create_model(SFNetConfig('df1', num_classes=3, aux_heads=True)), path)
    assert not [name for name in load_file(path) if name.startswith('aux_heads')]
    load_weights(create_model(CONFIG), path)


def test_weights_that_do_not_fit_leave_the_network_as_it_was(tmp_path):
    path = tmp_path / 'weights.safetensors'
    save_weights(create_model(CONFIG), path)
    state = load_file(path)
    del state['classifier.predict.bias']
    save_file(state, path)
    model = create_model(CONFIG)
    before = model.backbone.stem[0].weight.clone()
    with pytest.raises(ValueError, match=r'nothing was loaded; missing: classifier\.predict\.bias'):
        load_weights(model, path)
    assert torch.equal(model.backbone.stem[0].weight, before)


def test_changed_damaged_and_absent_files_are_refused(tmp_path):
    path = tmp_path / 'weights.safetensors'
    sha256 = save_weights(create_model(CONFIG), path)
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ValueError, match='sha256 differs'):
        load_weights(create_model(CONFIG), path, sha256)
    path.write_bytes(content[:100])
    with pytest.raises(ValueError, match='are damaged'):
        load_weights(create_model(CONFIG), path)
    path.unlink()
    with pytest.raises(FileNotFoundError, match='do not exist'):
        load_weights(create_model(CONFIG), path)


def test_pixels_are_normalised_per_channel():
    pixels = torch.tensor([0, 128, 255], dtype=torch.uint8).view(1, 1, 1, 3)
    batch = PixelNormalizer(mean=(0.5, 0.5, 0.5), std=(0.25, 0.5, 1.0))(pixels)
    assert batch.shape == (1, 3, 1, 1)
    torch.testing.assert_close(batch.flatten(), torch.tensor([-2.0, (128 / 255 - 0.5) / 0.5, 0.5]))
