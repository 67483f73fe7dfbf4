from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from sfnet_ros.network import SFNetDetails, create_model
from sfnet_ros.training.config import TrainingConfig
from sfnet_ros.training.distillation import DistillationLoss
from sfnet_ros.training.losses import SegmentationLoss
from sfnet_ros.training.objective import Objective
from sfnet_ros.training.sections import DistillationConfig, LossConfig
from sfnet_ros.training.trainer import Trainer

CPU = torch.device('cpu')


class _Teacher(torch.nn.Module):
    """Gives the same logits for every pixel."""

    def __init__(self, *logits):
        super().__init__()
        self.logits = torch.tensor(logits)

    def forward(self, batch):
        return self.logits.view(1, -1, 1, 1).expand(len(batch), -1, *batch.shape[-2:])


def details_of(logits):
    return SFNetDetails(logits, (logits[..., ::2, ::2],), (), ())


def test_teachers_are_averaged_as_probabilities_and_both_sides_softened():
    # At temperature 2: probabilities of the first class are 0.5 and 0.9, so 0.7 is taught; the network says 0.5.
    teachers = [_Teacher(0.0, 0.0), _Teacher(2 * math.log(9.0), 0.0)]
    loss = DistillationLoss(DistillationConfig(temperature=2.0), teachers)
    target = torch.tensor([[[0, 255]]])
    learnt = loss.weighed(torch.zeros(1, 2, 1, 2), loss.taught(torch.zeros(1, 3, 1, 2)), target)
    divergence = 0.7 * math.log(0.7 / 0.5) + 0.3 * math.log(0.3 / 0.5)
    assert learnt.total.item() == pytest.approx(4 * divergence, rel=1e-4)
    assert learnt.weight.item() == 1
    everywhere = DistillationLoss(DistillationConfig(temperature=2.0, unlabelled=True), teachers)
    assert everywhere.label_weight(target).item() == 2


def test_parts_of_a_batch_add_up_to_the_whole_however_much_of_them_is_labelled():
    torch.manual_seed(0)
    logits, target = torch.randn(4, 3, 8, 8), torch.randint(0, 3, (4, 8, 8))
    target[:2, :, 3:] = 255
    truth = SegmentationLoss(LossConfig(aux_stride=2), torch.tensor([1.0, 2.0, 0.5]))
    whole = truth(details_of(logits), target)
    objective = Objective(truth)
    shares = objective.shares([target[:2], target[2:]])
    parts = [objective(details_of(logits[i : i + 2]), None, target[i : i + 2], shares[i // 2]) for i in (0, 2)]
    assert torch.stack(parts).sum().item() == pytest.approx(whole.item(), rel=1e-5)


def test_accumulated_parts_move_the_weights_as_the_whole_batch_does(config, drive):
    ended = []
    for accumulate in (1, 2):
        start = create_model(config().network)
        start.load_state_dict(ended[0][0] if ended else start.state_dict())
        initial = {name: tensor.clone() for name, tensor in start.state_dict().items()}
        settings = config(accumulate=accumulate, batch_size=4, freeze_batch_norm=True, dropout=0.0, lr=1e-5)
        trainer = Trainer(settings, drive, start, CPU)
        loss = next(trainer.run_epoch())
        ended.append((initial, loss, torch.cat([tensor.flatten() for tensor in trainer.model.parameters()])))
    assert ended[1][1] == pytest.approx(ended[0][1], rel=1e-4)
    assert torch.allclose(ended[0][2], ended[1][2], rtol=1e-4, atol=1e-5)


def test_a_run_learns_from_teachers_and_refuses_those_of_other_classes(config, drive):
    settings = config(distillation={'teachers': ['a'], 'weight': 2.0})
    losses = []
    for teachers in ([], [create_model(settings.network)]):
        trainer = Trainer(settings if teachers else config(), drive, None, CPU, teachers=teachers)
        losses.append(next(trainer.run_epoch()))
    assert losses[1] > losses[0]
    other = create_model(replace(settings.network, num_classes=5))
    with pytest.raises(ValueError, match='teacher a gives 5 classes and the network 11'):
        Trainer(settings, drive, None, CPU, teachers=[other])


def test_teachers_are_held_in_the_precision_of_the_run(config, drive):
    for precision, dtype in (('bfloat16', torch.bfloat16), ('float32', torch.float32)):
        settings = config(precision=precision, distillation={'teachers': ['a']})
        teacher = create_model(settings.network)
        trainer = Trainer(settings, drive, None, CPU, teachers=[teacher])
        assert math.isfinite(next(trainer.run_epoch()))
        assert {weights.dtype for weights in teacher.parameters()} == {dtype}


def test_gradients_are_clipped_and_float16_is_scaled(config, drive):
    start = create_model(config().network)
    still = Trainer(config(clip_norm=1e-9, weight_decay=0.0, momentum=0.0), drive, start, CPU)
    next(still.run_epoch())
    before = start.state_dict()['backbone.stem.0.weight']
    assert torch.allclose(still.model.state_dict()['backbone.stem.0.weight'], before, atol=1e-9)
    half = Trainer(config(precision='float16'), drive, start, CPU)
    assert math.isfinite(next(half.run_epoch()))
    assert half._scaler.get_scale() > 1


def test_a_compiled_network_is_trained_as_it_is(config, drive):
    losses = [next(Trainer(config(compile=name), drive, None, CPU).run_epoch()) for name in ('', 'eager')]
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)


def test_a_config_says_only_what_it_changes_of_its_base(tmp_path):
    (tmp_path / 'base.yaml').write_text('network: {backbone: df1, num_classes: 3}\ndata: {root: a}\nlr: 0.5\n')
    (tmp_path / 'run.yaml').write_text('base: base.yaml\nnetwork: {width: 32}\n')
    run = TrainingConfig.load(tmp_path / 'run.yaml')
    assert (run.name, run.lr, run.network.num_classes, run.network.width) == ('run', 0.5, 3, 32)
    (tmp_path / 'base.yaml').write_text('base: run.yaml\n')
    with pytest.raises(ValueError, match=r'run\.yaml: base: .* builds on itself'):
        TrainingConfig.load(tmp_path / 'run.yaml')
