"""Publish the frames of a recording at its own pace: one process of a replay."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sfnet_ros.ros.process import prepare_process
from sfnet_ros.ros.replay.line import Line, running_ros
from sfnet_ros.ros.replay.playing import TimedFrame, play

if TYPE_CHECKING:
    from sfnet_ros.bags.read import Bag


def main() -> None:
    """Send every frame of the recording once."""
    line = Line(prepare_process())
    args = _parse()
    import rclpy
    from sensor_msgs.msg import CompressedImage, Image

    from sfnet_ros.bags.messages import IMAGE
    from sfnet_ros.bags.read import Bag

    with running_ros(), Bag(args.bag) as bag:
        node = rclpy.create_node('sfnet_replay_player')
        message_type = Image if bag.image_topics[args.topic] == IMAGE else CompressedImage
        play(node, message_type, args.publish_on, _frames(bag, args.topic, args.speed), line)


def _frames(bag: Bag, topic: str, speed: float) -> Iterator[TimedFrame]:
    first_ns = None
    for frame in bag.messages(topic):
        first_ns = frame.recorded_ns if first_ns is None else first_ns
        yield TimedFrame((frame.recorded_ns - first_ns) / speed, frame.stamp_ns, frame.data)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('bag', type=Path)
    parser.add_argument('--topic', required=True, help='topic of the frames in the bag')
    parser.add_argument('--publish-on', required=True, metavar='TOPIC', help='topic to publish them on')
    parser.add_argument('--speed', type=float, default=1.0, help='2 is twice as fast as recorded')
    return parser.parse_args()


if __name__ == '__main__':
    main()
