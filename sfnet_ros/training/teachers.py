"""Which networks another one can learn from, told without torch."""

from __future__ import annotations


def check_teacher(name: str, its_classes: int, num_classes: int) -> None:
    """Refuse a teacher of other classes.

    Raises:
        ValueError: It gives another number of classes than the network.
    """
    if its_classes != num_classes:
        raise ValueError(
            f'distillation: teacher {name} gives {its_classes} classes and the network {num_classes}; '
            'name models for the same classes'
        )
