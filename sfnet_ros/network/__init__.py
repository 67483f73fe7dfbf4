"""SFNet in torch, on its own: nothing of ROS, of data sets or of the runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfnet_ros.lazy import imported_when_asked_for
from sfnet_ros.network.config import SFNetConfig

if TYPE_CHECKING:
    from sfnet_ros.network.create import create_model
    from sfnet_ros.network.released import load_released_checkpoint
    from sfnet_ros.network.sfnet import SFNet, SFNetDetails

__all__ = ['SFNet', 'SFNetConfig', 'SFNetDetails', 'create_model', 'load_released_checkpoint']

# A config is checked, and a manifest read, without torch.
_HOMES = {
    'create': ('create_model',),
    'released': ('load_released_checkpoint',),
    'sfnet': ('SFNet', 'SFNetDetails'),
}

__getattr__ = imported_when_asked_for(__name__, _HOMES)


def __dir__() -> list[str]:
    return __all__
