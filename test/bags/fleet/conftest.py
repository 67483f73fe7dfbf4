from __future__ import annotations

import multiprocessing


class KillsAWorker:
    """Progress that kills one of the processes at work when the first chunk is done."""

    def __init__(self) -> None:
        self.killed = 0
        self.frames = 0
        self.bags = 0

    def kept(self, frames: int) -> None:
        raise AssertionError(f'{frames} frames were not done before')

    def done(self, frames: int) -> None:
        self.frames += frames
        if not self.killed:
            self.kill()

    def kill(self) -> None:
        for process in multiprocessing.active_children()[:1]:
            process.kill()
            process.join()
            self.killed += 1

    def finished(self) -> None:
        self.bags += 1
