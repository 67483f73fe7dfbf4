"""The node's lifecycle, parameters and complaints, over its services and /rosout."""

from __future__ import annotations

import gc
import queue
import time
import weakref
from pathlib import Path

import pytest
import torch
from rcl_interfaces.msg import Log
from sensor_msgs.msg import CompressedImage, Image

from sfnet_ros.ros.segmentation.frame_worker import FAILURES_TO_GIVE_UP
from sfnet_ros.ros.segmentation.node import SegmentationNode

from ..bench import DEADLINE_S, Bench, camera_frame, wait_until


def sentence(logs: queue.SimpleQueue[Log], text: str) -> str:
    """Wait for a log message that holds a text."""
    end_s = time.monotonic() + DEADLINE_S
    while (message := logs.get(timeout=max(0.0, end_s - time.monotonic())).msg) is not None:
        if text in message:
            return str(message)
    raise AssertionError


def test_a_lifecycle_manager_leads_the_node_through_its_life(bench: Bench) -> None:
    node = bench.start(autostart=False)
    assert bench.state() == 'unconfigured'
    assert bench.peer.count_publishers('/sfnet/label') == 0

    assert bench.transition('configure')
    assert bench.state() == 'inactive'
    labels = bench.listen()
    assert bench.peer.count_subscribers('/image') == 0

    for stamp_ns in (1, 2):
        assert bench.transition('activate')
        camera = bench.camera()
        camera.publish(camera_frame(stamp_ns=stamp_ns))
        assert labels.get(timeout=DEADLINE_S).header.stamp.nanosec == stamp_ns
        assert bench.transition('deactivate')
        wait_until(lambda: bench.peer.count_subscribers('/image') == 0, 'the node hears no camera')
        bench.peer.destroy_publisher(camera)

    assert bench.transition('cleanup')
    assert bench.state() == 'unconfigured'
    wait_until(lambda: bench.peer.count_publishers('/sfnet/label') == 0, 'the label topic is withdrawn')
    assert node.counts.processed == 2


@pytest.mark.parametrize(
    ('name', 'wrong', 'reason', 'right'),
    [
        ('model', 'no_such_model', "model 'no_such_model' was not found", None),
        ('device', 'cuda:77', 'cuda:77', 'cpu'),
        ('filter_classes', ['Tre'], "did you mean 'Tree'", ['Tree']),
        ('ignore_mask', '/no/such/mask.png', '/no/such/mask.png cannot be read', ''),
    ],
)
def test_a_failed_configure_says_why_and_succeeds_once_the_parameter_is_mended(
    bench: Bench, model_folder: Path, name: str, wrong: object, reason: str, right: object
) -> None:
    logs = bench.logs()
    node = bench.start(autostart=False, **{name: wrong})
    assert not bench.transition('configure')
    assert reason in sentence(logs, 'cannot configure')
    assert bench.state() == 'unconfigured'
    assert reason in node.state().last_error
    assert bench.peer.count_publishers('/sfnet/label') == 0
    assert not node.ending.decided

    assert bench.set_parameter(name, str(model_folder) if right is None else right) == (True, '')
    assert bench.transition('configure')
    assert bench.transition('activate')
    assert bench.state() == 'active'
    assert node.state().last_error == ''


def test_cleanup_frees_the_model_and_what_was_being_loaded(bench: Bench) -> None:
    node = bench.start(autostart=False)
    networks = []
    for round_ in range(2):
        assert bench.transition('configure')
        assert node.running.newest is not None
        networks.append(weakref.ref(node.running.newest.ladder[0].backend))
        # In the second round a model is on its way when the node is cleaned up.
        assert not round_ or bench.set_parameter('device', 'auto') == (True, '')
        assert bench.transition('cleanup')
        assert node.running.newest is None
        assert node.state().loading == ''
    wait_until(lambda: gc.collect() >= 0 and not any(network() for network in networks), 'all networks are gone')
    # What was asked for last is what comes next.
    assert bench.transition('configure')
    assert node.running.newest.parameters.device == 'auto'


@pytest.mark.parametrize(
    ('parameters', 'reason'),
    [
        ({'device': 'cuda:77'}, 'cuda:77'),
        ({'backend': 'abacus'}, 'abacus'),
        ({'precision': 'int8'}, 'int8'),
        ({'backbone': 'resnet18'}, 'has backbone df1, not resnet18'),
        ({'model': '', 'backbone': 'vgg16'}, "no shipped model has backbone 'vgg16'"),
        ({'input_height': -1, 'input_width': -1, 'target_latency_ms': 50.0}, "is the frame's own"),
        ({'qos_overrides./sfnet/overlay.publisher.reliability': 'perhaps'}, 'perhaps'),
    ],
)
def test_with_autostart_what_cannot_be_configured_ends_the_process(
    bench: Bench, parameters: dict[str, object], reason: str
) -> None:
    logs = bench.logs()
    node = bench.start(**parameters)
    assert node.ending.decision.result() == 1
    assert reason in sentence(logs, 'cannot configure')
    wait_until(lambda: bench.peer.count_publishers('/sfnet/label') == 0, 'nothing is advertised')


def test_a_bad_quality_of_service_of_the_camera_ends_the_process_with_a_sentence(bench: Bench) -> None:
    logs = bench.logs()
    node = bench.start(**{'qos_overrides./image.subscription.history': 'forever'})
    assert node.ending.decision.result() == 1
    assert 'forever' in sentence(logs, 'cannot configure')


def test_shutdown_by_a_lifecycle_manager_ends_the_process_in_order(bench: Bench) -> None:
    node = bench.start()
    assert bench.transition('shutdown')
    wait_until(lambda: node.ending.decided, 'the process is to end')
    assert node.ending.decision.result() == 0


def test_parameters_that_cannot_change_now_are_refused_with_a_sentence(bench: Bench) -> None:
    node = bench.start()
    accepted, reason = bench.set_parameter('threads', 1)
    assert not accepted
    assert 'threads cannot change while the node is configured: deactivate and clean it up first' in reason
    for name, value, why in (
        ('overlay_alpha', 2.0, 'overlay_alpha'),
        ('overlay_alpha', 'strong', 'Wrong parameter type'),
        ('overlay_alpha', float('nan'), 'value: nan'),
        ('autostart', False, 'read-only'),
    ):
        accepted, reason = bench.set_parameter(name, value)
        assert not accepted
        assert why in reason
    assert node.parameters.overlay_alpha == 0.5

    assert bench.transition('deactivate')
    assert bench.transition('cleanup')
    accepted, reason = bench.set_parameter('image_transport', 'smoke_signals')
    assert not accepted
    assert "takes one of raw, compressed, not 'smoke_signals'" in reason
    assert bench.set_parameter('image_transport', 'compressed') == (True, '')


@pytest.mark.parametrize(
    ('name', 'value', 'reason'),
    [
        ('overlay_alpha', 1, 'overlay_alpha takes a number with a decimal point'),
        ('overlay_alpha', 1.5, 'overlay_alpha takes 0.0 to 1.0'),
        ('input_height', -2, 'input_height takes -1 to 8192'),
        ('threads', 'two', 'threads takes a whole number'),
        ('model', 7, 'model takes text'),
        ('image_transport', 'theora', "image_transport takes one of raw, compressed, not 'theora'"),
    ],
)
def test_a_wrong_value_at_start_is_refused_with_a_sentence(bench: Bench, name: str, value: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        bench.start(**{name: value})


def test_a_misspelt_parameter_is_told_and_one_of_another_node_is_not(bench: Bench) -> None:
    logs = bench.logs()
    bench.start(overlay_alhpa=0.1, max_velocity=2.0)
    assert 'overlay_alhpa is not one of this node; did you mean overlay_alpha?' in sentence(logs, 'did you mean')


def start_knowing(bench: Bench, topic: str, *arguments: str, camera: str = '/image', **parameters: bool) -> None:
    """Start a node that soon calls a camera silent, once it knows who publishes a topic."""
    node = bench.start(*arguments, camera=camera, autostart=False, silence_s=0.5, **parameters)
    assert bench.transition('configure')
    wait_until(lambda: node.count_publishers(topic) == 1, f'the node knows who publishes {topic}')
    assert bench.transition('activate')


@pytest.mark.parametrize('paused_simulation', [False, True])
def test_silence_is_told_once_and_again_only_after_frames_came_and_stopped(
    bench: Bench, paused_simulation: bool
) -> None:
    bench.peer.create_publisher(Image, '/front/image_raw', 1)
    logs = bench.logs()
    camera_topic = '/rear/image_raw'
    remapped = ('-r', f'image:={camera_topic}')
    start_knowing(bench, '/front/image_raw', *remapped, camera=camera_topic, use_sim_time=paused_simulation)
    remap = 'remap with -r image:=TOPIC'
    told = f'no frame for 0.5 s on /rear/image_raw, which has 0 publishers ({remap}); Image topics: /front/image_raw'
    assert sentence(logs, 'no frame for') == told

    labels, camera = bench.listen(), bench.camera(camera_topic)
    camera.publish(camera_frame())
    labels.get(timeout=DEADLINE_S)
    sentence(logs, 'frames again')
    assert '/rear/image_raw, which has 1 publisher (nothing came from it that fits);' in sentence(logs, 'no frame for')
    with pytest.raises(queue.Empty):
        logs.get(timeout=1.0)


def test_silence_without_any_camera_names_the_domain(bench: Bench, domain: int) -> None:
    logs = bench.logs()
    bench.start(silence_s=0.2)
    told = f'on /image, which has 0 publishers; there is no Image topic at all in ROS domain {domain}'
    assert told in sentence(logs, 'no frame for')


def test_silence_on_a_raw_topic_names_the_compressed_ones(bench: Bench) -> None:
    bench.peer.create_publisher(CompressedImage, '/image/compressed', 1)
    logs = bench.logs()
    start_knowing(bench, '/image/compressed')
    told = 'Image topics: none; CompressedImage topics, for image_transport compressed: /image/compressed'
    assert told in sentence(logs, 'no frame for')


def convolution_of(node: SegmentationNode) -> torch.nn.Conv2d:
    assert node.running.newest is not None
    modules = node.running.newest.ladder[0].backend._model.modules()
    return next(part for part in modules if isinstance(part, torch.nn.Conv2d))


def break_model(node: SegmentationNode) -> None:
    """Give a convolution weights that torch refuses."""
    convolution_of(node).weight = torch.nn.Parameter(torch.zeros(1, 1, 1, 1))


@pytest.mark.parametrize('autostart', [True, False])
def test_a_model_that_fails_on_frame_after_frame_does_not_stay_active(bench: Bench, autostart: bool) -> None:
    logs = bench.logs()
    node = bench.start(autostart=autostart)
    if not autostart:
        assert bench.transition('configure')
        assert bench.transition('activate')
    camera = bench.camera()
    break_model(node)
    for number in range(1, FAILURES_TO_GIVE_UP + 1):
        camera.publish(camera_frame(stamp_ns=number))
        wait_until(lambda wanted=number: node.counts.failed == wanted, 'the frame has failed')
    assert f'{FAILURES_TO_GIVE_UP} frames in a row' in sentence(logs, 'gave up')
    if autostart:
        wait_until(lambda: node.ending.decided, 'the process is to end')
        assert node.ending.decision.result() == 1
    else:
        wait_until(lambda: bench.state() == 'unconfigured', 'the node is unconfigured')
        assert bench.transition('configure')


def test_a_model_that_fails_now_and_then_serves_the_frames_in_between(bench: Bench) -> None:
    node = bench.start()
    labels, camera = bench.listen(), bench.camera()
    convolution = convolution_of(node)
    weight = convolution.weight
    for round_ in range(FAILURES_TO_GIVE_UP + 1):
        break_model(node)
        camera.publish(camera_frame(stamp_ns=1))
        wait_until(lambda wanted=round_ + 1: node.counts.failed == wanted, 'the frame has failed')
        convolution.weight = weight
        camera.publish(camera_frame(stamp_ns=2))
        assert labels.get(timeout=DEADLINE_S).header.stamp.nanosec == 2
    assert not node.ending.decided


def test_a_mistake_in_a_transition_is_told_with_its_trace(bench: Bench) -> None:
    class Mistaken(SegmentationNode):
        def configure(self) -> None:
            raise KeyError('no such thing')

    logs = bench.logs()
    bench.start(node_class=Mistaken, autostart=False)
    assert not bench.transition('configure')
    told = sentence(logs, 'by a mistake of this node')
    assert 'Traceback' in told
    assert "KeyError: 'no such thing'" in told
    assert bench.state() == 'unconfigured'
