"""What the numbers in the labels mean, latched: it is there for whoever comes, and when."""

from __future__ import annotations

import json
from contextlib import ExitStack

from rclpy.node import Node
from std_msgs.msg import Header, String

from sfnet_ros.labels import LabelSpace
from sfnet_ros.ros.segmentation.outputs.class_ids import UNLABELLED, class_ids
from sfnet_ros.ros.segmentation.outputs.label_info import label_info_message, label_info_type
from sfnet_ros.ros.segmentation.outputs.latched_topic import LatchedTopic
from sfnet_ros.ros.segmentation.parameters import NodeParameters

LEGEND = 'legend'
LABEL_INFO = 'label_info'


class Announcements:
    """Announce the classes on ``legend`` and, where vision_msgs is installed, on ``label_info``.

    Args:
        node: Publishes.
        prefix: Of the topics: ``'~'``, or ``'~/front'`` for what stands beside the labels of the camera front.
    """

    def __init__(self, node: Node, prefix: str = '~') -> None:
        self._clock = node.get_clock()
        with ExitStack() as advertised:
            self._legend = LatchedTopic(node, String, f'{prefix}/{LEGEND}')
            advertised.callback(self._legend.close)
            self._label_info: LatchedTopic | None = None
            label_info = label_info_type()
            if label_info is not None:
                self._label_info = LatchedTopic(node, label_info, f'{prefix}/{LABEL_INFO}')
                advertised.callback(self._label_info.close)
            # None is withdrawn, unless one of them failed.
            self._withdraw = advertised.pop_all()

    @property
    def have_arrived(self) -> bool:
        """Say whether all who listen have the classes."""
        return self._legend.has_arrived and (self._label_info is None or self._label_info.has_arrived)

    def announce(self, model_name: str, label_space: LabelSpace, parameters: NodeParameters) -> None:
        """Publish the classes, in place of those that were announced before."""
        self._legend.publish(String(data=legend_text(model_name, label_space, parameters)))
        if self._label_info is not None:
            header = Header(stamp=self._clock.now().to_msg())
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
