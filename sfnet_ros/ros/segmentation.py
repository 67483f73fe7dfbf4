"""The segmentation node: a lifecycle around one camera, one model and one worker thread."""

from __future__ import annotations

import traceback
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for_futures
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rclpy.context import Context
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter

from sfnet_ros.ros.camera import Camera, FrameCounts
from sfnet_ros.ros.declaration import change, declare, misspelt
from sfnet_ros.ros.ending import Ending
from sfnet_ros.ros.frame_worker import FrameWorker, TooManyFailuresError
from sfnet_ros.ros.loading import load_segmenter
from sfnet_ros.ros.managed_node import EndedMeanwhileError, ManagedNode
from sfnet_ros.ros.outputs import Outputs
from sfnet_ros.ros.parameters import NodeParameters
from sfnet_ros.runtime import Segmenter

NODE_NAME = 'sfnet'

# What the worker is at is waited for this long at the end of the process, which has two seconds for all.
_LAST_WORK_S = 1.0


class SegmentationNode(ManagedNode):
    """Label the pixels of a camera's frames.

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
        self.counts = FrameCounts()
        # One thread does all that is slow. It loads and warms up too, as the backend's own threads belong to it.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix='worker')
        self._work: Future[Any] | None = None
        self._segmenter: Segmenter | None = None
        self._outputs: Outputs | None = None
        self._camera: Camera | None = None
        self._worker_failed = self.create_guard_condition(self._give_up)
        try:
            self.parameters = declare(self, NodeParameters)
        except ValueError:
            self.destroy_node()
            raise
        for sentence in misspelt(self, NodeParameters):
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
        """Stop for good, and say whether the worker is through; it may still be busy with a model or a frame."""
        self._stop_camera()
        self._thread.shutdown(wait=False, cancel_futures=True)
        return self._work is None or not wait_for_futures([self._work], timeout=_LAST_WORK_S).not_done

    def on_configure(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Load the model and advertise the outputs."""
        return self.attempt('configure', self._configure, undo=self._release)

    def on_activate(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Take frames."""
        return self.attempt('activate', self._activate, undo=self._stop_camera)

    def on_deactivate(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Take no more frames, and finish the one at hand."""
        self._stop_camera()
        # A worker that failed has said so, and is no reason to stay active.
        finished = self._work is None or self.ending.wait_for(self._work)
        return TransitionCallbackReturn.SUCCESS if finished else TransitionCallbackReturn.FAILURE

    def on_cleanup(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Free the model and withdraw the outputs."""
        self._release()
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """End the process: a finalized node can do nothing any more."""
        self._stop_camera()
        self.ending.decide(0)
        return TransitionCallbackReturn.SUCCESS

    def on_error(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Go back to unconfigured, from where the node can be configured again."""
        self._stop_camera()
        self._release()
        return TransitionCallbackReturn.SUCCESS

    def _configure(self) -> None:
        loading = self._thread.submit(load_segmenter, self.parameters)
        self._work = loading
        if not self.ending.wait_for(loading):
            raise EndedMeanwhileError
        self._segmenter = loading.result()
        self._outputs = Outputs(self)
        self.get_logger().info(f'loaded {self._segmenter.describe()}')

    def _activate(self) -> None:
        assert self._segmenter is not None
        assert self._outputs is not None
        transport = self.parameters.image_transport
        self._camera = Camera(self, transport, self.counts, lambda: self.parameters.silence_s)
        worker = FrameWorker(
            self._camera, self._segmenter, self._outputs, lambda: self.parameters.overlay_alpha, self.get_logger()
        )
        self._work = self._thread.submit(worker.run)
        self._work.add_done_callback(self._tell_failure)
        self.get_logger().info(
            f'running {self._segmenter.describe()} on the {transport} frames of {self._camera.topic}, '
            f'labels go to {self._outputs.label_topic}'
        )

    def _stop_camera(self) -> None:
        """Take no more frames; the worker ends after the one at hand."""
        if self._camera is not None:
            self._camera.close()
            self._camera = None
            self.get_logger().info(f'stopped after {self.counts}')

    def _release(self) -> None:
        if self._outputs is not None:
            self._outputs.close()
        self._outputs = self._segmenter = self._work = None

    def _tell_failure(self, work: Future[None]) -> None:
        # On the worker's thread, while transitions belong to the executor's.
        if work.exception() is not None and not self.ending.decided:
            self._worker_failed.trigger()

    def _give_up(self) -> None:
        """End, or go back to unconfigured, after the worker failed: active without labels would deceive a robot."""
        error = self._work.exception() if self._work is not None and self._work.done() else None
        if isinstance(error, TooManyFailuresError):
            self.get_logger().error(f'gave up: {error}')
        elif error is not None:
            trace = ''.join(traceback.format_exception(error))
            self.get_logger().fatal(f'gave up, by a mistake of this node: {trace}')
        if error is not None and self.parameters.autostart:
            self.ending.decide(1)
        elif error is not None:
            self.trigger_deactivate()
            self.trigger_cleanup()

    def _check_parameters(self, changed: list[Parameter[Any]]) -> SetParametersResult:
        try:
            change(self.parameters, changed, configured=self._segmenter is not None)
        except ValueError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _adopt_parameters(self, changed: list[Parameter[Any]]) -> None:
        self.parameters = change(self.parameters, changed, configured=False)
