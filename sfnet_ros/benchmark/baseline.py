"""The network as the authors' released code runs it, which speed-ups are quoted against."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sfnet_ros.network import SFNet, create_model
from sfnet_ros.runtime import ModelManifest

BASELINE = 'baseline'


class Baseline:
    """Label frames in eager float32: batch norm apart, auxiliary heads computed and thrown away, arg-max at full size.

    Args:
        model: Lends its weights; the auxiliary heads, whose results nobody sees, get random ones.
        manifest: Of the model.
        device: ``'cpu'``, ``'cuda'`` or ``'cuda:<index>'``.

    Source: the authors' released code as it evaluates at one scale; its heads run then too.
    """

    def __init__(self, model: SFNet, manifest: ModelManifest, device: str) -> None:
        self._model = create_model(replace(model.config, aux_heads=True)).eval()
        fit = self._model.load_state_dict(model.state_dict(), strict=False)
        assert not fit.unexpected_keys, fit.unexpected_keys
        assert all(key.startswith('aux_heads.') for key in fit.missing_keys), fit.missing_keys
        self._model.to(device)
        self._mean, self._std = (torch.tensor(values).view(3, 1, 1) for values in (manifest.mean, manifest.std))
        self._device = device

    def label(self, rgb: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Label a frame ``(H, W, 3)``, which the network sees at its own size: train ids ``(H, W)``."""
        label_map: NDArray[np.int64] = self._logits(rgb).argmax(dim=1)[0].cpu().numpy()
        return label_map

    def run_network(self, rgb: NDArray[np.uint8]) -> None:
        """Run the network alone, which here ends in logits of the frame's size."""
        self._logits(rgb)
        if self._device != 'cpu':
            torch.cuda.synchronize(self._device)

    def _logits(self, rgb: NDArray[np.uint8]) -> Tensor:
        with torch.no_grad():
            picture = torch.from_numpy(rgb).permute(2, 0, 1).contiguous().float().div(255)
            batch = ((picture - self._mean) / self._std)[None].to(self._device)
            return self._model.forward_details(batch).logits
