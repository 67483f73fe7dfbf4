"""The topics that the semantic cloud node publishes."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from nav_msgs.msg import OccupancyGrid
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import PointCloud2

from sfnet_ros.ros.cloud.painter import Painted, Wanted
from sfnet_ros.ros.cloud.parameters import CloudParameters

_STREAM = QoSProfile(depth=5)
# Nav2's static layer asks for a latched map, and takes no other.
_LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


@dataclass(frozen=True)
class Output:
    """Describe a topic: its private name, which is its field in `Painted` too, and what is on it."""

    name: str
    kind: type[Any]
    type_name: str
    qos: QoSProfile
    description: str
    ground_plane_only: bool = False


# In the order of publishing: what a robot might hit comes first.
OUTPUTS = (
    Output(
        'obstacles',
        PointCloud2,
        'sensor_msgs/PointCloud2',
        _STREAM,
        'Points of obstacle classes, without order, within the limits of range and height.',
    ),
    Output(
        'points',
        PointCloud2,
        'sensor_msgs/PointCloud2',
        _STREAM,
        'A point for every pixel of the labels, in their order (organised, of their height and width); NaN where depth '
        'has no measurement.',
    ),
    Output(
        'drivable',
        OccupancyGrid,
        'nav_msgs/OccupancyGrid',
        _LATCHED,
        'The ground around the robot in `base_frame`: 0 is drivable, 100 is not, -1 is not seen, unlabelled or out of '
        'range.',
        ground_plane_only=True,
    ),
)


class CloudOutputs:
    """Publish what was made of each frame."""

    def __init__(self, node: Node, parameters: CloudParameters) -> None:
        self._publishers: dict[str, Publisher[Any]] = {}
        with ExitStack() as advertised:
            for output in OUTPUTS:
                if output.ground_plane_only and parameters.needs_depth:
                    continue
                options = QoSOverridingOptions.with_default_policies()
                publisher = node.create_publisher(
                    output.kind, f'~/{output.name}', output.qos, qos_overriding_options=options
                )
                advertised.callback(node.destroy_publisher, publisher)
                self._publishers[output.name] = publisher
            self._withdraw = advertised.pop_all()

    @property
    def topics(self) -> list[str]:
        """Name the topics, as they are after remapping."""
        return [publisher.topic_name for publisher in self._publishers.values()]

    @property
    def wanted(self) -> Wanted:
        """Say what somebody listens to."""
        return Wanted(
            **{
                output.name: output.name in self._publishers
                and self._publishers[output.name].get_subscription_count() > 0
                for output in OUTPUTS
            }
        )

    def publish(self, painted: Painted) -> None:
        """Publish the messages that there are."""
        for name, publisher in self._publishers.items():
            message = getattr(painted, name)
            if message is not None:
                publisher.publish(message)

    def close(self) -> None:
        """Withdraw the topics."""
        self._withdraw.close()
