"""The topics on which the node publishes what it made of a camera's frames."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from rclpy.node import Node

from sfnet_ros.ros.complaints import Complaints
from sfnet_ros.ros.segmentation.frame import SegmentedFrame
from sfnet_ros.ros.segmentation.outputs.rendering import Rendering
from sfnet_ros.ros.segmentation.outputs.table import outputs_of
from sfnet_ros.ros.segmentation.outputs.topic import LabelTopic, OutputTopic
from sfnet_ros.ros.segmentation.parameters import NodeParameters


class CameraOutputs:
    """Publish what was made of each frame of a camera: the label at once, the rest where somebody listens.

    Args:
        node: Publishes.
        prefix: Of the topics: ``'~'``, or ``'~/front'`` for the camera front.
        parameters: Say which topics there are.
        listeners_changed: Called on the executor's thread when somebody subscribes to a topic, or no longer does.
        classes_arrived: Says whether all who listen to the classes have them; labels wait for that.
    """

    def __init__(
        self,
        node: Node,
        prefix: str,
        parameters: NodeParameters,
        listeners_changed: Callable[[], None] = lambda: None,
        classes_arrived: Callable[[], bool] = lambda: True,
    ) -> None:
        self._complaints = Complaints(node.get_logger())
        self._topics: list[OutputTopic] = []
        with ExitStack() as advertised:
            for output in outputs_of(parameters):
                if output.is_label:
                    topic: OutputTopic = LabelTopic(node, prefix, output, listeners_changed, classes_arrived)
                else:
                    topic = OutputTopic(node, prefix, output, listeners_changed)
                advertised.callback(node.destroy_publisher, topic.publisher)
                self._topics.append(topic)
            # None is withdrawn, unless one of them failed.
            self._withdraw = advertised.pop_all()

    @property
    def label_topic(self) -> str:
        """Name the topic of the label map, as it is after remapping."""
        return self._topics[0].publisher.topic_name

    @property
    def has_listeners(self) -> bool:
        """Say whether somebody subscribes to any of the topics."""
        return any(topic.has_listeners for topic in self._topics)

    @property
    def wants_details(self) -> bool:
        """Say whether somebody subscribes to what needs the segmentation's details."""
        return any(topic.output.needs_details and topic.has_listeners for topic in self._topics)

    @property
    def held(self) -> int:
        """Count the labels that were held back while new subscribers got the classes."""
        return sum(topic.held for topic in self._topics)

    def publish(self, frame: SegmentedFrame) -> None:
        """Publish a frame's outputs, under the frame's own header."""
        rendering = Rendering(frame)
        for topic in self._topics:
            if topic.output.always or topic.has_listeners:
                self._publish(topic, rendering)

    def close(self) -> None:
        """Withdraw the topics."""
        self._withdraw.close()

    def _publish(self, topic: OutputTopic, rendering: Rendering) -> None:
        try:
            message = topic.output.message(rendering)
        except ValueError as error:
            name = topic.publisher.topic_name
            self._complaints.warn(name, f'nothing is published on {name}: {error}')
            return
        if message is not None:
            topic.publish(message, rendering.frame.parameters.label_info_lead_ms)
