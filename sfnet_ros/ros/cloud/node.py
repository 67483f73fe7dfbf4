"""The semantic cloud node: a lifecycle around its inputs, one worker thread, and its outputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus
from rcl_interfaces.msg import SetParametersResult
from rclpy.context import Context
from rclpy.parameter import Parameter

from sfnet_ros.ros.cloud.inputs import CloudFrame, Inputs, make_fixed_legend
from sfnet_ros.ros.cloud.matcher import PIVOT
from sfnet_ros.ros.cloud.mounts import Mounts, open_mounts
from sfnet_ros.ros.cloud.outputs import CloudOutputs
from sfnet_ros.ros.cloud.painter import Painter
from sfnet_ros.ros.cloud.parameters import CloudParameters
from sfnet_ros.ros.cloud.silence import OutputWatch
from sfnet_ros.ros.cloud.status import cloud_status
from sfnet_ros.ros.cloud.worker import CloudCounts, CloudWorker
from sfnet_ros.ros.complaints import Complaints
from sfnet_ros.ros.declaration import change, declare, misspelt
from sfnet_ros.ros.diagnostics_topic import DiagnosticsTopic
from sfnet_ros.ros.ending import Ending
from sfnet_ros.ros.latest_slots import LatestSlots
from sfnet_ros.ros.working_node import WorkingNode

NODE_NAME = 'semantic_cloud'


class SemanticCloudNode(WorkingNode):
    """Place labels in space, by a depth camera or on the ground plane.

    Args:
        ending: As for WorkingNode, like the others.
        context: Context to live in; None is the default one.
        parameter_overrides: Values of parameters, as a parameter file gives them.

    Raises:
        ValueError: A parameter that is not accepted.
    """

    def __init__(
        self,
        ending: Ending,
        *,
        context: Context | None = None,
        parameter_overrides: list[Parameter[Any]] | None = None,
    ) -> None:
        super().__init__(NODE_NAME, ending, context=context, parameter_overrides=parameter_overrides)
        self.counts = CloudCounts()
        self._reported = CloudCounts()
        self._slots: LatestSlots[str, CloudFrame] = LatestSlots()
        self._mounts: Mounts | None = None
        self._outputs: CloudOutputs | None = None
        self._inputs: Inputs | None = None
        self._watch: OutputWatch | None = None
        try:
            self.parameters = declare(self, CloudParameters)
        except ValueError:
            self.destroy_node()
            raise
        for sentence in misspelt(self, CloudParameters):
            self.get_logger().warning(sentence)
        self.add_on_set_parameters_callback(self._check_parameters)
        self.add_post_set_parameters_callback(self._adopt_parameters)
        DiagnosticsTopic(self, self._judge)

    def configure(self) -> None:
        """Advertise the outputs."""
        # A class that there is not is better said now than with the first label.
        make_fixed_legend(self.parameters)
        self._mounts = open_mounts(self, self.parameters)
        self._outputs = CloudOutputs(self, self.parameters)

    def activate(self) -> Callable[[], None]:
        """Take labels."""
        assert self._outputs is not None
        assert self._mounts is not None
        self._slots = LatestSlots()
        self._inputs = Inputs(self, self.parameters, self._take)
        inputs = self._inputs
        self._watch = OutputWatch(self, lambda: self.parameters.silence_s, inputs.describe, inputs.have_all_come)
        complaints = Complaints(self.get_logger())
        painter = Painter(self._mounts, complaints.warn)
        worker = CloudWorker(self._slots, painter, self._outputs, lambda: self.parameters, self.counts, complaints)
        self.get_logger().info(
            f'{self.parameters.mode}: labels of {self._inputs.label_topic} go to {", ".join(self._outputs.topics)}'
        )
        return worker.run

    def stop(self) -> None:
        """Take no more frames; the worker ends after the one at hand."""
        if self._watch is not None:
            self._watch.close()
        if self._inputs is not None:
            self._inputs.close()
            self.counts.dropped += len(self._slots.close())
            self.get_logger().info(f'stopped after {self.counts}')
        self._inputs = self._watch = None

    def release(self) -> None:
        """Withdraw the outputs."""
        for made in (self._mounts, self._outputs):
            if made is not None:
                made.close()
        self._mounts = self._outputs = None

    def _take(self, frame: CloudFrame) -> None:
        assert self._watch is not None
        self._watch.heard()
        self.counts.matched += 1
        self.counts.dropped += self._slots.put(PIVOT, frame)

    def _judge(self) -> dict[str, DiagnosticStatus]:
        before, self._reported = self._reported, replace(self.counts)
        complaint = '' if self._watch is None else self._watch.complaint
        return {'node': cloud_status(self.lifecycle, self.last_error, complaint, self._reported, before)}

    def _check_parameters(self, changed: list[Parameter[Any]]) -> SetParametersResult:
        try:
            change(self.parameters, changed, configured=self._outputs is not None)
        except ValueError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _adopt_parameters(self, changed: list[Parameter[Any]]) -> None:
        self.parameters = change(self.parameters, changed, configured=False)
