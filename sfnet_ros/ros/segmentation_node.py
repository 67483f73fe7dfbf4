"""The executable ``segmentation_node``."""

from __future__ import annotations

from typing import NoReturn

from sfnet_ros.ros.process import heavy_imports, leave, prepare_process


def main() -> NoReturn:
    """Run the segmentation node until the process ends."""
    signals = prepare_process()
    # Imported only now: torch and rclpy take seconds, and a signal must end the process meanwhile too.
    with heavy_imports():
        from sfnet_ros.ros.run import run_node
        from sfnet_ros.ros.segmentation.node import SegmentationNode

    leave(run_node(SegmentationNode, signals, 'segmentation_node'))


if __name__ == '__main__':
    main()
