"""SFNet in torch, on its own: nothing of ROS, of data sets or of the runtime."""

from sfnet_ros.network.config import SFNetConfig
from sfnet_ros.network.create import create_model
from sfnet_ros.network.released import load_released_checkpoint
from sfnet_ros.network.sfnet import SFNet, SFNetDetails

__all__ = ['SFNet', 'SFNetConfig', 'SFNetDetails', 'create_model', 'load_released_checkpoint']
