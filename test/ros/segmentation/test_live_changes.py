"""Changes of parameters while the node serves frames."""

from __future__ import annotations

import gc
import json
import queue
import re
import shutil
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import String

from sfnet_ros.network import SFNetConfig, create_model
from sfnet_ros.ros.segmentation.node import SegmentationNode
from sfnet_ros.runtime import ModelManifest, Segmenter, save_model, to_rgb

from ..bench import DEADLINE_S, Bench, camera_frame, wait_until
from .test_life import sentence

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


@pytest.fixture(scope='module')
def other_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a small untrained model of other classes."""
    torch.manual_seed(1)
    config = SFNetConfig('df1', num_classes=19)
    folder = tmp_path_factory.mktemp('models') / 'untrained_cityscapes'
    save_model(
        folder,
        create_model(config),
        ModelManifest('', label_space='cityscapes', network=config, network_short_side=64),
    )
    return folder


@pytest.fixture
def damaged_model(other_model: Path, tmp_path: Path) -> Path:
    """Copy a model, and cut its weights: only loading them shows that."""
    folder = tmp_path / 'damaged'
    shutil.copytree(other_model, folder)
    weights = folder / 'weights.safetensors'
    weights.write_bytes(weights.read_bytes()[:-1000])
    return folder


class Stream:
    """Send one frame after the other, each when the label of the one before has come: none may be lost."""

    def __init__(self, bench: Bench) -> None:
        self._labels = bench.listen()
        self._camera = bench.camera()
        self._stamp_ns = 0

    def next(self) -> tuple[Image, Image]:
        """Give the next frame and its label."""
        self._stamp_ns += 1
        frame = camera_frame(stamp_ns=self._stamp_ns)
        self._camera.publish(frame)
        label = self._labels.get(timeout=DEADLINE_S)
        assert label.header == frame.header
        return frame, label


def running_model(node: SegmentationNode) -> str:
    return node.state().model


def array(label: Image) -> np.ndarray[Any, Any]:
    return np.frombuffer(label.data, np.uint8).reshape(label.height, label.width)


def test_filters_and_the_output_size_take_effect_on_the_next_frame(bench: Bench, model_folder: Path) -> None:
    bench.start()
    stream = Stream(bench)
    segmenter = Segmenter.from_model(model_folder, backend='torch', device='cpu', precision='float32')
    frame, label = stream.next()
    found = segmenter(to_rgb(frame))
    np.testing.assert_array_equal(array(label), found.label_map)

    most = segmenter.label_space.names[np.bincount(found.label_map.ravel()).argmax()]
    assert bench.set_parameter('filter_classes', [most]) == (True, '')
    frame, label = stream.next()
    found = segmenter(to_rgb(frame))
    unwanted = found.label_map == segmenter.label_space.names.index(most)
    np.testing.assert_array_equal(array(label), np.where(unwanted, 255, found.label_map))

    assert bench.set_parameter('filter_classes', ['']) == (True, '')
    assert bench.set_parameter('confidence_threshold', 1.0) == (True, '')
    assert set(array(stream.next()[1]).ravel()) <= {255, *np.unique(found.label_map)}
    assert bench.set_parameter('confidence_threshold', 0.0) == (True, '')

    for name, value, hw in (('output_height', 30, (30, 80)), ('output_width', 0, (30, 40))):
        assert bench.set_parameter(name, value) == (True, '')
        frame, label = stream.next()
        np.testing.assert_array_equal(array(label), segmenter(to_rgb(frame), hw).label_map)


def test_a_model_is_exchanged_without_losing_a_frame_and_its_classes_come_before_its_first_label(
    bench: Bench, model_folder: Path, other_model: Path
) -> None:
    node = bench.start()
    assert node.running.newest is not None
    former = weakref.ref(node.running.newest.ladder[0].backend)
    both: queue.SimpleQueue[Any] = queue.SimpleQueue()
    bench.peer.create_subscription(String, '/sfnet/legend', both.put, LATCHED)
    assert json.loads(both.get(timeout=DEADLINE_S).data)['model'] == 'untrained_df1'
    bench.peer.create_subscription(Image, '/sfnet/label', both.put, 100)
    stream = Stream(bench)
    sent = [stream.next()[0]]
    assert bench.set_parameter('model', str(other_model)) == (True, '')
    while running_model(node) != 'untrained_cityscapes' or len(sent) < 3:
        sent.append(stream.next()[0])
    sent.extend(stream.next()[0] for _ in range(3))

    old, new = (
        Segmenter.from_model(each, backend='torch', device='cpu', precision='float32')
        for each in (model_folder, other_model)
    )
    announced, served_by = 'untrained_df1', []
    while len(served_by) < len(sent):
        message = both.get(timeout=DEADLINE_S)
        if isinstance(message, String):
            announced = json.loads(message.data)['model']
            continue
        frame = sent[len(served_by)]
        assert message.header == frame.header
        matches = [model for model in (old, new) if np.array_equal(model(to_rgb(frame)).label_map, array(message))]
        assert len(matches) == 1
        assert announced == 'untrained_cityscapes' or matches == [old]
        served_by += matches
    assert served_by == sorted(served_by, key=(old, new).index)
    assert served_by[-1] is new
    wait_until(lambda: gc.collect() >= 0 and former() is None, 'the former model is gone')


REFUSED = (
    ('model', 'no_such_model', "model 'no_such_model' was not found; known are .*df1_camvid"),
    ('backbone', 'resnet18', 'has backbone df1, not resnet18'),
    ('device', 'cuda:77', "device 'cuda:77' was asked for, but"),
    ('backend', 'abacus', "backend 'abacus' is not known; accepted: auto, .*torch"),
    ('precision', 'int8', "precision 'int8' is not there for torch on cpu; accepted are"),
    ('precision', 'double', "precision takes one of auto, .*, not 'double'"),
    ('filter_classes', ['Tre'], "names 'Tre', which is no class of camvid; did you mean 'Tree'"),
    ('target_latency_ms', 50.0, "is the frame's own, and none that steps down from it"),
    ('threads', 1, 'threads cannot change while the node is configured'),
)


def test_a_change_that_cannot_be_is_refused_with_what_is_accepted(bench: Bench, other_model: Path) -> None:
    node = bench.start(filter_classes=['Tree'], input_height=-1, input_width=-1)
    before = node.parameters
    for name, value, reason in REFUSED:
        accepted, why = bench.set_parameter(name, value)
        assert not accepted
        assert re.search(reason, why), why
    # Its classes are not those that are filtered.
    accepted, why = bench.set_parameter('model', str(other_model))
    assert not accepted
    assert "names 'Tree', which is no class of cityscapes" in why
    assert node.parameters == before
    Stream(bench).next()


def test_a_model_that_turns_out_to_be_damaged_leaves_the_old_one_and_the_parameter_returns(
    bench: Bench, damaged_model: Path
) -> None:
    logs = bench.logs()
    node = bench.start()
    before = node.parameters
    stream = Stream(bench)
    assert bench.set_parameter('model', str(damaged_model)) == (True, '')
    assert 'untrained_df1 on torch/cpu/float32 goes on' in sentence(logs, 'cannot load the model')
    wait_until(lambda: node.parameters == before, 'the parameter returns')
    assert node.get_parameter('model').value == before.model
    stream.next()
    assert node.state().last_error.startswith('cannot load the model: ')
    # It is not given up on for good.
    assert bench.set_parameter('input_height', 96) == (True, '')
    wait_until(lambda: network_of(stream, node) == '96x128', 'another change is served')
    assert node.state().last_error == ''


def network_of(stream: Stream, node: SegmentationNode) -> str:
    stream.next()
    return node.state().network


def test_another_size_runs_on_the_same_weights(bench: Bench) -> None:
    node = bench.start()
    assert node.running.newest is not None
    backend = node.running.newest.ladder[0].backend
    stream = Stream(bench)
    wait_until(lambda: network_of(stream, node) == '64x96', 'a frame is through')
    assert bench.set_parameter('input_width', 160) == (True, '')
    wait_until(lambda: network_of(stream, node) == '128x160', 'the height follows by the aspect')
    assert node.running.newest.ladder[0].backend is backend


def test_the_newest_of_several_requests_is_the_one_that_counts(bench: Bench, other_model: Path) -> None:
    node = bench.start()
    stream = Stream(bench)
    for name, value in (('model', str(other_model)), ('input_height', 96), ('input_height', 128)):
        assert bench.set_parameter(name, value) == (True, '')
    wait_until(lambda: network_of(stream, node) == '128x160', 'the last request is served')
    assert running_model(node) == 'untrained_cityscapes'
    assert node.state().loading == ''


def test_what_runs_stays_when_it_is_asked_for_again(bench: Bench, model_folder: Path, other_model: Path) -> None:
    node = bench.start()
    model = node.running.newest
    parameters = [[Parameter('model', value=str(folder)).to_parameter_msg()] for folder in (other_model, model_folder)]
    # In one request, so that nothing is loaded in between.
    request = SetParameters.Request(parameters=[*parameters[0], *parameters[1]])
    assert all(result.successful for result in bench.call(SetParameters, '/sfnet/set_parameters', request).results)
    assert node.state().loading == ''
    Stream(bench).next()
    assert node.running.newest is model


def test_while_inactive_a_model_is_exchanged_too(bench: Bench, other_model: Path) -> None:
    bench.start(autostart=False)
    assert bench.transition('configure')
    legends: queue.SimpleQueue[String] = queue.SimpleQueue()
    bench.peer.create_subscription(String, '/sfnet/legend', legends.put, LATCHED)
    assert json.loads(legends.get(timeout=DEADLINE_S).data)['model'] == 'untrained_df1'
    assert bench.set_parameter('model', str(other_model)) == (True, '')
    # The first may come once more: it is sent again to whoever comes late.
    while json.loads(legends.get(timeout=DEADLINE_S).data)['model'] != 'untrained_cityscapes':
        pass
    assert bench.transition('activate')
    Stream(bench).next()


def test_a_latency_that_cannot_be_kept_makes_the_network_as_small_as_it_gets(bench: Bench) -> None:
    node = bench.start(input_height=128)
    stream = Stream(bench)
    assert bench.set_parameter('target_latency_ms', 0.1) == (True, '')
    wait_until(lambda: network_of(stream, node) == '32x32', 'the network is as small as it gets')
    state = node.state()
    assert (state.rung, state.target_ms) == (state.rungs - 1, 0.1)
    assert state.rungs > 2
    assert bench.set_parameter('target_latency_ms', 0.0) == (True, '')
    wait_until(lambda: network_of(stream, node) == '128x160', 'the network has its size again')
