"""Take in the labels that the node publishes, with the moment of each: one process of a replay.

It runs beside the node that is watched, on the same cores, and so leaves them alone: messages are kept as they came,
and taken apart when all is over.
"""

from __future__ import annotations

import argparse
import time
from contextlib import nullcontext
from functools import partial

from sfnet_ros.ros.process import prepare_process
from sfnet_ros.ros.replay.acquaintance import become_known
from sfnet_ros.ros.replay.line import MATCH_POLL_S, Line, running_ros
from sfnet_ros.ros.replay.stamping import stamp_of

# A label that waits here is late, not lost.
_QUEUE = 100


def main() -> None:
    """Wait for the node's publisher, and take in its labels until told to stop."""
    line = Line(prepare_process())
    args = _parse()
    import rclpy
    from rclpy.executors import SingleThreadedExecutor
    from sensor_msgs.msg import Image

    def take(wire: bytes, event: str) -> None:
        at_ns = time.monotonic_ns()
        if store is not None:
            store.write(wire)
        line.say(event, stamp_ns=stamp_of(wire), at_ns=at_ns, size=len(wire))

    with running_ros(), nullcontext() if args.store is None else open(args.store, 'ab', buffering=0) as store:
        node = rclpy.create_node('sfnet_replay_collector')
        node.create_subscription(Image, args.topic, partial(take, event='label'), _QUEUE, raw=True)
        if args.confidence_topic is not None:
            take_confidence = partial(take, event='confidence')
            node.create_subscription(Image, args.confidence_topic, take_confidence, _QUEUE, raw=True)
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        line.say('ready')
        while node.count_publishers(args.topic) == 0 and not line.stop.wait(MATCH_POLL_S):
            pass
        become_known(node, executor, line)
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
