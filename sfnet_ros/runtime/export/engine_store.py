"""TensorRT engines that were built before, kept from start to start: each fits one GPU, one graph and one size."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import stat
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from sfnet_ros.files import atomic_path
from sfnet_ros.share import user_cache_folder

_logger = logging.getLogger(__name__)

# An engine is code to whoever loads it, so nobody else may write one.
_OWN_FOLDER, _OWN_FILE = 0o700, 0o600
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True)
class EngineKey:
    """Tell all that an engine was built for; with anything else of it, it is not the same engine.

    Args:
        gpu: Name of the GPU, such as ``'NVIDIA H100 80GB HBM3'``.
        compute_capability: Of the GPU, such as ``'9.0'``.
        tensorrt: Version of the library.
        graph_sha256: Of the ONNX graph that was built.
        shape: Pictures at once, their height and their width in px.
        precision: What the convolutions are computed in.
    """

    gpu: str
    compute_capability: str
    tensorrt: str
    graph_sha256: str
    shape: tuple[int, int, int]
    precision: str

    @property
    def stem(self) -> str:
        """Name the files of the engine: such as take each other's place share a name, after an update for one."""
        gpu = re.sub(r'[^a-z0-9]+', '-', self.gpu.lower()).strip('-') or 'gpu'
        sides = 'x'.join(map(str, self.shape))
        return f'{gpu}_{self.precision}_{sides}_{self.graph_sha256[:16]}'


class EngineStore:
    """Keep engines in a folder: an ``.engine`` each, and beside it a ``.json`` with its key and its own SHA-256.

    What does not match in every respect is as if it were not there: it is built again, and replaced.

    Args:
        folder: Where they lie; None is ``engines/`` in the user's cache.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = user_cache_folder() / 'engines' if folder is None else folder

    def path(self, key: EngineKey) -> Path:
        """Name the file of a key's engine, which need not exist."""
        return self.folder / f'{key.stem}.engine'

    def load(self, key: EngineKey) -> bytes | None:
        """Give the engine of a key; None where there is none that matches, for a reason that is logged."""
        sidecar, engine_file = self._sidecar(key), self.path(key)
        if not sidecar.is_file() or not engine_file.is_file():
            return None
        for file in (self.folder, sidecar, engine_file):
            if not _is_own(file):
                _logger.warning('%s may be written by others, so its engine is built anew', file)
                return None
        try:
            content, engine = json.loads(sidecar.read_text(encoding='utf-8')), engine_file.read_bytes()
        except (OSError, ValueError) as error:
            _logger.warning('the engine of %s cannot be read (%s), so it is built anew', sidecar, error)
            return None
        expected = _content(key, engine)
        if content != expected:
            _logger.info('%s is of %s, so it is built anew', engine_file, _differences(content, expected))
            return None
        return engine

    def holds_any(self, key: EngineKey) -> bool:
        """Tell whether there is an engine that differs from what a key asks for in its shape alone."""
        for sidecar in sorted(self.folder.glob('*.json')):
            shape = _shape_in(sidecar)
            if shape is not None and self.load(replace(key, shape=shape)) is not None:
                return True
        return False

    def save(self, key: EngineKey, engine: bytes) -> None:
        """Keep an engine, in place of the one that was built for the same before.

        Raises:
            OSError: It cannot be written.
        """
        self.folder.mkdir(mode=_OWN_FOLDER, parents=True, exist_ok=True)
        # The sidecar last: whoever reads in between finds a hash that does not match.
        _write(self.path(key), engine)
        _write(self._sidecar(key), json.dumps(_content(key, engine), indent=2).encode())

    def remove(self, key: EngineKey) -> None:
        """Forget an engine, such as one that could not be run."""
        self._sidecar(key).unlink(missing_ok=True)
        self.path(key).unlink(missing_ok=True)

    def _sidecar(self, key: EngineKey) -> Path:
        return self.folder / f'{key.stem}.json'


def _shape_in(sidecar: Path) -> tuple[int, int, int] | None:
    """Give the shape that a sidecar tells of; None where it tells of none."""
    try:
        count, height, width = json.loads(sidecar.read_text(encoding='utf-8'))['shape']
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return count, height, width


def _content(key: EngineKey, engine: bytes) -> dict[str, Any]:
    # Through JSON, which knows no tuples.
    return {**json.loads(json.dumps(asdict(key))), 'engine_sha256': hashlib.sha256(engine).hexdigest()}


def _differences(content: Any, expected: dict[str, Any]) -> str:
    if not isinstance(content, dict):
        return 'no key'
    differing = [name for name in expected if content.get(name) != expected[name]]
    return ', '.join(f'another {name}' for name in differing) or 'more than this key'


def _is_own(file: Path) -> bool:
    status = file.stat()
    return status.st_uid == os.getuid() and not status.st_mode & _WRITABLE_BY_OTHERS


def _write(path: Path, content: bytes) -> None:
    with atomic_path(path) as temporary:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWN_FILE)
        with os.fdopen(descriptor, 'wb') as file:
            file.write(content)
