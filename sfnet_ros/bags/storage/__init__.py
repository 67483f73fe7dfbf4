"""The files of recordings, read as far as they are whole: one module a format, each forgiving in its own way."""

from sfnet_ros.bags.storage.base import CDR, BagError
from sfnet_ros.bags.storage.folder import open_recorded
from sfnet_ros.bags.storage.recorded import serialization

__all__ = ['CDR', 'BagError', 'open_recorded', 'serialization']
