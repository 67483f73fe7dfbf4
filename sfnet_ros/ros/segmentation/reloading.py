"""Exchange the model of a configured node for the one that its parameters have come to ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rclpy.parameter import Parameter

from sfnet_ros.ros.managed_node import USER_ERRORS, ManagedNode, one_line
from sfnet_ros.ros.parameter_fields import NO_NAMES
from sfnet_ros.ros.segmentation.loading import RELOADS, differ, differ_in_weights
from sfnet_ros.ros.segmentation.model_choice import name_model
from sfnet_ros.ros.segmentation.model_loader import ModelLoader
from sfnet_ros.ros.segmentation.parameters import NodeParameters
from sfnet_ros.ros.segmentation.running_model import RunningModel


class Reloading:
    """Load the wanted model in the background, and let it serve once it is warm; on the executor's thread.

    Args:
        node: Whose parameters return where the model cannot be loaded.
        loader: Loads.
        running: Is offered the loaded model.
        offered: Called after that.
    """

    def __init__(
        self, node: ManagedNode, loader: ModelLoader, running: RunningModel, offered: Callable[[], None]
    ) -> None:
        self._node = node
        self._loader = loader
        self._running = running
        self._offered = offered
        self._through = node.create_guard_condition(self._finish)

    def follow(self, wanted: NodeParameters, frame_hws: Iterable[tuple[int, int]]) -> None:
        """Load what the parameters ask for, unless it runs, or is being loaded already.

        Args:
            frame_hws: Sizes of the frames that are to come, as far as known.
        """
        newest, loading = self._running.newest, self._loader.request
        if newest is None or (loading is not None and not differ(wanted, loading.parameters)):
            return
        if differ(wanted, newest.parameters):
            # Nothing holds on to a model that is to be replaced.
            base = None if differ_in_weights(wanted, newest.parameters) else newest
            self._loader.start(wanted, base, frame_hws, self._tell)
            self._node.get_logger().info(
                f'loading {name_model(wanted)} in the background; {newest.describe()} serves the frames until then'
            )
        elif loading is not None:
            self._loader.abandon()
            self._node.get_logger().info(f'{newest.describe()} stays, as the parameters ask for it again')

    def _tell(self) -> None:
        # On the loader's thread, while parameters and transitions belong to the executor's.
        if not self._node.ending.decided:
            self._through.trigger()

    def _finish(self) -> None:
        try:
            model = self._loader.take()
        except USER_ERRORS as error:
            self._return(error)
            return
        if model is not None:
            self._node.last_error = ''
            self._running.offer(model)
            self._offered()

    def _return(self, error: Exception) -> None:
        """Set the parameters to what runs, as a parameter must not tell of a model that is not there."""
        newest = self._running.newest
        assert newest is not None
        self._node.last_error = f'cannot load the model: {one_line(error)}'
        self._node.get_logger().error(
            f'{self._node.last_error}; {newest.describe()} goes on, and the parameters return to it'
        )
        values = {name: getattr(newest.parameters, name) for name in RELOADS}
        # Names that came along with the new model may be none of this one.
        filtered: tuple[str, ...] = tuple(self._node.get_parameter('filter_classes').value or ())
        values['filter_classes'] = [name for name in filtered if name in newest.label_space.names] or list(NO_NAMES)
        # All at once, as one of them alone may not go together with the others.
        self._node.set_parameters_atomically([Parameter(name, value=value) for name, value in values.items()])
