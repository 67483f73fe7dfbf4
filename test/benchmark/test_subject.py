from __future__ import annotations

from pathlib import Path

import pytest
import torch

from sfnet_ros.benchmark.subject import Subject
from sfnet_ros.network import SFNetConfig


def test_a_model_is_named_by_its_folder(small_model: Path) -> None:
    subject = Subject.of_model(str(small_model))
    assert (subject.name, subject.folder) == ('small', small_model)
    assert subject.load().config.num_classes == subject.manifest.network.num_classes == 11


def test_a_released_network_has_the_same_random_weights_every_time() -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    subject = Subject.of_backbone('df1')
    first, second = subject.load(), subject.load()
    assert torch.equal(torch.get_rng_state(), before)
    assert subject.name == 'df1_random'
    assert first.config == SFNetConfig('df1', num_classes=19)
    assert len(subject.manifest.load_label_space().names) == 19
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


@pytest.mark.parametrize('backbone', ['df1', 'resnet18'])
def test_random_weights_give_logits_of_a_trained_networks_size(backbone: str) -> None:
    pictures = torch.randn((1, 3, 4, 8), generator=torch.Generator().manual_seed(0)).repeat_interleave(16, 2)
    with torch.inference_mode():
        logits = Subject.of_backbone(backbone).load().grid_logits(pictures.repeat_interleave(16, 3))
    assert 1 < logits.std() < 30


def test_names_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="network 'resnet19' is not known; did you mean 'resnet18'"):
        Subject.of_backbone('resnet19')
    with pytest.raises(ValueError, match="model 'nonsense' was not found"):
        Subject.of_model('nonsense')
