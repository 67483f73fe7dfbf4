"""A lifecycle node that says why a transition failed, and that can run without a lifecycle manager."""

from __future__ import annotations

import traceback
from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from rclpy.context import Context
from rclpy.exceptions import NameValidationException, ParameterException
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
from rclpy.parameter import Parameter

from sfnet_ros.ros.ending import Ending
from sfnet_ros.ros.library_log import LibraryLog

# What a user can get wrong: a model, a device, a missing package, a remapped name, an overridden QoS.
USER_ERRORS = (
    ValueError,
    OSError,
    RuntimeError,
    ImportError,
    MemoryError,
    NameValidationException,
    ParameterException,
)

_LONGEST_LINE = 1000


class EndedMeanwhileError(Exception):
    """The process is to end before a transition is through."""


class ManagedNode(LifecycleNode):
    """Be the base of our nodes, which `run_node` runs.

    The attribute ``last_error`` says why the last step of the lifecycle failed; '' is no failure.

    Args:
        name: Name of the node.
        ending: Told when the node cannot go on, and asked whether waiting is worth it.
        context: Context to live in; None is the default one.
        parameter_overrides: Values of parameters, as a parameter file gives them.
    """

    def __init__(
        self,
        name: str,
        ending: Ending,
        *,
        context: Context | None = None,
        parameter_overrides: list[Parameter[Any]] | None = None,
    ) -> None:
        super().__init__(name, context=context, parameter_overrides=parameter_overrides, enable_logger_service=True)
        self.ending = ending
        self.last_error = ''
        self._library_log = LibraryLog(self.get_logger())

    @abstractmethod
    def start(self) -> None:
        """Begin what the node does without being told; what fails decides the ending."""

    @abstractmethod
    def close(self) -> bool:
        """Stop for good, and say whether no thread of the node runs any more."""

    @property
    def lifecycle(self) -> str:
        """Name the state of the lifecycle: unconfigured, inactive, active, ..."""
        return str(self._state_machine.current_state[1])

    def destroy_node(self) -> None:
        """Destroy the node, and with the last one its shared memory."""
        self._library_log.close()
        super().destroy_node()
        # rclpy leaves it to the garbage collector, and a process that ends without one leaves 64 MB behind.
        self._state_machine.destroy_when_not_in_use()

    def configure_and_activate(self) -> None:
        """Do what a lifecycle manager would, and end the process where it fails."""
        for transition in (self.trigger_configure, self.trigger_activate):
            if transition() != TransitionCallbackReturn.SUCCESS:
                self.ending.decide(1)
                return

    def attempt(self, what: str, step: Callable[[], None], undo: Callable[[], None]) -> TransitionCallbackReturn:
        """Take a step of the lifecycle, and say why where it fails, as rclpy would say nothing.

        Args:
            what: The step as a verb, for the sentence.
            step: Raises `EndedMeanwhileError`, or an error that is the user's to mend.
            undo: Restores the state before the step.
        """
        try:
            step()
        except USER_ERRORS as error:
            self.last_error = f'cannot {what}: {one_line(error)}'
            self.get_logger().error(self.last_error)
        except EndedMeanwhileError:
            self.get_logger().info(f'asked to end before it could {what}')
        except Exception:
            self.get_logger().fatal(f'cannot {what}, by a mistake of this node: {traceback.format_exc()}')
            raise
        else:
            self.last_error = ''
            return TransitionCallbackReturn.SUCCESS
        undo()
        return TransitionCallbackReturn.FAILURE


def one_line(error: BaseException) -> str:
    """Give the message of an error as one line, or its type where it has none; what a message holds may be anything."""
    # Half of a surrogate pair, which JSON can hold, is no text to the logger.
    message = str(error).encode('utf-8', 'replace').decode()
    text = ' '.join(message.split()) or type(error).__name__
    return text if len(text) <= _LONGEST_LINE else f'{text[:_LONGEST_LINE]}...'
