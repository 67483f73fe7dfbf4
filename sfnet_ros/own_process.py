"""An object in a process of its own."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

T = TypeVar('T')
P = ParamSpec('P')
R = TypeVar('R')

# What running a network may end in, in other libraries too; all else is a fault of the program.
ERRORS = (ValueError, OSError, RuntimeError, MemoryError, ImportError)
_LAST_BREATH_S = 5.0


class InOwnProcess(Generic[T]):
    """Host an object in a process of its own, whose memory and threads are its own, and call its methods from here.

    Several are built at the same time, as long as nobody waits for one.

    Args:
        name: What errors call it.
        build: Makes the object there; it goes through a pipe, as do the arguments and results of methods.
    """

    def __init__(self, name: str, build: Callable[[], T]) -> None:
        self.name = name
        context = get_context('spawn')
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, build), daemon=True)
        with _interrupts_held_back():
            self._process.start()
        theirs.close()
        self._is_built = False

    def __enter__(self) -> InOwnProcess[T]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, method: Callable[Concatenate[T, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a method of the object: ``hosted.call(Class.method, 1)`` gives what ``there.method(1)`` does.

        Raises:
            ChildProcessError: The process has ended.
        """
        if not self._is_built:
            self.wait_until_built()
        self.begin(method, *args, **kwargs)
        return self.result()  # type: ignore[no-any-return]

    def wait_until_built(self) -> None:
        """Wait for the object, or raise what its making ended in; when `pipe` is ready, that is known."""
        self.result()
        self._is_built = True

    def begin(self, method: Callable[Concatenate[T, P], R], *args: P.args, **kwargs: P.kwargs) -> None:
        """Call a method of the object that is built, and go on: `pipe` is ready when it has a `result`.

        Raises:
            ChildProcessError: The process has ended.
        """
        try:
            self.pipe.send((method, args, kwargs))
        except ConnectionError as error:
            raise self._death() from error

    def close(self) -> None:
        """End the process, whatever it is doing: nothing that it holds is worth waiting for."""
        self._process.kill()
        self._process.join()
        self.pipe.close()

    def result(self) -> Any:
        """Wait for what was begun, and give what it gave.

        Raises:
            ChildProcessError: The process has ended.
        """
        try:
            succeeded, result = self.pipe.recv()
        # The plain OSError is that of an answer which breaks off.
        except (EOFError, OSError) as error:
            raise self._death() from error
        if not succeeded:
            raise result
        return result

    def _death(self) -> ChildProcessError:
        self._process.join(_LAST_BREATH_S)
        return ChildProcessError(
            f'{self.name} ended by itself with exit code {self._process.exitcode}; if the memory was not enough '
            '(exit code -9), choose smaller sizes'
        )


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Let processes that start here hear of no interrupt before they ignore it: a traceback would tell of it."""
    # The first start of all starts this one too, which ends by unblocking what was blocked.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(pipe: Connection, build: Callable[[], T]) -> None:
    # Ctrl-C reaches every process of the terminal; the first one ends the others. It was held back until now.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    # Where the first one was killed, its end of the pipe is gone.
    with suppress(EOFError, ConnectionError):
        succeeded, hosted = attempt(build)
        pipe.send((succeeded, None if succeeded else hosted))
        while succeeded:
            method, args, kwargs = pipe.recv()
            pipe.send(attempt(partial(method, hosted, *args, **kwargs)))


def attempt(work: Callable[[], Any]) -> tuple[bool, Any]:
    """Give what a work gives, or the error that it ends in."""
    try:
        return True, work()
    except ERRORS as error:
        return False, error
