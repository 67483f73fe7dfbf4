from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
import torch

from sfnet_ros.datasets import Sample
from sfnet_ros.labels import LabelSpace
from sfnet_ros.training.coarse_data import JoinedPictures, join_coarse
from sfnet_ros.training.coarse_labels import allowed_classes
from sfnet_ros.training.losses import CrossEntropyLoss
from sfnet_ros.training.sections import CoarseDataConfig
from sfnet_ros.training.trainer import Trainer

SPACE = LabelSpace.load('camvid')
BUILDING, POLE, ROAD, CAR = 1, 2, 3, 8
VOID = 255


class Numbered:
    """Pictures of one pixel, whose train ids are given."""

    label_space = SPACE

    def __init__(self, *train_ids):
        self._train_ids = train_ids

    def __len__(self):
        return len(self._train_ids)

    def __getitem__(self, index):
        return Sample(str(index), np.zeros((1, 1, 3), np.uint8), np.full((1, 1), self._train_ids[index], np.uint8))


def test_the_second_data_set_follows_the_first_with_ids_behind_its_classes():
    joined = JoinedPictures(Numbered(BUILDING, VOID), Numbered(ROAD, VOID))
    assert [joined[index].target.item() for index in range(len(joined))] == [BUILDING, VOID, 11 + ROAD, VOID]
    unlabelled = JoinedPictures(Numbered(BUILDING), Numbered(ROAD), labelled=False)
    assert [unlabelled[index].target.item() for index in range(2)] == [BUILDING, VOID]


def test_a_coarse_label_asks_for_the_sum_of_what_may_stand_there():
    allowed = torch.tensor([[True, True, False], [False, True, False], [False, False, True]])
    logits = torch.log(torch.tensor([0.2, 0.3, 0.5])).view(1, 3, 1, 1).expand(1, 3, 1, 4)
    weights = torch.tensor([2.0, 1.0, 1.0])
    # Class 0 that may be 1, class 1 that is nothing else, class 2 for sure, nothing.
    loss = CrossEntropyLoss(weights, allowed)(logits, torch.tensor([[[3 + 0, 3 + 1, 2, VOID]]]))
    assert loss.item() == pytest.approx(-(2 * math.log(0.5) + math.log(0.3) + math.log(0.5)) / 4, rel=1e-5)


def test_a_network_is_not_pushed_to_any_of_the_allowed_classes():
    logits = torch.zeros(1, 3, 1, 1, requires_grad=True)
    allowed = torch.tensor([[True, True, False], [False, True, False], [False, False, True]])
    CrossEntropyLoss(None, allowed)(logits, torch.tensor([[[3]]])).backward()
    gradient = logits.grad.flatten()
    assert gradient[0] == gradient[1] < 0 < gradient[2]


def test_classes_are_named_in_may_be():
    allowed = allowed_classes({'Building': ('Pole',)}, SPACE)
    assert allowed[BUILDING].nonzero().flatten().tolist() == [BUILDING, POLE]
    assert allowed[ROAD].nonzero().flatten().tolist() == [ROAD]
    with pytest.raises(ValueError, match="coarse_data: may_be: 'House' is not one of Sky, Building"):
        allowed_classes({'House': ('Pole',)}, SPACE)


@pytest.fixture
def coarse_folder(tmp_path):
    for folder, picture in (('images', np.full((40, 60, 3), 90)), ('labels', np.full((40, 60), ROAD))):
        (tmp_path / folder).mkdir()
        for index in range(3):
            cv2.imwrite(str(tmp_path / folder / f'{index}.png'), picture.astype(np.uint8))
    return tmp_path


def test_each_epoch_shows_all_of_the_first_and_its_share_of_the_second(drive, coarse_folder):
    joined, sampler = join_coarse(CoarseDataConfig(root=str(coarse_folder), share=0.5), drive)
    assert len(joined) == 6 + 3
    epochs = [[draw.index for draw in sampler(np.random.default_rng(seed))] for seed in range(20)]
    assert all(sorted(epoch)[:6] == list(range(6)) and len(epoch) == 9 for epoch in epochs)
    few, sampler = join_coarse(CoarseDataConfig(root=str(coarse_folder), share=0.2), drive)
    assert {draw.index for seed in range(20) for draw in sampler(np.random.default_rng(seed))} == set(range(len(few)))


def test_frozen_parts_stay_as_they_are_while_the_rest_learns_from_both(config, drive, coarse_folder):
    settings = config(
        network={'backbone': 'efficientnet_lite0', 'num_classes': 11, 'width': 16},
        coarse_data={'root': str(coarse_folder), 'share': 1.0, 'may_be': {'Road': ['Car']}},
        optimizer='adamw',
        lr=0.002,
        backbone_lr_factor=0.5,
        frozen_parts=3,
        backbone_weights='',
        epochs=1,
    )
    torch.manual_seed(0)
    joined, sampler = join_coarse(settings.coarse_data, drive)
    trainer = Trainer(settings, joined, None, torch.device('cpu'), sampler=sampler)
    backbone = trainer.model.backbone
    before = {name: tensor.clone() for name, tensor in backbone.state_dict().items()}
    assert len(list(trainer.run_epoch())) == 6
    changed = {name for name, tensor in backbone.state_dict().items() if not torch.equal(tensor, before[name])}
    frozen = ('stem.', 'stages.0.', 'stages.1.')
    assert changed == {name for name, _ in backbone.named_parameters() if not name.startswith(frozen)}
    rates = {group['lr_factor']: group['lr'] for group in trainer.optimizer.param_groups}
    assert rates[0.5] == pytest.approx(rates[1.0] / 2)


def test_what_does_not_go_together_is_refused(config):
    with pytest.raises(ValueError, match='coarse_data: accepted are loss: kind: cross_entropy'):
        config(coarse_data={'root': 'x'}, loss={'kind': 'ohem'})
    with pytest.raises(ValueError, match="optimizer 'adam' is not one of sgd, adamw"):
        config(optimizer='adam')
    with pytest.raises(ValueError, match='share is 0'):
        config(coarse_data={'root': 'x', 'share': 0})


def test_more_frozen_parts_than_there_are_are_refused(config, drive):
    with pytest.raises(ValueError, match='frozen_parts is 9; shufflenetv2 has 4'):
        Trainer(config(frozen_parts=9), drive, None, torch.device('cpu'))
