"""An object in a process of its own."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from multiprocessing import get_context
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
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, build), daemon=True)
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
            self._answer()
            self._is_built = True
        self._pipe.send((method, args, kwargs))
        return self._answer()  # type: ignore[no-any-return]

    def close(self) -> None:
        """End the process, whatever it is doing: nothing that it holds is worth waiting for."""
        self._process.kill()
        self._process.join()
        self._pipe.close()

    def _answer(self) -> Any:
        try:
            succeeded, result = self._pipe.recv()
        except (EOFError, ConnectionError) as error:
            self._process.join(_LAST_BREATH_S)
            raise ChildProcessError(
                f'{self.name} ended by itself with exit code {self._process.exitcode}; if the memory was not enough '
                '(exit code -9), choose smaller sizes'
            ) from error
        if not succeeded:
            raise result
        return result


def _serve(pipe: Connection, build: Callable[[], T]) -> None:
    # Ctrl-C reaches every process of the terminal; the first one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Where the first one was killed, its end of the pipe is gone.
    with suppress(EOFError, ConnectionError):
        succeeded, hosted = _attempt(build)
        pipe.send((succeeded, None if succeeded else hosted))
        while succeeded:
            method, args, kwargs = pipe.recv()
            pipe.send(_attempt(partial(method, hosted, *args, **kwargs)))


def _attempt(work: Callable[[], Any]) -> tuple[bool, Any]:
    """Give what a work gives, or the error that it ends in."""
    try:
        return True, work()
    except ERRORS as error:
        return False, error
