"""The semantic cloud node: a lifecycle around its inputs, one worker thread, and its outputs."""

from __future__ import annotations

import traceback
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for_futures
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rclpy.context import Context
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter

from sfnet_ros.ros.bond import ManagerBond
from sfnet_ros.ros.cloud.inputs import CloudFrame, Inputs, make_fixed_legend
from sfnet_ros.ros.cloud.matcher import PIVOT
from sfnet_ros.ros.cloud.mounts import Mounts, open_mounts
from sfnet_ros.ros.cloud.outputs import CloudOutputs
from sfnet_ros.ros.cloud.painter import Painter
from sfnet_ros.ros.cloud.parameters import CloudParameters
from sfnet_ros.ros.cloud.silence import OutputWatch
from sfnet_ros.ros.cloud.worker import CloudCounts, CloudWorker, warn
from sfnet_ros.ros.declaration import change, declare, misspelt
from sfnet_ros.ros.ending import Ending
from sfnet_ros.ros.latest_slots import LatestSlots
from sfnet_ros.ros.managed_node import ManagedNode

NODE_NAME = 'semantic_cloud'

# The frame at hand is waited for this long at the end of the process, which has two seconds for all.
_LAST_WORK_S = 1.0


class SemanticCloudNode(ManagedNode):
    """Place labels in space, by a depth camera or on the ground plane.

    Args:
        ending: As for ManagedNode, like the others.
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
        self._bond = ManagerBond(self)
        self._slots: LatestSlots[str, CloudFrame] = LatestSlots()
        self._mounts: Mounts | None = None
        self._outputs: CloudOutputs | None = None
        self._inputs: Inputs | None = None
        self._watch: OutputWatch | None = None
        self._work: Future[None] | None = None
        self._worker_failed = self.create_guard_condition(self._give_up)
        try:
            self.parameters = declare(self, CloudParameters)
        except ValueError:
            self.destroy_node()
            raise
        for sentence in misspelt(self, CloudParameters):
            self.get_logger().warning(sentence)
        self.add_on_set_parameters_callback(self._check_parameters)
        self.add_post_set_parameters_callback(self._adopt_parameters)

    def start(self) -> None:
        """Configure and activate, unless a lifecycle manager is to do that."""
        if self.parameters.autostart:
            self.configure_and_activate()
        else:
            self.get_logger().info('autostart is off: waiting to be configured and activated')

    def close(self) -> bool:
        """Stop for good, and say whether the worker is through."""
        self._stop()
        return self._work is None or not wait_for_futures([self._work], timeout=_LAST_WORK_S).not_done

    def on_configure(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Advertise the outputs."""
        return self.attempt('configure', self._configure, undo=self._release)

    def on_activate(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Take labels."""
        return self.attempt('activate', self._activate, undo=self._stop)

    def on_deactivate(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Take no more labels, and finish the frame at hand."""
        self._stop()
        finished = self._work is None or self.ending.wait_for(self._work)
        return TransitionCallbackReturn.SUCCESS if finished else TransitionCallbackReturn.FAILURE

    def on_cleanup(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Withdraw the outputs."""
        self._release()
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """End the process: a finalized node can do nothing any more."""
        self._stop()
        self.ending.decide(0)
        return TransitionCallbackReturn.SUCCESS

    def on_error(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Go back to unconfigured, from where the node can be configured again."""
        self._stop()
        self._release()
        return TransitionCallbackReturn.SUCCESS

    def _configure(self) -> None:
        # A class that there is not is better said now than with the first label.
        make_fixed_legend(self.parameters)
        self._mounts = open_mounts(self, self.parameters)
        self._outputs = CloudOutputs(self, self.parameters)

    def _activate(self) -> None:
        assert self._outputs is not None
        assert self._mounts is not None
        self._slots = LatestSlots()
        self._inputs = Inputs(self, self.parameters, self._take)
        self._watch = OutputWatch(self, lambda: self.parameters.silence_s, self._inputs.describe)
        painter = Painter(self._mounts, lambda sentence: warn(self.get_logger(), sentence))
        worker = CloudWorker(
            self._slots, painter, self._outputs, lambda: self.parameters, self.counts, self.get_logger()
        )
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix='worker')
        self._work = thread.submit(worker.run)
        thread.shutdown(wait=False)
        self._work.add_done_callback(self._tell_failure)
        self._bond.form()
        self.get_logger().info(
            f'{self.parameters.mode}: labels of {self._inputs.label_topic} go to {", ".join(self._outputs.topics)}'
        )

    def _take(self, frame: CloudFrame) -> None:
        assert self._watch is not None
        self._watch.heard()
        self.counts.matched += 1
        self.counts.dropped += self._slots.put(PIVOT, frame)

    def _stop(self) -> None:
        """Take no more frames; the worker ends after the one at hand."""
        self._bond.end()
        if self._watch is not None:
            self._watch.close()
        if self._inputs is not None:
            self._inputs.close()
            self.counts.dropped += len(self._slots.close())
            self.get_logger().info(f'stopped after {self.counts}')
        self._inputs = self._watch = None

    def _release(self) -> None:
        for made in (self._mounts, self._outputs):
            if made is not None:
                made.close()
        self._mounts = self._outputs = self._work = None

    def _tell_failure(self, work: Future[None]) -> None:
        # On the worker's thread, while transitions belong to the executor's.
        if work.exception() is not None and not self.ending.decided:
            self._worker_failed.trigger()

    def _give_up(self) -> None:
        """End, or go back to unconfigured: active without clouds would deceive a robot."""
        error = self._work.exception() if self._work is not None and self._work.done() else None
        if error is None:
            return
        trace = ''.join(traceback.format_exception(error))
        self.get_logger().fatal(f'gave up, by a mistake of this node: {trace}')
        if self.parameters.autostart:
            self.ending.decide(1)
        else:
            self.trigger_deactivate()
            self.trigger_cleanup()

    def _check_parameters(self, changed: list[Parameter[Any]]) -> SetParametersResult:
        try:
            change(self.parameters, changed, configured=self._outputs is not None)
        except ValueError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _adopt_parameters(self, changed: list[Parameter[Any]]) -> None:
        self.parameters = change(self.parameters, changed, configured=False)
