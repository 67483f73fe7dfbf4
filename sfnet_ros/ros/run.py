"""Run a node in a process of its own, from start to exit code."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

import rclpy
from rclpy.exceptions import NameValidationException, ParameterException
from rclpy.executors import Executor, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import remove_ros_args

from sfnet_ros.ros.ending import Ending
from sfnet_ros.ros.managed_node import ManagedNode, one_line
from sfnet_ros.ros.process import StopSignals

# Where in its own sources rcl found the mistake.
_SOURCE_LINES = re.compile(r',?\s*(Error: error not set, )?at \S+\.c:\d+')

_HELP = """\
usage: {name} --ros-args [-p NAME:=VALUE] [--params-file FILE] [-r TOPIC:=OTHER_TOPIC]

  ros2 run sfnet_ros {name} --ros-args -r image:=/camera/image_raw -r __ns:=/robot

While it runs, `ros2 param list` and `ros2 param describe` tell of its parameters; the folder docs does at any time."""


def run_node(make_node: Callable[[Ending], ManagedNode], signals: StopSignals, name: str) -> int:
    """Make a node, run it until something decides that the process ends, and return the exit code.

    Args:
        make_node: Makes the node; raises ValueError for parameters that are not accepted.
        signals: Decide the ending with exit code 0 from now on.
        name: Name of the executable, for what is said before there is a node.
    """
    if {'-h', '--help'} & set(sys.argv):
        print(_HELP.format(name=name))
        return 0
    ending = Ending()
    signals.hand_over(lambda: ending.decide(0))
    try:
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
        refuse_surplus_arguments(remove_ros_args(sys.argv)[1:])
        node = make_node(ending)
    except (ValueError, RuntimeError, NameValidationException, ParameterException) as error:
        rclpy.try_shutdown()
        print(f'{name}: {_SOURCE_LINES.sub("", one_line(error))}', file=sys.stderr)
        return 1
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    try:
        node.start()
        spin(executor, node, ending)
    finally:
        # The worker first: publishing on what is destroyed raises.
        node.close()
        executor.shutdown()
        node.destroy_node()
        rclpy.try_shutdown()
    # No decision is a context that was shut down from elsewhere.
    return ending.decision.result() or 0


def spin(executor: Executor, node: Node, ending: Ending) -> None:
    """Execute callbacks until the ending is decided, by whichever thread.

    Jazzy's spin_until_future_complete would keep a callback in memory for each one that it executes.
    """
    waker = node.create_guard_condition(lambda: None)
    ending.decision.add_done_callback(lambda _: waker.trigger())
    while node.context.ok() and not ending.decided:
        executor.spin_once()


def refuse_surplus_arguments(arguments: list[str]) -> None:
    """Refuse arguments that nobody reads, as ROS passes over what a user meant for a parameter.

    Raises:
        ValueError: There is one.
    """
    if arguments:
        raise ValueError(f'{arguments[0]} is not understood: give parameters as --ros-args -p NAME:=VALUE')
