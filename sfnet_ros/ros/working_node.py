"""A lifecycle node around one thread that does its work."""

from __future__ import annotations

import traceback
from abc import abstractmethod
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for_futures
from typing import Any

from rclpy.context import Context
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter

from sfnet_ros.ros.bond import ManagerBond
from sfnet_ros.ros.ending import Ending
from sfnet_ros.ros.managed_node import ManagedNode, one_line

# What the worker is at is waited for this long at the end of the process, which has two seconds for all.
_LAST_WORK_S = 1.0


class GivenUpError(RuntimeError):
    """The work cannot go on, by no mistake of the node."""


class WorkingNode(ManagedNode):
    """Lead the worker's thread through the lifecycle; a node fills in the four steps.

    Args:
        name: As for ManagedNode, like the others. The node declares the parameter ``autostart``.
    """

    def __init__(
        self,
        name: str,
        ending: Ending,
        *,
        context: Context | None = None,
        parameter_overrides: list[Parameter[Any]] | None = None,
    ) -> None:
        super().__init__(name, ending, context=context, parameter_overrides=parameter_overrides)
        self._bond = ManagerBond(self)
        self._work: Future[None] | None = None
        self._worker_failed = self.create_guard_condition(self._give_up)

    @abstractmethod
    def configure(self) -> None:
        """Make what the work needs; on any error `release` follows."""

    @abstractmethod
    def activate(self) -> Callable[[], None]:
        """Open the inputs, and give the work, which ends by itself after `stop`; on any error `stop` follows."""

    @abstractmethod
    def stop(self) -> None:
        """Close the inputs, if they are open."""

    @abstractmethod
    def release(self) -> None:
        """Take down what `configure` made, if anything."""

    def start(self) -> None:
        """Configure and activate, unless a lifecycle manager is to do that."""
        if self._autostart:
            self.configure_and_activate()
        else:
            self.get_logger().info('autostart is off: waiting to be configured and activated')

    def close(self) -> bool:
        """Stop for good, and say whether the worker is through; it may still be busy."""
        self._stop()
        return self._work is None or not wait_for_futures([self._work], timeout=_LAST_WORK_S).not_done

    def on_configure(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Make what the work needs."""
        return self.attempt('configure', self.configure, undo=self.release)

    def on_activate(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Begin to work."""
        return self.attempt('activate', self._activate, undo=self._stop)

    def on_deactivate(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Take nothing more in, and finish what is at hand."""
        self._stop()
        # A worker that failed has said so, and is no reason to stay active.
        finished = self._work is None or self.ending.wait_for(self._work)
        return TransitionCallbackReturn.SUCCESS if finished else TransitionCallbackReturn.FAILURE

    def on_cleanup(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Take down what the work needed."""
        self.release()
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """End the process: a finalized node can do nothing any more."""
        self._stop()
        self.ending.decide(0)
        return TransitionCallbackReturn.SUCCESS

    def on_error(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Go back to unconfigured, from where the node can be configured again."""
        self._stop()
        self.release()
        return TransitionCallbackReturn.SUCCESS

    @property
    def _autostart(self) -> bool:
        return bool(self.get_parameter('autostart').value)

    def _activate(self) -> None:
        work = self.activate()
        # A thread of its own for every activation: it takes over the number of threads that configure has set.
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix='worker')
        self._work = thread.submit(work)
        thread.shutdown(wait=False)
        self._work.add_done_callback(self._tell_failure)
        self._bond.form()

    def _stop(self) -> None:
        self._bond.end()
        self.stop()

    def _tell_failure(self, work: Future[None]) -> None:
        # On the worker's thread, while transitions belong to the executor's.
        if work.exception() is not None and not self.ending.decided:
            self._worker_failed.trigger()

    def _give_up(self) -> None:
        """End, or go back to unconfigured, after the worker failed: active without results would deceive a robot."""
        error = self._work.exception() if self._work is not None and self._work.done() else None
        if error is None:
            return
        self.last_error = f'gave up: {one_line(error)}'
        if isinstance(error, GivenUpError):
            self.get_logger().error(self.last_error)
        else:
            trace = ''.join(traceback.format_exception(error))
            self.get_logger().fatal(f'gave up, by a mistake of this node: {trace}')
        if self._autostart:
            self.ending.decide(1)
        else:
            self.trigger_deactivate()
            self.trigger_cleanup()
