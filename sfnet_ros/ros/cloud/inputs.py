"""The topics of the semantic cloud node, and the frames that come together out of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import String

from sfnet_ros.labels import LabelSpace
from sfnet_ros.ros.cloud.legend import Legend, entries_of, make_legend, read_entries
from sfnet_ros.ros.cloud.matcher import PIVOT, StampMatcher
from sfnet_ros.ros.cloud.parameters import CloudParameters
from sfnet_ros.ros.managed_node import one_line
from sfnet_ros.ros.parameter_fields import names_in

_SENSOR = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
_LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


@dataclass(frozen=True)
class CloudFrame:
    """Hold a label map with all that belongs to it; what the parameters do not ask for is None."""

    label: Image
    confidence: Image | None
    depth: Image | None
    image: Image | None
    camera_info: CameraInfo
    legend: Legend


class Inputs:
    """Subscribe to what the parameters ask for, and hand on what belongs together.

    Args:
        node: Node whose topics are subscribed to.
        parameters: The node's.
        take: Takes each frame, on the executor's thread.

    Raises:
        ValueError: The parameters name classes or a label space that there are not.
    """

    def __init__(self, node: Node, parameters: CloudParameters, take: Callable[[CloudFrame], None]) -> None:
        self._node = node
        self._take = take
        self._parameters = parameters
        self._camera_info: CameraInfo | None = None
        self._legend = make_fixed_legend(parameters)
        self._legend_error = ''
        slop_ns = int(parameters.max_stamp_difference_ms * 1e6)
        slops_ns = {'confidence': 0} if parameters.use_confidence else {}
        slops_ns |= {'depth': slop_ns} if parameters.needs_depth else {}
        slops_ns |= {'image': slop_ns} if parameters.color == 'image' else {}
        self._matcher = StampMatcher(slops_ns, parameters.queue_size)
        # Since frames last matched; the legend comes once.
        self._heard: dict[str, int] = {}
        self._subscriptions: dict[str, Subscription[Any]] = {}
        with ExitStack() as opened:
            opened.callback(self.close)
            if self._legend is None:
                # First, as the executor takes what waits in this order: new classes before the labels that are of them.
                self._subscribe(String, 'legend', self._take_legend, _LATCHED)
            for topic in (PIVOT, *slops_ns):
                self._subscribe(Image, topic, partial(self._match, topic), _SENSOR)
            self._subscribe(CameraInfo, 'camera_info', self._take_camera_info, _SENSOR)
            # None is closed, unless one of them failed.
            opened.pop_all()

    @property
    def label_topic(self) -> str:
        """Name the topic of the labels, as it is after remapping."""
        return self._subscriptions[PIVOT].topic_name

    def describe(self) -> str:
        """Say what has come on each topic since frames last matched, and what is wrong with that."""
        parts = []
        for name, subscription in self._subscriptions.items():
            count, publishers = self._heard[name], self._node.count_publishers(subscription.topic_name)
            told = '' if publishers else f' and no publisher: remap with -r {name}:=TOPIC'
            parts.append(f'{subscription.topic_name} {count} messages{told}')
        text = ', '.join(parts)
        if self._legend_error:
            return f'{text}; {self._legend_error}'
        if self.have_all_come():
            slop_ms = self._parameters.max_stamp_difference_ms
            wanted = f'within {slop_ms:g} ms of each other' if slop_ms else 'equal'
            return f'{text}; their stamps are never {wanted}: see max_stamp_difference_ms and queue_size'
        return text

    def have_all_come(self) -> bool:
        """Say whether something has come on every topic since frames last matched."""
        return all(self._heard.values())

    def close(self) -> None:
        """Take no more messages."""
        for subscription in self._subscriptions.values():
            self._node.destroy_subscription(subscription)

    def _subscribe(self, kind: type[Any], topic: str, callback: Callable[[Any], None], qos: QoSProfile) -> None:
        def count_and_take(message: Any) -> None:
            self._heard[topic] += 1
            callback(message)

        self._heard[topic] = 0
        options = QoSOverridingOptions.with_default_policies()
        self._subscriptions[topic] = self._node.create_subscription(
            kind, topic, count_and_take, qos, qos_overriding_options=options
        )

    def _take_camera_info(self, message: CameraInfo) -> None:
        self._camera_info = message

    def _take_legend(self, message: String) -> None:
        drivable, obstacles = names_in(self._parameters.drivable_classes), names_in(self._parameters.obstacle_classes)
        try:
            self._legend, self._legend_error = make_legend(read_entries(message.data), drivable, obstacles), ''
        except ValueError as error:
            # The labels that follow mean something else than before, and nobody knows what.
            self._legend, self._legend_error = None, f'cannot use the legend: {one_line(error)}'
            self._node.get_logger().error(self._legend_error)

    def _match(self, topic: str, message: Image) -> None:
        stamp = message.header.stamp
        # Labels mean what the legend says when they come; when their depth comes it may be that of the next model.
        item = (message, self._legend) if topic == PIVOT else message
        # rclpy's Time refuses what is before 1970, and a message can hold anything.
        matched = self._matcher.add(topic, stamp.sec * 10**9 + stamp.nanosec, item)
        if matched is None or self._camera_info is None:
            return
        label, legend = matched.pop(PIVOT)
        if legend is None:
            return
        self._heard.update((name, 0) for name in self._heard if name != 'legend')
        confidence, depth, image = (matched.get(name) for name in ('confidence', 'depth', 'image'))
        self._take(CloudFrame(label, confidence, depth, image, self._camera_info, legend))


def make_fixed_legend(parameters: CloudParameters) -> Legend | None:
    """Give the legend that the parameters name, or None where it comes on its topic.

    Raises:
        ValueError: The label space or a class is not known.
    """
    if not parameters.label_space:
        return None
    return make_legend(
        entries_of(LabelSpace.load(parameters.label_space)),
        names_in(parameters.drivable_classes),
        names_in(parameters.obstacle_classes),
    )
