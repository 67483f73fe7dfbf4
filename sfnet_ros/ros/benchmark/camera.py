"""Publish raw frames at a constant rate, as the driver of a camera does: one process of a benchmark."""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Iterator, Sequence

from sfnet_ros.ros.process import prepare_process
from sfnet_ros.ros.replay.line import Line, running_ros
from sfnet_ros.ros.replay.playing import TimedFrame, play
from sfnet_ros.ros.replay.stamping import restamped

# More than one, as a camera does not see the same twice.
_PICTURES = 4


def main() -> None:
    """Send as many frames as asked for."""
    line = Line(prepare_process())
    args = _parse()
    import rclpy
    from sensor_msgs.msg import Image

    wires = [_serialized(args.height, args.width, seed) for seed in range(_PICTURES)]
    with running_ros():
        node = rclpy.create_node('sfnet_benchmark_camera')
        play(node, Image, args.topic, _frames(wires, args.rate, args.frames), line, args.at_once)


def _frames(wires: Sequence[bytes], rate_hz: float, count: int) -> Iterator[TimedFrame]:
    """Take pictures in turn, each with the stamp of its moment."""
    start_ns = time.time_ns()
    for number, wire in zip(range(count), itertools.cycle(wires), strict=False):
        after_ns = round(number * 1e9 / rate_hz)
        yield TimedFrame(after_ns, start_ns + after_ns, restamped(wire, start_ns + after_ns))


def _serialized(height: int, width: int, seed: int) -> bytes:
    import numpy as np
    from std_msgs.msg import Header

    from sfnet_ros.ros.messages import image_wire

    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return image_wire(Header(frame_id='camera'), pixels)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--topic', required=True, help='topic to publish on')
    parser.add_argument('--height', type=int, required=True)
    parser.add_argument('--width', type=int, required=True)
    parser.add_argument('--rate', type=float, required=True, help='frames a second')
    parser.add_argument('--frames', type=int, required=True, help='how many')
    parser.add_argument('--at-once', action='store_true', help='wait for no subscriber')
    return parser.parse_args()


if __name__ == '__main__':
    main()
