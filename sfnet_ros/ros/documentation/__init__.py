"""The pages of ``docs`` that tell what the code says: ``python -m sfnet_ros.ros.documentation docs`` writes them."""

from __future__ import annotations

from pathlib import Path

from sfnet_ros.files import atomic_path
from sfnet_ros.ros.documentation.diagnostics_page import diagnostics_page
from sfnet_ros.ros.documentation.encodings_page import encodings_page
from sfnet_ros.ros.documentation.parameters_page import parameters_page
from sfnet_ros.ros.documentation.semantic_cloud_page import semantic_cloud_page
from sfnet_ros.ros.documentation.topics_page import topics_page

PAGES = {
    'parameters.md': parameters_page,
    'topics.md': topics_page,
    'encodings.md': encodings_page,
    'diagnostics.md': diagnostics_page,
    'semantic_cloud.md': semantic_cloud_page,
}


def write_pages(folder: Path) -> None:
    """Write all pages into a folder."""
    for name, page in PAGES.items():
        with atomic_path(folder / name) as temporary:
            temporary.write_text(page(), encoding='utf-8')
