"""Take in the labels that the node publishes, with the moment of each: one process of a replay."""

from __future__ import annotations

import argparse
import time
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING

from sfnet_ros.ros.process import prepare_process
from sfnet_ros.ros.replay.line import MATCH_POLL_S, Line, running_ros

if TYPE_CHECKING:
    from sensor_msgs.msg import Image

# A label that waits here is late, not lost.
_QUEUE = 100


def main() -> None:
    """Wait for the node's publisher, and take in its labels until told to stop."""
    line = Line(prepare_process())
    args = _parse()
    import rclpy
    from rclpy.executors import SingleThreadedExecutor
    from sensor_msgs.msg import Image

    from sfnet_ros.bags.messages import stamp_ns, to_label_map

    def take(message: Image, event: str) -> None:
        at_ns = time.monotonic_ns()
        picture = to_label_map(message)
        if store is not None:
            store.write(picture.tobytes())
        height, width = picture.shape
        line.say(event, stamp_ns=stamp_ns(message), at_ns=at_ns, height=height, width=width)

    with running_ros(), nullcontext() if args.store is None else open(args.store, 'ab', buffering=0) as store:
        node = rclpy.create_node('sfnet_replay_collector')
        node.create_subscription(Image, args.topic, partial(take, event='label'), _QUEUE)
        if args.confidence_topic is not None:
            node.create_subscription(Image, args.confidence_topic, partial(take, event='confidence'), _QUEUE)
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        line.say('ready')
        while node.count_publishers(args.topic) == 0 and not line.stop.wait(MATCH_POLL_S):
            pass
        line.say('matched')
        while not line.stop.is_set():
            executor.spin_once(timeout_sec=0.1)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--topic', required=True, help='topic of the labels')
    parser.add_argument('--confidence-topic', metavar='TOPIC', help='topic of their confidences (default: none)')
    parser.add_argument('--store', type=int, metavar='FD', help='open file to append both to (default: none)')
    return parser.parse_args()


if __name__ == '__main__':
    main()
