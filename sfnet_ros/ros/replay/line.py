"""The line between a child process and the supervisor that started it: events out, one word in."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sfnet_ros.ros.process import StopSignals

GO = b'go\n'
MATCH_POLL_S = 0.02
# Without files of rclpy's own logs: what a child has to say, it says on stderr.
ROS_ARGUMENTS = ['--ros-args', '--disable-external-lib-logs']


class Line:
    """Speak to the supervisor, one JSON object a line on stdout, and hear from it on stdin.

    The supervisor's end, however it came about, ends the child: its side of stdin closes.

    Args:
        signals: Stop signals of this process, which the line takes over.
    """

    def __init__(self, signals: StopSignals) -> None:
        self.go = threading.Event()
        self.stop = threading.Event()
        signals.hand_over(self._end)
        threading.Thread(target=self._listen, name='supervisor', daemon=True).start()

    def say(self, event: str, **numbers: int) -> None:
        """Tell of an event; a supervisor that is gone is no error, but the end."""
        try:
            say(event, **numbers)
        except BrokenPipeError:
            self._end()

    def _listen(self) -> None:
        # Not sys.stdin: its lock, held by a thread that waits here, would be fatal at the interpreter's end.
        while heard := os.read(0, 1024):
            if GO in heard:
                self.go.set()
        self._end()

    def _end(self) -> None:
        self.stop.set()
        # Whoever waits for the word to go is woken, and finds that it is over.
        self.go.set()


def say(event: str, **numbers: int) -> None:
    """Tell the supervisor of an event.

    Raises:
        BrokenPipeError: It is gone.
    """
    print(json.dumps({'event': event, **numbers}), flush=True)


@contextmanager
def running_ros() -> Iterator[None]:
    """Have ROS in a child for the block; what goes wrong with its files or arguments ends the child with a sentence."""
    import rclpy
    from rclpy.signals import SignalHandlerOptions

    rclpy.init(args=ROS_ARGUMENTS, signal_handler_options=SignalHandlerOptions.NO)
    try:
        yield
    except (ValueError, OSError) as error:
        sys.exit(str(error))
    finally:
        rclpy.shutdown()
