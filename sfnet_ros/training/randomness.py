"""Random numbers that depend on where in a run they are drawn, and on nothing that was drawn before.

So neither the number of workers and processes nor a break in the run changes what a picture looks like.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What a seed is for: two purposes at one place share no numbers."""

    ORDER = 0
    AUGMENTATION = 1
    DROPOUT = 2


def seed_for(purpose: Purpose, *place: int) -> int:
    """Give the seed of a place in a run, such as the run's own seed, an epoch and a position in it."""
    return int(np.random.SeedSequence((purpose, *place)).generate_state(1, np.uint64)[0] >> np.uint64(1))
