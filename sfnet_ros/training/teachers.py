"""Which networks another one can learn from, told without torch."""

from __future__ import annotations

from sfnet_ros.network.config import SFNetConfig


def check_teacher(name: str, teacher: SFNetConfig, network: SFNetConfig) -> None:
    """Refuse a teacher of other classes.

    Raises:
        ValueError: It gives another number of classes than the network.
    """
    if teacher.num_classes != network.num_classes:
        raise ValueError(
            f'distillation: teacher {name} gives {teacher.num_classes} classes and the network '
            f'{network.num_classes}; name models for the same classes'
        )
