"""Publish the frames of a recording at its own pace: one process of a replay."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfnet_ros.ros.process import prepare_process
from sfnet_ros.ros.replay.line import MATCH_POLL_S, Line, running_ros

if TYPE_CHECKING:
    from sfnet_ros.bags.read import Bag


def main() -> None:
    """Wait for a subscriber and for the word to go, send every frame once, and stay until told to stop."""
    line = Line(prepare_process())
    args = _parse()
    import rclpy
    from sensor_msgs.msg import CompressedImage, Image

    from sfnet_ros.bags.messages import IMAGE
    from sfnet_ros.bags.read import Bag

    with running_ros():
        with Bag(args.bag) as bag:
            node = rclpy.create_node('sfnet_replay_player')
            kind = Image if bag.image_topics[args.topic] == IMAGE else CompressedImage
            publisher = node.create_publisher(kind, args.publish_on, 10)
            while publisher.get_subscription_count() == 0 and not line.stop.wait(MATCH_POLL_S):
                pass
            line.say('matched')
            line.go.wait()
            _play(bag, args.topic, args.speed, publisher, line)
        line.say('done')
        # What was published last may still be on its way.
        line.stop.wait()


def _play(bag: Bag, topic: str, speed: float, publisher: Any, line: Line) -> None:
    first_ns, start_ns = None, time.monotonic_ns()
    for frame in bag.messages(topic):
        first_ns = frame.recorded_ns if first_ns is None else first_ns
        due_ns = start_ns + (frame.recorded_ns - first_ns) / speed
        if line.stop.wait(max(0.0, (due_ns - time.monotonic_ns()) / 1e9)):
            return
        at_ns = time.monotonic_ns()
        # As recorded, byte for byte: nothing of the header can change on the way.
        publisher.publish(frame.data)
        line.say('sent', stamp_ns=frame.stamp_ns, at_ns=at_ns)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('bag', type=Path)
    parser.add_argument('--topic', required=True, help='topic of the frames in the bag')
    parser.add_argument('--publish-on', required=True, metavar='TOPIC', help='topic to publish them on')
    parser.add_argument('--speed', type=float, default=1.0, help='2 is twice as fast as recorded')
    return parser.parse_args()


if __name__ == '__main__':
    main()
