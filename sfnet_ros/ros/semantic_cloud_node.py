"""The executable ``semantic_cloud_node``."""

from __future__ import annotations

from typing import NoReturn

from sfnet_ros.ros.process import heavy_imports, leave, prepare_process


def main() -> NoReturn:
    """Run the semantic cloud node until the process ends."""
    signals = prepare_process()
    # Imported only now, as it takes long, and a signal must end the process meanwhile too.
    with heavy_imports():
        from sfnet_ros.ros.cloud.node import SemanticCloudNode
        from sfnet_ros.ros.run import run_node

    leave(run_node(SemanticCloudNode, signals, 'semantic_cloud_node'))


if __name__ == '__main__':
    main()
