from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from sfnet_ros.datasets import open_dataset
from sfnet_ros.datasets.check import refuse_damaged
from sfnet_ros.evaluation import ConfusionMatrix
from sfnet_ros.labels import LabelSpace
from sfnet_ros.network.normalize import PixelNormalizer
from sfnet_ros.training.checkpoint import load_state
from sfnet_ros.training.config import STATE_FILE
from sfnet_ros.training.data import Batches
from sfnet_ros.training.engine import train
from sfnet_ros.training.journal import Validation
from sfnet_ros.training.pictures import Pictures
from sfnet_ros.training.trainer import Trainer

CPU = torch.device('cpu')
CAR = 8


def weights_of(trainer):
    return torch.cat([tensor.flatten().double() for tensor in trainer.result.state_dict().values()])


def test_training_learns_what_the_pictures_show(config, drive):
    trainer = Trainer(config(epochs=25), drive, None, CPU)
    losses = [sum(trainer.run_epoch()) for _ in range(25)]
    assert losses[-1] < 0.4 * losses[0]
    model = trainer.result.eval()

    def segment(rgb):
        with torch.inference_mode():
            return model(PixelNormalizer()(torch.from_numpy(rgb)[None])).argmax(1)[0].to(torch.uint8).numpy()

    scores = ConfusionMatrix(11)
    for sample in drive:
        scores.update(segment(sample.image), sample.target)
    iou = scores.iou_per_class
    # A network that saw nothing but road would have 0 of the car.
    assert iou[CAR] > 0.4, iou


@pytest.mark.parametrize('workers', [0, 1])
def test_a_resumed_run_ends_with_the_same_weights_bit_for_bit(config, drive, tmp_path, workers):
    settings = config(workers=workers, augment={'crop_hw': [32, 64], 'rare_class_probability': 0.5, 'gamma': 0.3})
    whole = Trainer(settings, drive, None, CPU)
    train(whole, tmp_path / 'whole', None)

    torn = Trainer(settings, drive, None, CPU)
    assert len(list(torn.run_epoch())) == 3
    torn.save(tmp_path / STATE_FILE)
    resumed = Trainer(settings, drive, load_state(tmp_path / STATE_FILE, settings), CPU)
    assert (resumed.step, resumed.epoch) == (3, 1)
    train(resumed, tmp_path / 'resumed', None)
    assert torch.equal(weights_of(resumed), weights_of(whole))


class _ToldByOpenCV:
    """Pictures whose labels are the number of threads that OpenCV has where they are read."""

    rare_classes = ()

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return np.zeros((32, 64, 3), np.uint8), np.full((32, 64), cv2.getNumThreads(), np.uint8)


def test_opencv_has_one_thread_where_pictures_are_loaded_and_its_own_here(config):
    threads = cv2.getNumThreads()
    cv2.setNumThreads(4)
    try:
        augment = {'crop_hw': [32, 64], 'scale_range': [1.0, 1.0]}
        ((_, targets),) = next(Batches(config(workers=1, augment=augment), _ToldByOpenCV()).epoch(0))
        assert targets.unique().tolist() == [1]
        assert cv2.getNumThreads() == 4
    finally:
        cv2.setNumThreads(threads)


@pytest.mark.parametrize('workers', [0, 1])
def test_a_picture_that_vanished_since_it_was_read_is_told_of_in_a_sentence(config, tmp_path, workers):
    for folder in ('images', 'labels'):
        (tmp_path / folder).mkdir()
        for name in 'ab':
            cv2.imwrite(str(tmp_path / folder / f'{name}.png'), np.full((32, 64), CAR, np.uint8))
    dataset = open_dataset('folder', tmp_path, '', LabelSpace.load('camvid'))
    data = {'root': '', 'layout': 'folder', 'validation_split': '', 'cache_gib': 0.0}
    trainer = Trainer(config(workers=workers, data=data), dataset, None, CPU)
    vanished = tmp_path / 'images' / 'b.png'
    vanished.unlink()
    with pytest.raises(
        ValueError, match=f'^picture {vanished} cannot be read; it is gone, damaged or of an unknown format$'
    ):
        train(trainer, tmp_path / 'run')


def test_all_pictures_that_cannot_be_used_are_listed_before_training(config, tmp_path):
    for folder in ('images', 'labels'):
        (tmp_path / folder).mkdir()
        for name in 'abcd':
            cv2.imwrite(str(tmp_path / folder / f'{name}.png'), np.full((32, 64), CAR, np.uint8))
    (tmp_path / 'images' / 'a.png').write_bytes(b'torn')
    cv2.imwrite(str(tmp_path / 'labels' / 'c.png'), np.full((32, 65), CAR, np.uint8))
    dataset = open_dataset('folder', tmp_path, '', LabelSpace.load('camvid'))
    listed = r'2 of 4 pictures cannot be used: picture .*a\.png cannot be read; .*\. label map .*c\.png is 32x65'
    with pytest.raises(ValueError, match=listed):
        Trainer(config(), dataset, None, CPU)
    with pytest.raises(ValueError, match=r'11 of 99 .* used: 0(\. 0){9}\. `sfnet data check` lists 1 more$'):
        refuse_damaged(['0'] * 11, 99)


def test_a_picture_of_one_row_is_brought_to_a_long_side(tmp_path):
    for folder, value in (('images', 0), ('labels', CAR)):
        (tmp_path / folder).mkdir()
        cv2.imwrite(str(tmp_path / folder / 'a.png'), np.full((1, 700), value, np.uint8))
    pictures = Pictures(open_dataset('folder', tmp_path, '', LabelSpace.load('camvid')), 11, long_side=300)
    assert [each.shape[:2] for each in pictures[0]] == [(1, 300)] * 2


def test_a_run_starts_from_given_weights_with_a_fresh_optimizer(config, drive):
    first = Trainer(config(), drive, None, CPU)
    list(first.run_epoch())
    second = Trainer(config(seed=7), drive, first.result, CPU)
    assert torch.equal(second.model.backbone.stem[0].weight, first.result.backbone.stem[0].weight)
    assert not second.optimizer.state


def test_the_state_is_written_after_every_epoch_and_validation_follows_its_own_pace(config, drive, tmp_path):
    trainer = Trainer(config(epochs=3, validate_every=2), drive, None, CPU)
    validated = []

    def validate(model):
        validated.append(torch.load(tmp_path / STATE_FILE, weights_only=True)['step'] // 3)
        return Validation(ConfusionMatrix(11))

    train(trainer, tmp_path, validate)
    assert validated == [2, 3]


def test_what_a_run_that_was_killed_left_half_written_is_cleared(config, drive, tmp_path):
    (tmp_path / f'.state.0123abcd{Path(STATE_FILE).suffix}').touch()
    train(Trainer(config(epochs=1), drive, None, CPU), tmp_path)
    assert os.listdir(tmp_path) == [STATE_FILE]


def test_the_best_network_is_kept_of_a_run_that_was_broken_off_before_it_was_scored(config, drive, tmp_path):
    class BrokenOffError(Exception):
        pass

    def scores(right):
        matrix = ConfusionMatrix(11)
        matrix.update(np.full((1, 10), CAR, np.uint8), np.repeat([CAR, 3], [right, 10 - right])[None].astype(np.uint8))
        return Validation(matrix)

    def broken_off(_model):
        raise BrokenOffError

    torn = Trainer(config(epochs=2), drive, None, CPU)
    with pytest.raises(BrokenOffError):
        train(torn, tmp_path, broken_off)
    resumed = Trainer(torn.config, drive, load_state(tmp_path / STATE_FILE, torn.config), CPU)
    kept, of_epoch = [], iter([9, 1])
    train(resumed, tmp_path, lambda _: scores(next(of_epoch)), lambda _: kept.append(resumed.epoch))
    assert kept == [1]


def test_a_backend_of_torch_compile_that_there_is_not_is_refused(config, drive):
    with pytest.raises(ValueError, match=r"compile 'foo' is not one of .*inductor"):
        Trainer(config(compile='foo'), drive, None, CPU)


def test_a_state_of_another_run_or_a_damaged_one_is_refused(config, drive, tmp_path):
    path = tmp_path / STATE_FILE
    Trainer(config(), drive, None, CPU).save(path)
    with pytest.raises(ValueError, match='from a run with another config'):
        load_state(path, config(lr=0.5))
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match='it is damaged'):
        load_state(path, config())


def test_a_loss_that_is_no_number_ends_the_run_with_its_batch_saved(config, drive, tmp_path):
    trainer = Trainer(config(lr=1000.0, backbone_lr_factor=1000.0, warmup_steps=1), drive, None, CPU)
    with pytest.raises(
        ValueError, match=r'the loss is (nan|inf) in epoch \d+; what the step saw is in .*; start anew, .* lower lr'
    ):
        train(trainer, tmp_path)
    saved = torch.load(tmp_path / 'diverged_0.pt', weights_only=True)
    assert saved['step'] == trainer.step
    pixels, target = saved['parts'][0]
    assert (pixels.shape, target.shape) == ((2, 32, 64, 3), (2, 32, 64))


def test_only_convolutions_decay_and_class_weights_reach_the_loss(config, drive):
    trainer = Trainer(config(weight_decay=0.1, loss={'class_weight_cap': 3.0}), drive, None, CPU)
    decays = {
        (part.ndim, group['weight_decay']) for group in trainer.optimizer.param_groups for part in group['params']
    }
    assert decays == {(4, 0.1), (1, 0.0)}
    assert trainer.objective.truth.main.class_weights.count_nonzero() == 2


def test_bfloat16_is_computed_where_it_is_asked_for(config, drive):
    for precision, dtype in (('bfloat16', torch.bfloat16), ('float32', torch.float32)):
        trainer = Trainer(config(precision=precision), drive, None, CPU)
        seen = []
        trainer.model.backbone.stem[0].register_forward_hook(lambda _, __, output, seen=seen: seen.append(output.dtype))
        list(trainer.run_epoch())
        assert set(seen) == {dtype}


def test_a_data_set_without_a_single_label_is_refused(config, drive, tmp_path):
    for folder in ('images', 'labels'):
        (tmp_path / folder).mkdir()
    cv2.imwrite(str(tmp_path / 'images' / 'a.png'), np.zeros((48, 64, 3), np.uint8))
    cv2.imwrite(str(tmp_path / 'labels' / 'a.png'), np.full((48, 64), 200, np.uint8))
    with pytest.raises(ValueError, match='none of the 1 label maps has a pixel of a class of camvid'):
        Trainer(config(), open_dataset('folder', tmp_path, '', LabelSpace.load('camvid')), None, CPU)


def test_a_run_goes_on_after_a_change_of_what_is_said_of_it(config, drive, tmp_path):
    path = tmp_path / STATE_FILE
    Trainer(config(), drive, None, CPU).save(path)
    renamed = config(name='other', card={'limits': 'many'}, data={'root': 'moved', 'layout': 'folder'})
    assert Trainer(renamed, drive, load_state(path, renamed), CPU).step == 0


def test_the_finish_is_seen_larger(config, drive):
    trainer = Trainer(config(epochs=2, finish_fraction=0.5, finish_zoom=2.0), drive, None, CPU)
    sizes = []
    trainer.model.backbone.register_forward_pre_hook(lambda _, arguments: sizes.append(tuple(arguments[0].shape[-2:])))
    list(trainer.run_epoch())
    list(trainer.run_epoch())
    assert sizes == [(32, 64)] * 3 + [(64, 128)] * 3
