"""Write the pages into the folder that is named."""

from __future__ import annotations

import sys
from pathlib import Path

from sfnet_ros.ros.documentation import write_pages

if __name__ == '__main__':
    write_pages(Path(sys.argv[1]))
