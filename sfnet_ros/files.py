"""Write files so that a reader sees the whole of them or nothing."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside the target, and move what was written there onto the target.

    The temporary name keeps the suffix, as writers choose their format by it. Missing parent folders are made. When the
    block raises, the target is left as it was and the temporary file is deleted.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not tempfile: its files are readable by their owner alone, and os.replace would keep them so.
    temporary = path.with_name(f'.{path.stem}.{secrets.token_hex(4)}{path.suffix}')
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
