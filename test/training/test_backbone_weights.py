from __future__ import annotations

import pytest
import torch

from sfnet_ros.network import SFNetConfig, create_model
from sfnet_ros.training.backbone_weights import load_backbone_weights
from sfnet_ros.training.torchvision_import import import_torchvision


def test_a_torchvision_resnet_fills_all_but_the_stem(tmp_path):
    import_torchvision('models')
    from torchvision import models

    trunk = models.resnet18(weights=None)
    path = tmp_path / 'resnet18.pth'
    torch.save(trunk.state_dict(), path)
    model = create_model(SFNetConfig('resnet18', width=16))
    stem = model.backbone.stem[0].weight.clone()
    load_backbone_weights(model, str(path))
    assert torch.equal(model.backbone.layer4[1].conv2.weight, trunk.layer4[1].conv2.weight)
    assert torch.equal(model.backbone.layer2[0].shortcut[0].weight, trunk.layer2[0].downsample[0].weight)
    assert torch.equal(model.backbone.stem[0].weight, stem)


def test_other_backbones_and_runs_without_are_left_as_they_are():
    for backbone, source in (('df1', 'auto'), ('resnet18', '')):
        model = create_model(SFNetConfig(backbone, width=16))
        before = model.backbone.stem[0].weight.clone()
        load_backbone_weights(model, source)
        assert torch.equal(model.backbone.stem[0].weight, before)


def test_a_deep_stem_file_fills_everything(tmp_path):
    source = create_model(SFNetConfig('resnet18', width=16))
    path = tmp_path / 'deep.pth'
    names = {'stem.7.': 'bn1.', 'stem.': 'conv1.'}
    state = {}
    for key, value in source.backbone.state_dict().items():
        theirs = next((new + key[len(old) :] for old, new in names.items() if key.startswith(old)), key)
        state[theirs.replace('.shortcut.', '.downsample.')] = value
    torch.save(state, path)
    model = create_model(SFNetConfig('resnet18', width=16))
    load_backbone_weights(model, str(path))
    assert torch.equal(model.backbone.stem[3].weight, source.backbone.stem[3].weight)


def test_weights_that_cannot_be_used_are_refused_in_a_sentence(tmp_path):
    with pytest.raises(ValueError, match='are for ResNets; the network is on df1'):
        load_backbone_weights(create_model(SFNetConfig('df1')), 'some.pth')
    resnet = create_model(SFNetConfig('resnet18', width=16))
    with pytest.raises(FileNotFoundError, match='does not exist'):
        load_backbone_weights(resnet, str(tmp_path / 'absent.pth'))
    path = tmp_path / 'other.pth'
    torch.save({'layer4.0.conv1.weight': resnet.backbone.layer4[0].conv1.weight}, path)
    with pytest.raises(ValueError, match=r'not those of a resnet18: layer1\.1\.conv1\.weight is missing'):
        load_backbone_weights(resnet, str(path))
    torch.save([torch.zeros(1)], path)
    with pytest.raises(ValueError, match='hold no state dict'):
        load_backbone_weights(resnet, str(path))
    path.write_bytes(b'torn')
    with pytest.raises(ValueError, match='damaged, or holds more than tensors'):
        load_backbone_weights(resnet, str(path))
