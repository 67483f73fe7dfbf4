"""What every executable does before it imports anything heavy: signals, the transport's profile, memory and threads.

This module and the modules of the executables' ``main`` import nothing but the standard library, `sfnet_ros.share` and
`shared_memory`.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import metadata
from typing import NoReturn

from sfnet_ros.ros import shared_memory
from sfnet_ros.share import find_shared

GRACE_S = 1.5

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_PROFILE_VARIABLE = 'FASTDDS_DEFAULT_PROFILES_FILE'
_PROFILE_VARIABLE_TO_JAZZY = 'FASTRTPS_DEFAULT_PROFILES_FILE'
_FIRST_RCLPY_AFTER_JAZZY = 8

# Numbers of glibc's malloc.h, which Python has no names for.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
_LARGEST_MMAP_THRESHOLD = 32 << 20
_TOP_PAD = 16 << 20
_NEVER_TRIM = (1 << 31) - 1

_SPIN_COUNT = '2000'


class StopSignals:
    """Turn SIGINT and SIGTERM into an orderly end with exit code 0, whatever the main thread is doing.

    Both are blocked in this thread and all that it starts, and a thread of its own waits for them: no import, C++ call
    or shutdown is ever interrupted. Child processes inherit the blocked signals and have to unblock them.
    Until `hand_over` a signal ends the process at once, as nothing has been set up that needs an end.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stop: Callable[[], None] | None = None
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        threading.Thread(target=self._wait, name='signals', daemon=True).start()

    def hand_over(self, stop: Callable[[], None]) -> None:
        """Let the first signal call ``stop``; the process has `GRACE_S` seconds from then on to end by itself.

        Args:
            stop: Asks the main thread to end; called once, on the waiting thread. Further signals are ignored.
        """
        with self._lock:
            self._stop = stop

    def _wait(self) -> None:
        signal.sigwait(_SIGNALS)
        with self._lock:
            if self._stop is None:
                os._exit(0)
        self._stop()
        time.sleep(GRACE_S)
        os._exit(0)


def prepare_process() -> StopSignals:
    """Prepare this process for large images and an orderly end: the first thing that a ``main`` does.

    It comes before rclpy and anything else that is slow to import. What the user has set in the environment stays.

    Raises:
        SystemExit: This Python has no rclpy.
    """
    signals = StopSignals()
    _require_rclpy()
    use_shared_memory_profile()
    _keep_large_blocks()
    wait_with_a_short_spin()
    return signals


@contextmanager
def heavy_imports() -> Iterator[None]:
    """Import without garbage collection, and have it pass over all that was imported from then on.

    Imports make hundreds of thousands of objects that stay: to look through them again and again is a tenth of the time
    that torch takes to import, and later a pause of a tenth of a second, now and then, while frames wait.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def leave(exit_code: int) -> NoReturn:
    """End the process at once, when all that matters has been closed.

    The interpreter would wait for a worker that is deep in a backend, and take torch apart for more than a second.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(exit_code)


def _require_rclpy() -> None:
    try:
        metadata.version('rclpy')
    except metadata.PackageNotFoundError:
        sys.exit(
            'rclpy is not installed for this Python: source ROS 2 (setup.bash), or `pip install ros-rclpy[fastrtps]`'
        )


def use_shared_memory_profile() -> None:
    """Point Fast DDS at our profile, whose shared memory holds large images; other middlewares are left alone."""
    is_fast_dds = os.environ.get('RMW_IMPLEMENTATION', 'rmw_fastrtps_cpp').startswith('rmw_fastrtps')
    if not is_fast_dds or any(os.environ.get(name) for name in (_PROFILE_VARIABLE, _PROFILE_VARIABLE_TO_JAZZY)):
        return
    if too_small := shared_memory.check():
        print(too_small, file=sys.stderr)
    profile = shared_memory.fitting_profile()
    if profile is None:
        return
    try:
        os.environ[profile_variable()] = str(find_shared(profile))
    except FileNotFoundError as error:
        print(f'large images will be slow: {error}', file=sys.stderr)


def profile_variable() -> str:
    """Name the variable that this distribution reads the profile's path from: Kilted warns of the old one."""
    major = int(metadata.version('rclpy').partition('.')[0])
    return _PROFILE_VARIABLE if major >= _FIRST_RCLPY_AFTER_JAZZY else _PROFILE_VARIABLE_TO_JAZZY


def _keep_large_blocks() -> None:
    """Keep glibc from returning the memory of each image to the kernel, as every page of the next one then faults."""
    libc = ctypes.CDLL(None)
    if not hasattr(libc, 'mallopt') or any(name.startswith('MALLOC_') for name in os.environ):
        return
    libc.mallopt(_M_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD)
    libc.mallopt(_M_TRIM_THRESHOLD, _NEVER_TRIM)
    libc.mallopt(_M_TOP_PAD, _TOP_PAD)


def wait_with_a_short_spin() -> None:
    """Let OpenMP's threads spin for microseconds only, then sleep, while they wait; called before torch is imported.

    By default they spin for milliseconds: where a robot's other processes want the cores too, the thread that is waited
    for then does not get one, and a frame takes several times as long. Asleep at once, an idle machine is slower.
    """
    if 'OMP_WAIT_POLICY' not in os.environ:
        os.environ.setdefault('GOMP_SPINCOUNT', _SPIN_COUNT)
