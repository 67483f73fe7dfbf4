"""The segmentation node: a lifecycle around cameras, one model and one worker thread."""

from __future__ import annotations

import traceback
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for_futures
from typing import Any

from rclpy.context import Context
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter

from sfnet_ros.ros.bond import ManagerBond
from sfnet_ros.ros.cameras import Cameras
from sfnet_ros.ros.ending import Ending
from sfnet_ros.ros.frame_worker import FrameWorker, TooManyFailuresError
from sfnet_ros.ros.health.diagnostics import Diagnostics
from sfnet_ros.ros.health.state import NodeState
from sfnet_ros.ros.health.vitals import FrameCounts
from sfnet_ros.ros.intake import Intake
from sfnet_ros.ros.live_changes import LiveChanges, check_together
from sfnet_ros.ros.managed_node import EndedMeanwhileError, ManagedNode, one_line
from sfnet_ros.ros.model_choice import check_model, name_model
from sfnet_ros.ros.model_loader import ModelLoader
from sfnet_ros.ros.parameters import NodeParameters
from sfnet_ros.ros.reloading import Reloading
from sfnet_ros.ros.running_model import RunningModel

NODE_NAME = 'sfnet'

# What the threads are at is waited for this long at the end of the process, which has two seconds for all.
_LAST_WORK_S = 1.0


class SegmentationNode(ManagedNode):
    """Label the pixels of the frames of cameras.

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
        self.running = RunningModel(lambda model: self.cameras.announce(model))
        try:
            self._changes = LiveChanges(self, self.running, self._parameters_changed)
        except ValueError:
            self.destroy_node()
            raise
        self.cameras = Cameras(self, lambda: self.parameters)
        self.intake = Intake(self, self.cameras, lambda: self.parameters)
        self._loader = ModelLoader()
        self._reloading = Reloading(self, self._loader, self.running, self._model_offered)
        self._bond = ManagerBond(self)
        self._worker: FrameWorker | None = None
        self._work: Future[None] | None = None
        self._worker_failed = self.create_guard_condition(self._give_up)
        self._diagnostics = Diagnostics(self, self.state)

    @property
    def parameters(self) -> NodeParameters:
        """Give the parameters as they are at this moment."""
        return self._changes.parameters

    @property
    def counts(self) -> FrameCounts:
        """Count what became of the frames of all cameras together."""
        return self.cameras.counts

    def state(self) -> NodeState:
        """Tell how the node is, for its diagnostics."""
        model, request, worker = self.running.newest, self._loader.request, self._worker
        return NodeState(
            lifecycle=self.lifecycle,
            model=model.manifest.name if model else '',
            device=model.device if model else '',
            network=worker.network if worker else '',
            rung=worker.rung if worker else 0,
            rungs=len(model.ladder) if model else 0,
            target_ms=model.parameters.target_latency_ms if model else 0.0,
            loading=name_model(request.parameters) if request else '',
            last_error=self.last_error,
            parameters=self.parameters,
            cameras=self.cameras.states(self.intake.state_of),
        )

    def start(self) -> None:
        """Configure and activate, unless a lifecycle manager is to do that."""
        if self.parameters.autostart:
            self.configure_and_activate()
        else:
            self.get_logger().info('autostart is off: waiting to be configured and activated')

    def close(self) -> bool:
        """Stop for good, and say whether the threads are through; they may still be busy with a model or a frame."""
        self._stop_cameras()
        pending: list[Future[Any]] = [*self._loader.close()]
        if self._work is not None:
            pending.append(self._work)
        return not wait_for_futures(pending, timeout=_LAST_WORK_S).not_done

    def on_configure(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Load the model and advertise the outputs."""
        return self.attempt('configure', self._configure, undo=self._release)

    def on_activate(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Take frames."""
        return self.attempt('activate', self._activate, undo=self._stop_cameras)

    def on_deactivate(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Take no more frames, and finish those at hand."""
        self._stop_cameras()
        # A worker that failed has said so, and is no reason to stay active.
        finished = self._work is None or self.ending.wait_for(self._work)
        return TransitionCallbackReturn.SUCCESS if finished else TransitionCallbackReturn.FAILURE

    def on_cleanup(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Free the model and withdraw the outputs."""
        self._release()
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """End the process: a finalized node can do nothing any more."""
        self._stop_cameras()
        self.ending.decide(0)
        return TransitionCallbackReturn.SUCCESS

    def on_error(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Go back to unconfigured, from where the node can be configured again."""
        self._stop_cameras()
        self._release()
        return TransitionCallbackReturn.SUCCESS

    def _configure(self) -> None:
        check_together(check_model(self.parameters), self.parameters)
        loading = self._loader.start(self.parameters)
        # A transition keeps the executor from everything else.
        if not self.ending.wait_for(loading, meanwhile=self._diagnostics.publish):
            raise EndedMeanwhileError
        model = self._loader.take()
        assert model is not None
        self.running.offer(model)
        self.cameras.advertise(self.intake.update)
        self.running.settle()
        self.get_logger().info(f'loaded {model.describe()}')

    def _activate(self) -> None:
        model, slots = self.running.settle(), self.intake.start()
        self._worker = FrameWorker(slots, self.running, lambda: self.parameters, self.get_logger())
        # A thread of its own for every activation: it takes over the number of threads that configure has set.
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix='worker')
        self._work = thread.submit(self._worker.run)
        thread.shutdown(wait=False)
        self._work.add_done_callback(self._tell_failure)
        self.get_logger().info(
            f'running {model.describe()} on the {self.parameters.image_transport} frames of '
            f'{", ".join(camera.input.topic for camera in self.cameras)}, '
            f'labels go to {", ".join(camera.outputs.label_topic for camera in self.cameras)}'
        )
        self._bond.form()

    def _stop_cameras(self) -> None:
        """Take no more frames; the worker ends after those at hand."""
        self._bond.end()
        if self.intake.is_active:
            self.intake.stop()
            for camera in self.cameras:
                name = f'{camera.name}: ' if camera.name else ''
                self.get_logger().info(f'{name}stopped after {camera.vitals.counts}')

    def _release(self) -> None:
        self._loader.abandon()
        self.cameras.withdraw()
        self.running.close()
        self._worker = self._work = None

    def _model_offered(self) -> None:
        if self.intake.is_active:
            self.intake.nudge()
        else:
            self.running.settle()

    def _parameters_changed(self, before: NodeParameters) -> None:
        self.intake.update()
        model = self.running.newest
        if model is None:
            return
        if self.parameters.confidence_threshold != before.confidence_threshold:
            self.cameras.announce(model)
        self._reloading.follow(self.parameters, self.cameras.frame_hws)

    def _tell_failure(self, work: Future[None]) -> None:
        # On the worker's thread, while transitions belong to the executor's.
        if work.exception() is not None and not self.ending.decided:
            self._worker_failed.trigger()

    def _give_up(self) -> None:
        """End, or go back to unconfigured, after the worker failed: active without labels would deceive a robot."""
        error = self._work.exception() if self._work is not None and self._work.done() else None
        if error is None:
            return
        self.last_error = f'gave up: {one_line(error)}'
        if isinstance(error, TooManyFailuresError):
            self.get_logger().error(self.last_error)
        else:
            trace = ''.join(traceback.format_exception(error))
            self.get_logger().fatal(f'gave up, by a mistake of this node: {trace}')
        if self.parameters.autostart:
            self.ending.decide(1)
        else:
            self.trigger_deactivate()
            self.trigger_cleanup()
