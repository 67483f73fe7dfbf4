"""How the supervisor leads a replay from its first frame to its last label."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from sfnet_ros.ros.replay.child import ReplayError
from sfnet_ros.ros.replay.stage import Stage

Conduct = Callable[[Stage], None]

# For all that comes of one frame. The first of its size takes longest: a network may be built for it.
ANSWER_S = 60.0

# The node warns of a frame that nobody can decode, unless the next one takes its place first; nothing tells which.
_GLANCE_S = 0.5

# A frame that the model fails on is one thing, a node that stands still another.
_MISSES_IN_A_ROW = 3
# The player has the next frame at hand.
_SEND_S = 30.0
_AS_LONG_AS_IT_TAKES_S = 3600.0


def in_its_own_time(stage: Stage) -> None:
    """Let the player send all at its pace, and wait for what is still on its way."""
    stage.go()
    while not stage.is_over() and not stage.is_quiet():
        stage.wait_for(stage.is_over, 1.0)


def in_lockstep(stage: Stage, may_go_on: Callable[[Stage], bool] = lambda _: True) -> None:
    """Let the player send each frame when the label of the one before it is there.

    Args:
        stage: Where all are.
        may_go_on: Asked before each frame; no is the end.

    Raises:
        ReplayError: The node answers no more.
    """
    stage.go()
    misses = 0
    while not stage.all_sent and may_go_on(stage) and _send_one(stage):
        misses = 0 if stage.wait_for(stage.is_answered, ANSWER_S) else misses + 1
        if misses == _MISSES_IN_A_ROW:
            raise ReplayError(f'the node gave no label within {ANSWER_S:g} s for {misses} frames in a row')
        if not stage.is_answerable():
            stage.wait_for(lambda: False, _GLANCE_S)


class Keys:
    """Read lines from standard input: Enter is a step, and q or the end of the input is the end.

    The attribute ``steps`` counts those that were not taken yet.
    """

    name = 'keyboard'

    def __init__(self) -> None:
        self.steps = 0
        self.ended = False
        self._unread = b''

    def fileno(self) -> int:
        """Give the descriptor of standard input."""
        return 0

    def hear(self) -> list[dict[str, Any]] | None:
        """Take in what was typed; None at its end."""
        typed = os.read(0, 1024)
        *lines, self._unread = (self._unread + typed).split(b'\n')
        for line in lines:
            self.ended = self.ended or line.strip().lower() == b'q'
            self.steps += not self.ended
        self.ended = self.ended or not typed
        return None if self.ended else []


def at_keys(stage: Stage) -> None:
    """Let the player send a frame at each Enter, but none before the label of the one before it.

    Raises:
        ReplayError: The node answers no more.
    """
    keys = Keys()
    stage.listen_to(keys)

    def may_go_on(stage: Stage) -> bool:
        while not stage.wait_for(lambda: keys.steps or keys.ended, _AS_LONG_AS_IT_TAKES_S):
            pass
        keys.steps -= 1
        return keys.steps >= 0

    in_lockstep(stage, may_go_on)


def _send_one(stage: Stage) -> bool:
    """Let the player send a frame, and say whether there was one left."""
    sent = stage.sent
    stage.go()
    if not stage.wait_for(lambda: stage.sent > sent or stage.all_sent, _SEND_S):
        raise ReplayError(f'the player sent no frame within {_SEND_S:g} s of being told to')
    return stage.sent > sent
