"""The parameters of the node as they are at this moment, and what may become of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

from sfnet_ros.labels import LabelSpace
from sfnet_ros.ros.declaration import change, declare, misspelt
from sfnet_ros.ros.managed_node import USER_ERRORS, one_line
from sfnet_ros.ros.segmentation.filtering import check_filter_classes
from sfnet_ros.ros.segmentation.loading import differ
from sfnet_ros.ros.segmentation.model_choice import check_model
from sfnet_ros.ros.segmentation.outputs import check_label_ids
from sfnet_ros.ros.segmentation.parameters import NodeParameters
from sfnet_ros.ros.segmentation.running_model import RunningModel


class LiveChanges:
    """Declare the parameters, and judge every request to change them before it takes effect.

    Args:
        node: Whose parameters they are.
        running: While it has a model the node counts as configured.
        changed: Called after a change, with the parameters as they were before.

    Raises:
        ValueError: A parameter that is not accepted.
    """

    def __init__(self, node: Node, running: RunningModel, changed: Callable[[NodeParameters], None]) -> None:
        self.parameters = declare(node, NodeParameters)
        self._running = running
        self._changed = changed
        for sentence in misspelt(node, NodeParameters):
            node.get_logger().warning(sentence)
        node.add_on_set_parameters_callback(self._check)
        node.add_post_set_parameters_callback(self._adopt)

    def _check(self, requested: list[Parameter[Any]]) -> SetParametersResult:
        newest = self._running.newest
        try:
            wanted = change(self.parameters, requested, configured=newest is not None)
            if newest is not None:
                other = differ(wanted, newest.parameters)
                check_together(check_model(wanted) if other else newest.label_space, wanted)
        except USER_ERRORS as error:
            return SetParametersResult(successful=False, reason=one_line(error))
        return SetParametersResult(successful=True)

    def _adopt(self, accepted: list[Parameter[Any]]) -> None:
        before, self.parameters = self.parameters, change(self.parameters, accepted, configured=False)
        if self.parameters != before:
            self._changed(before)


def check_together(label_space: LabelSpace, parameters: NodeParameters) -> None:
    """Refuse parameters that do not go together with the classes of a model.

    Raises:
        ValueError: One sentence.
    """
    check_label_ids(label_space, parameters)
    check_filter_classes(label_space, parameters)
