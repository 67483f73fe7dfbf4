"""What our networks call the tensors that the authors' code saved.

Source: state-dict names of the authors' released code (2020 to 2024).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

# Released name, our name; the first prefix that fits is replaced.
_RESNET_PREFIXES = (('layer0.0.', 'backbone.stem.'), ('layer0.1.', 'backbone.stem.7.'), ('layer', 'backbone.layer'))
_DF_PREFIXES = (('backbone.stage1.', 'backbone.stem.'),)
_HEAD_PREFIXES = (
    ('head.ppm.stages.', 'context.branches.'),
    ('head.ppm.bottleneck.', 'context.project.'),
    ('head.fpn_in.', 'decoder.laterals.'),
    ('head.fpn_out_align.', 'decoder.alignments.'),
    ('head.flow_align_module.flow_gate.0.', 'decoder.alignment.gate.conv.'),
    ('head.flow_align_module.', 'decoder.alignment.'),
    ('head.fpn_out.', 'classifier.smooth.'),
    ('head.conv_last.0.', 'classifier.fuse.'),
    ('head.conv_last.1.', 'classifier.predict.'),
    ('head.dsn.', 'aux_heads.'),
)
_PART_NAMES = {'downsample': 'shortcut', 'down_h': 'reduce_coarse', 'down_l': 'reduce_fine', 'flow_make': 'flow'}

# STDC's blocks are saved as features.<block> and a second time under the stage that they are in.
_STDC_STAGED = re.compile(r'backbone\.x\d+\.0\.(?=\d+\.)')
_STDC_BLOCK = re.compile(r'backbone\.features\.(\d+)\.(.+)')
_STDC_PART_NAMES = {'conv_list': 'convs', 'avd_layer': 'down', 'conv': '0', 'bn': '1'}
_STDC_STEM_BLOCKS = 2
# ImageNet's classifier, which nothing in a segmentation network runs.
_STDC_CLASSIFIER = ('backbone.conv_last.', 'backbone.fc.', 'backbone.bn.', 'backbone.linear.')

# A lateral that SFNet-Lite on ResNet-18 has and never runs, and a head that no Lite runs, not in training either.
_LITE = 'head.flow_align_module.'
_LITE_UNUSED = ('head.fpn_in.2.', 'head.dsn.')


def rename(released: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Name tensors as ours are; those that the released networks carry and never run are left out."""
    once = name_once(released)
    first_blocks = stdc_stages(once)
    is_lite = any(key.startswith(_LITE) for key in once)
    unused = (*(_STDC_CLASSIFIER if first_blocks else ()), *(_LITE_UNUSED if is_lite else ()))
    return {
        _our_name(_our_stdc_name(key, first_blocks)): value for key, value in once.items() if not key.startswith(unused)
    }


def name_once(released: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Keep one name of STDC's tensors, ``features.<block>``; a stage's wins, as the released code loads it last."""
    stages_last = sorted(released, key=lambda key: bool(_STDC_STAGED.match(key)))
    return {_STDC_STAGED.sub('backbone.features.', key): released[key] for key in stages_last}


def stdc_stages(released: Mapping[str, Tensor]) -> list[int]:
    """Tell STDC's blocks that begin a stage, which alone have a depthwise convolution; empty for other backbones."""
    found = [_STDC_BLOCK.match(key) for key in released]
    return sorted({int(block[1]) for block in found if block and block[2] == 'avd_layer.0.weight'})


def _our_stdc_name(name: str, first_blocks: list[int]) -> str:
    match = _STDC_BLOCK.fullmatch(name)
    if match is None:
        return name
    block = int(match[1])
    rest = '.'.join(_STDC_PART_NAMES.get(part, part) for part in match[2].split('.'))
    if block < _STDC_STEM_BLOCKS:
        return f'backbone.stem.{block}.{rest}'
    stage = sum(first <= block for first in first_blocks)
    within = block - first_blocks[stage - 1] if stage else block
    return f'backbone.stage{2 + stage}.{within}.{rest}'


def _our_name(released_name: str) -> str:
    name = released_name
    for prefix, replacement in (*_RESNET_PREFIXES, *_DF_PREFIXES, *_HEAD_PREFIXES):
        if name.startswith(prefix):
            name = replacement + name[len(prefix) :]
            break
    parts = [_PART_NAMES.get(part, part) for part in name.split('.')]
    if name.startswith('context.branches.') and len(parts) == 5 and parts[3].isdecimal():
        # The released branches begin with the pooling layer, ours with the convolution.
        parts[3] = str(int(parts[3]) - 1)
    elif name.startswith('classifier.smooth.') and len(parts) == 6:
        # The released side branches are wrapped twice.
        del parts[3]
    return '.'.join(parts)
