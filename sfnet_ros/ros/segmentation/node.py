"""The segmentation node: a lifecycle around cameras, one model and one worker thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.context import Context
from rclpy.parameter import Parameter
from std_msgs.msg import Header

from sfnet_ros.ros.ending import Ending
from sfnet_ros.ros.managed_node import EndedMeanwhileError
from sfnet_ros.ros.segmentation.cameras import Cameras
from sfnet_ros.ros.segmentation.frame_worker import FrameWorker
from sfnet_ros.ros.segmentation.health.diagnostics import Diagnostics
from sfnet_ros.ros.segmentation.health.state import NodeState
from sfnet_ros.ros.segmentation.health.vitals import FrameCounts, FrameTiming
from sfnet_ros.ros.segmentation.intake import Intake
from sfnet_ros.ros.segmentation.live_changes import LiveChanges, check_together
from sfnet_ros.ros.segmentation.loading import LoadedModel
from sfnet_ros.ros.segmentation.model_choice import check_model, name_model
from sfnet_ros.ros.segmentation.model_loader import ModelLoader
from sfnet_ros.ros.segmentation.parameters import NodeParameters
from sfnet_ros.ros.segmentation.reloading import Reloading
from sfnet_ros.ros.segmentation.running_model import RunningModel
from sfnet_ros.ros.working_node import WorkingNode

NODE_NAME = 'sfnet'


class SegmentationNode(WorkingNode):
    """Label the pixels of the frames of cameras.

    Args:
        ending: As for WorkingNode, like the others.
        context: Context to live in; None is the default one.
        parameter_overrides: Values of parameters, as a parameter file gives them.
        served: Told of each frame whose outputs are published, by its header, and of how long that took; on the
            worker's thread.

    Raises:
        ValueError: A parameter that is not accepted.
    """

    def __init__(
        self,
        ending: Ending,
        *,
        context: Context | None = None,
        parameter_overrides: list[Parameter[Any]] | None = None,
        served: Callable[[Header, FrameTiming], None] = lambda _header, _timing: None,
    ) -> None:
        super().__init__(NODE_NAME, ending, context=context, parameter_overrides=parameter_overrides)
        self._served = served
        self.running = RunningModel(self._take_over)
        try:
            self._changes = LiveChanges(self, self.running, self._parameters_changed)
        except ValueError:
            self.destroy_node()
            raise
        self.cameras = Cameras(self, lambda: self.parameters)
        self.intake = Intake(self, self.cameras, lambda: self.parameters)
        self._loader = ModelLoader()
        self._reloading = Reloading(self, self._loader, self.running, self._model_offered)
        self._worker: FrameWorker | None = None
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
            loading=name_model(request.parameters) if request else model.preparing if model else '',
            last_error=self.last_error,
            parameters=self.parameters,
            cameras=self.cameras.states(self.intake.state_of),
        )

    def configure(self) -> None:
        """Load the model and advertise the outputs."""
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

    def activate(self) -> Callable[[], None]:
        """Take frames."""
        model, slots = self.running.settle(), self.intake.start()
        self._worker = FrameWorker(slots, self.running, lambda: self.parameters, self.get_logger(), self._served)
        self.get_logger().info(
            f'running {model.describe()} on the {self.parameters.image_transport} frames of '
            f'{", ".join(camera.input.topic for camera in self.cameras)}, '
            f'labels go to {", ".join(camera.outputs.label_topic for camera in self.cameras)}'
        )
        return self._worker.run

    def stop(self) -> None:
        """Take no more frames; the worker ends after those at hand."""
        if self.intake.is_active:
            self.intake.stop()
            for camera in self.cameras:
                name = f'{camera.name}: ' if camera.name else ''
                self.get_logger().info(f'{name}stopped after {camera.vitals.counts}')

    def release(self) -> None:
        """Free the model and withdraw the outputs."""
        self._loader.abandon()
        self.cameras.withdraw()
        self.running.close()
        self._worker = None

    def close(self) -> bool:
        """Stop for good; what is being loaded is not waited for, as it touches nothing of the node's."""
        self._loader.close()
        return super().close()

    def _take_over(self, model: LoadedModel) -> None:
        """Prepare everybody for a model's first label; on the worker's thread while there is one."""
        self.cameras.announce(model)
        self.get_logger().info(f'loaded {model.describe()}')

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
