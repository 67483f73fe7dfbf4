"""Publish the frames of a recording, the calibration of their camera, and a clock: one process of a replay."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sfnet_ros.ros.process import prepare_process
from sfnet_ros.ros.replay.line import Line, running_ros

if TYPE_CHECKING:
    from rclpy.node import Node

    from sfnet_ros.bags.read import Bag
    from sfnet_ros.ros.replay.outlet import Outlet
    from sfnet_ros.ros.replay.pacing import Pace, Timekeeper
    from sfnet_ros.ros.replay.sequence import Sequence

_CLOCK_TOPIC, _CLOCK_TYPE = '/clock', 'rosgraph_msgs/msg/Clock'
_INFO_TYPE = 'sensor_msgs/msg/CameraInfo'


def main() -> None:
    """Send the recording as often as asked for, at the pace that was asked for."""
    line = Line(prepare_process())
    args = _parse()

    import rclpy

    from sfnet_ros.bags.read import Bag
    from sfnet_ros.ros.replay.pacing import Timekeeper
    from sfnet_ros.ros.replay.playing import meet
    from sfnet_ros.ros.replay.sequence import Sequence

    with running_ros(), Bag(args.bag) as bag:
        info = args.info if bag.topics.get(args.info) == _INFO_TYPE else None
        own_clock = _CLOCK_TOPIC if bag.topics.get(_CLOCK_TOPIC) == _CLOCK_TYPE else None
        node = rclpy.create_node('sfnet_replay_player')
        outlets = _outlets(node, bag, args.topic, args.publish_on, info)
        if meet(node, outlets[args.topic].publisher, line):
            # A recording's own clock is sent as it was recorded: two clocks would be none.
            clock = outlets[_CLOCK_TOPIC]
            show, is_watched = (clock.show, clock.is_heard) if own_clock is None else (_show_nothing, lambda: False)
            timekeeper = Timekeeper(_pace(args), line, show, is_watched)
            _play(Sequence(bag, args.topic, info, own_clock, args.loops), timekeeper, outlets, line, args.at_word)


def _outlets(node: Node, bag: Bag, topic: str, publish_on: str, info: str | None) -> dict[str, Outlet]:
    """Advertise what is sent, by the topic that it was recorded on."""
    from rosgraph_msgs.msg import Clock
    from sensor_msgs.msg import CameraInfo, CompressedImage, Image

    from sfnet_ros.bags.messages import IMAGE
    from sfnet_ros.ros.replay.outlet import Outlet

    image_type = Image if bag.image_topics[topic] == IMAGE else CompressedImage
    outlets = {topic: Outlet(node, publish_on, image_type), _CLOCK_TOPIC: Outlet(node, _CLOCK_TOPIC, Clock)}
    if info is not None:
        outlets[info] = Outlet(node, info, CameraInfo)
    return outlets


def _play(sequence: Sequence, timekeeper: Timekeeper, outlets: Mapping[str, Outlet], line: Line, at_word: bool) -> None:
    """Send all in its time, tell of every frame, and stay until told to stop."""
    from sfnet_ros.ros.replay.sequence import FrameCue

    for cue in sequence:
        # Who gives the words waits for no label of what the node cannot read either. The node is busy meanwhile.
        readable = not (at_word and isinstance(cue, FrameCue)) or _is_readable(cue.message)
        if not timekeeper.reach(cue):
            break
        at_ns = outlets[cue.topic].send(cue.data)
        if isinstance(cue, FrameCue):
            facts = {'index': cue.index, 'loop': cue.loop, 'age_ns': cue.age_ns, 'readable': int(readable)}
            line.say('sent', stamp_ns=cue.stamp_ns, at_ns=at_ns, **facts)
    for outlet in outlets.values():
        outlet.tell(line)
    line.say('done')
    # What was published last may still be on its way.
    line.stop.wait()


def _is_readable(message: object) -> bool:
    import cv2

    from sfnet_ros.runtime.image import ImageFormatError, to_rgb

    try:
        to_rgb(message)
    except (ImageFormatError, cv2.error):
        return False
    return True


def _show_nothing(_clock_ns: int) -> None:
    pass


def _pace(args: argparse.Namespace) -> Pace:
    from sfnet_ros.ros.replay.pacing import AtRate, AtSpeed, AtWord

    if args.at_word:
        return AtWord()
    return AtSpeed(args.speed) if args.rate is None else AtRate(args.rate)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('bag', type=Path)
    parser.add_argument('--topic', required=True, help='topic of the frames in the bag')
    parser.add_argument('--publish-on', required=True, metavar='TOPIC', help='topic to publish them on')
    parser.add_argument('--info', metavar='TOPIC', help='topic of their CameraInfo, where the bag has one')
    parser.add_argument('--loops', type=int, default=1, help='how often')
    pace = parser.add_mutually_exclusive_group()
    pace.add_argument('--speed', type=float, default=1.0, help='2 is twice as fast as recorded')
    pace.add_argument('--rate', type=float, help='frames a second')
    pace.add_argument('--at-word', action='store_true', help='each frame at a word from the supervisor')
    return parser.parse_args()


if __name__ == '__main__':
    main()
