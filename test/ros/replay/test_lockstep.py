"""Frame by frame over real DDS: every frame is answered, as the model alone answers it, and nothing waits for ever."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rcl_interfaces.srv import GetParameters
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo

from sfnet_ros.bags.messages import COMPRESSED_IMAGE, TYPES, jpeg_message
from sfnet_ros.bags.read import Bag
from sfnet_ros.bags.source import Source
from sfnet_ros.bags.write import new_bag
from sfnet_ros.ros.replay.child import ReplayError
from sfnet_ros.ros.replay.judge import judge
from sfnet_ros.ros.replay.label_store import CONFIDENCE
from sfnet_ros.ros.replay.plan import Mode, ReplayPlan
from sfnet_ros.ros.replay.supervise import replay
from sfnet_ros.runtime import Segmenter, to_rgb

from ..bench import Bench
from .conftest import children_of

CAMERA, INFO = '/camera/image_raw/compressed', '/camera/camera_info'
S = 1_000_000_000
# The second and the third have one stamp; the fourth cannot be decoded, and the last is of another size.
STAMPS_S = (10, 12, 12, 13, 14)
CORRUPT = 3
SIZES = ((60, 80), (60, 80), (60, 80), (60, 80), (90, 100))
LOOPS = 2
PERIOD_NS = 5 * S


@pytest.fixture
def odd_drive(tmp_path: Path) -> Path:
    """Record a drive with all that lockstep could stumble over."""
    random = np.random.default_rng(0)
    with new_bag(tmp_path / 'odd', {}) as bag:
        for index, (stamp_s, hw) in enumerate(zip(STAMPS_S, SIZES, strict=True)):
            frame: Any = jpeg_message(random.integers(0, 256, (*hw, 3), np.uint8), 90, stamp_s * S, 'camera')
            if index == CORRUPT:
                frame = replace(frame, data=frame.data[:40].copy())
            bag.add(CAMERA, COMPRESSED_IMAGE, frame)
            bag.add(INFO, 'sensor_msgs/msg/CameraInfo', camera_info(frame.header))
    return tmp_path / 'odd'


def camera_info(header: Any) -> Any:
    kinds = TYPES.types
    region = kinds['sensor_msgs/msg/RegionOfInterest'](0, 0, 0, 0, False)
    matrices = [np.zeros(count) for count in (0, 9, 9, 12)]
    return kinds['sensor_msgs/msg/CameraInfo'](header, 60, 80, 'plumb_bob', *matrices, 0, 0, region)


def parameters(model_folder: Path) -> dict[str, str | int | float | bool]:
    return {'model': str(model_folder), 'backend': 'torch', 'precision': 'float32', 'threads': 1}


def test_every_frame_of_every_loop_gets_the_label_that_the_model_alone_gives(
    odd_drive: Path, model_folder: Path, bench: Bench, domain: int, tmp_path: Path
) -> None:
    heard: dict[str, queue.SimpleQueue[Any]] = {'/clock': queue.SimpleQueue(), INFO: queue.SimpleQueue()}
    bench.peer.create_subscription(Clock, '/clock', heard['/clock'].put, 100)
    bench.peer.create_subscription(CameraInfo, INFO, heard[INFO].put, 100)
    on_sim_time: list[bool] = []

    def ask_once() -> None:
        # The player waits meanwhile.
        if not on_sim_time:
            answer = bench.call(GetParameters, '/sfnet/get_parameters', GetParameters.Request(names=['use_sim_time']))
            on_sim_time.append(answer.values[0].bool_value)

    settings = {**parameters(model_folder), 'use_sim_time': True}
    plan = ReplayPlan(odd_drive, CAMERA, True, settings, loops=LOOPS, mode=Mode.LOCKSTEP, domain=domain)
    replayed = replay(plan, on_label=ask_once)

    stamps = [10 * S, 12 * S, 12 * S + 1, 13 * S, 14 * S]
    assert list(replayed.sent_ns) == [*stamps, *(stamp + PERIOD_NS for stamp in stamps)]
    assert replayed.sent_ns.keys() - replayed.received_ns.keys() == {13 * S, 13 * S + PERIOD_NS}
    alone = Segmenter.from_model(model_folder, backend='torch', precision='float32', threads=1)
    with Bag(odd_drive) as bag:
        for index, message in enumerate(bag.messages(CAMERA)):
            if index != CORRUPT:
                found = alone(to_rgb(message.message))
                for loop in range(LOOPS):
                    stamp_ns = replayed.sent_as[loop, index]
                    np.testing.assert_array_equal(replayed.labels.get(stamp_ns), found.label_map)
                    np.testing.assert_array_equal(replayed.labels.get(stamp_ns, CONFIDENCE), found.confidence)

    assert on_sim_time == [True]
    times = {stamp_s * S + loop * PERIOD_NS for stamp_s in STAMPS_S for loop in range(LOOPS)}
    clock = [message.clock.sec * S + message.clock.nanosec for message in drain(heard['/clock'])]
    assert clock == sorted(clock)
    # Whoever comes from elsewhere may not have been heard of at the first frame.
    assert max(times) in clock
    assert set(clock) <= times
    assert 0 < len(drain(heard[INFO])) <= 10
    assert {topic.topic: topic.count for topic in replayed.topics} == {CAMERA: 10, INFO: 10, '/clock': 20}

    live = judge(Source.of(odd_drive, None, None), plan, replayed, alone, tmp_path / 'out').live
    assert (live.frames, live.processed, live.unread_frames, live.dropped) == (10, 8, 2, 0)
    assert (live.stamps['repeated'], live.stamps['decreasing'], live.stamps['repeated_labels']) == (1, 0, 0)
    assert any('malformed frame' in warning for warning in live.warnings)


def drain(received: queue.SimpleQueue[Any]) -> list[Any]:
    messages = []
    while not received.empty():
        messages.append(received.get())
    return messages


def test_a_node_that_stands_still_ends_the_replay_with_a_sentence(
    short_drive: Path, model_folder: Path, domain: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes: list[int] = []

    def stop_the_node() -> None:
        monkeypatch.setattr('sfnet_ros.ros.replay.conduct.ANSWER_S', 0.5)
        nodes.append(children_of(os.getpid())['segmentation_node'])
        os.kill(nodes[-1], signal.SIGSTOP)

    plan = ReplayPlan(short_drive, CAMERA, True, parameters(model_folder), mode=Mode.LOCKSTEP, domain=domain)
    with pytest.raises(ReplayError, match=r'the node gave no label within 0\.5 s for 3 frames in a row'):
        replay(plan, on_label=stop_the_node)
    assert nodes
    assert not Path(f'/proc/{nodes[0]}').exists()


def test_step_sends_a_frame_at_each_enter_and_ends_with_the_results_of_those(
    short_drive: Path, model_folder: Path, tmp_path: Path, domain: int
) -> None:
    words = f'bag replay {short_drive} --model {model_folder} --backend torch --step --out {tmp_path / "out"}'
    command = [sys.executable, '-m', 'sfnet_ros.cli', *words.split(), '--json', str(tmp_path / 'two.json')]
    done = subprocess.run(command, input='\n\nq\n\n', capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stderr
    assert 'Enter sends the next frame, q and Enter ends' in done.stderr
    written = json.loads((tmp_path / 'two.json').read_text())
    assert (written['mode'], written['frames'], written['processed'], written['dropped']) == ('step', 2, 2, 0)
    assert 'frames    2 sent   2 processed   0 dropped' in done.stdout
