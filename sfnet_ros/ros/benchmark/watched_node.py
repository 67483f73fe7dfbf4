"""Run the segmentation node, and tell of each frame how long the parts of its way took: one process of a benchmark."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, NoReturn

from sfnet_ros.ros.process import heavy_imports, leave, prepare_process
from sfnet_ros.ros.replay.line import say

if TYPE_CHECKING:
    from std_msgs.msg import Header

    from sfnet_ros.ros.ending import Ending
    from sfnet_ros.ros.segmentation.health.vitals import FrameTiming
    from sfnet_ros.ros.segmentation.node import SegmentationNode

_PAGE_BYTES = os.sysconf('SC_PAGE_SIZE')


def main() -> NoReturn:
    """Run the node as its own executable does; once it has ended, tell what became of the frames."""
    signals = prepare_process()
    with heavy_imports():
        from sfnet_ros.ros.run import run_node
        from sfnet_ros.ros.segmentation.node import SegmentationNode

    nodes: list[SegmentationNode] = []

    def make_node(ending: Ending) -> SegmentationNode:
        nodes.append(SegmentationNode(ending, served=_tell))
        return nodes[-1]

    exit_code = run_node(make_node, signals, 'segmentation_node')
    for node in nodes:
        say('counts', received=node.counts.received, dropped=node.counts.dropped)
    leave(exit_code)


def _tell(header: Header, timing: FrameTiming) -> None:
    # The labels are on their way by now.
    done_ns = time.monotonic_ns()
    say(
        'served',
        stamp_ns=header.stamp.sec * 10**9 + header.stamp.nanosec,
        at_ns=done_ns,
        model_ns=round(timing.infer_ms * 1e6),
        publish_ns=round(timing.publish_ms * 1e6),
        total_ns=round(timing.total_ms * 1e6),
        resident_bytes=_resident_bytes(),
    )


def _resident_bytes() -> int:
    with open('/proc/self/statm', encoding='ascii') as statm:
        return int(statm.read().split()[1]) * _PAGE_BYTES


if __name__ == '__main__':
    main()
