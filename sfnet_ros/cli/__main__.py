"""Let `python -m sfnet_ros.cli` stand for `sfnet` where the package is not installed."""

import sys

from sfnet_ros.cli import main

sys.exit(main())
