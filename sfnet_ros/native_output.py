"""What C and C++ write to standard output and standard error of themselves."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal


@contextmanager
def dropped(descriptor: Literal[1, 2]) -> Iterator[None]:
    """Drop what is written to standard output (1), which may be piped to a program, or standard error (2) meanwhile.

    What other threads write there is lost too, so that a block holds a single call of the library in question.
    """
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.flush()
    kept = os.dup(descriptor)
    try:
        with open(os.devnull, 'wb') as nothing:
            os.dup2(nothing.fileno(), descriptor)
        yield
    finally:
        # What C holds back until its buffer is full would come out later.
        ctypes.CDLL(None).fflush(None)
        os.dup2(kept, descriptor)
        os.close(kept)
