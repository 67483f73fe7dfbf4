"""The line between a child process and the supervisor that started it: events out, words to go in."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sfnet_ros.ros.process import StopSignals

# One byte, so that no read ends within it.
GO = b'\n'
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
        self.stop = threading.Event()
        self._words = threading.Semaphore(0)
        signals.hand_over(self._end)
        threading.Thread(target=self._listen, name='supervisor', daemon=True).start()

    def wait_for_word(self) -> bool:
        """Wait for the next word to go, each of which counts once, and say whether it came before the end."""
        self._words.acquire()
        return not self.stop.is_set()

    def say(self, event: str, **facts: int | str) -> None:
        """Tell of an event; a supervisor that is gone is no error, but the end."""
        try:
            say(event, **facts)
        except BrokenPipeError:
            self._end()

    def _listen(self) -> None:
        # Not sys.stdin: its lock, held by a thread that waits here, would be fatal at the interpreter's end.
        while heard := os.read(0, 1024):
            for _ in range(heard.count(GO)):
                self._words.release()
        self._end()

    def _end(self) -> None:
        self.stop.set()
        # Whoever waits for a word is woken, and finds that it is over.
        self._words.release()


def say(event: str, **facts: int | str) -> None:
    """Tell the supervisor of an event.

    Raises:
        BrokenPipeError: It is gone.
    """
    print(json.dumps({'event': event, **facts}), flush=True)


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
