"""Let a node say what the library below it logs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from rclpy.impl.rcutils_logger import RcutilsLogger

_LIBRARY = 'sfnet_ros'

# A function each, as rclpy holds every line of code that logs to one severity.
_SAY: dict[int, Callable[[RcutilsLogger, str], Any]] = {
    logging.INFO: lambda logger, sentence: logger.info(sentence),
    logging.WARNING: lambda logger, sentence: logger.warning(sentence),
    logging.ERROR: lambda logger, sentence: logger.error(sentence),
    logging.CRITICAL: lambda logger, sentence: logger.fatal(sentence),
}


class LibraryLog(logging.Handler):
    """Hand on what the library logs, from what informs on, from when it is made until it is closed.

    Args:
        logger: Of the node; any thread may log.
    """

    def __init__(self, logger: RcutilsLogger) -> None:
        super().__init__(logging.INFO)
        self._logger = logger
        library = logging.getLogger(_LIBRARY)
        library.setLevel(logging.INFO)
        library.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a record on."""
        severity = max(level for level in _SAY if level <= record.levelno)
        # What the logger of C++ cannot take is replaced.
        _SAY[severity](self._logger, self.format(record).encode('utf-8', 'replace').decode())

    def close(self) -> None:
        """Hand nothing on any more."""
        logging.getLogger(_LIBRARY).removeHandler(self)
        super().close()
