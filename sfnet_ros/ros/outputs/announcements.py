"""What the numbers in the labels mean, latched: it is there for whoever comes, and when."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import Any

from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from std_msgs.msg import Header, String

from sfnet_ros.labels import LabelSpace
from sfnet_ros.ros.outputs.class_ids import UNLABELLED, class_ids
from sfnet_ros.ros.outputs.label_info import label_info_message, label_info_type
from sfnet_ros.ros.parameters import NodeParameters

LEGEND = 'legend'
LABEL_INFO = 'label_info'


class Announcements:
    """Announce the classes on ``legend`` and, where vision_msgs is installed, on ``label_info``.

    The publishers are plain ones: those of a lifecycle would say nothing until the node is active.

    Args:
        node: Publishes.
        prefix: Of the topics: ``'~'``, or ``'~/front'`` for what stands beside the labels of the camera front.
    """

    def __init__(self, node: Node, prefix: str = '~') -> None:
        self._node = node
        with ExitStack() as advertised:
            self._legend = _advertise(node, String, f'{prefix}/{LEGEND}', advertised)
            label_info = label_info_type()
            self._label_info = label_info and _advertise(node, label_info, f'{prefix}/{LABEL_INFO}', advertised)
            # None is withdrawn, unless one of them failed.
            self._withdraw = advertised.pop_all()

    def announce(self, model_name: str, label_space: LabelSpace, parameters: NodeParameters) -> None:
        """Publish the classes, in place of those that were announced before."""
        self._legend.publish(String(data=legend_text(model_name, label_space, parameters)))
        if self._label_info is not None:
            header = Header(stamp=self._node.get_clock().now().to_msg())
            names = dict(zip(class_ids(label_space, parameters.label_ids), label_space.names, strict=True))
            self._label_info.publish(label_info_message(header, names, parameters.confidence_threshold))

    def close(self) -> None:
        """Withdraw the topics."""
        self._withdraw.close()


def legend_text(model_name: str, label_space: LabelSpace, parameters: NodeParameters) -> str:
    """Describe the classes as JSON, with the ids under which they are published."""
    classes = [
        {
            'id': class_id,
            'name': item.name,
            'color': list(item.color),
            'drivable': item.drivable,
            'obstacle': item.obstacle,
            'dynamic': item.dynamic,
        }
        for class_id, item in zip(class_ids(label_space, parameters.label_ids), label_space.classes, strict=True)
    ]
    return json.dumps(
        {
            'model': model_name,
            'label_space': label_space.name,
            'ids': parameters.label_ids,
            'classes': classes,
            'unlabelled': UNLABELLED,
        },
        ensure_ascii=False,
    )


def _advertise(node: Node, message_type: type[Any], topic: str, advertised: ExitStack) -> Publisher[Any]:
    latched = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    publisher = node.create_publisher(
        message_type, topic, latched, qos_overriding_options=QoSOverridingOptions.with_default_policies()
    )
    advertised.callback(node.destroy_publisher, publisher)
    return publisher
