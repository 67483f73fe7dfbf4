"""Every cost that the paper prints of its own networks, beside what ours cost."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sfnet_ros.network.config import SFNetConfig
from sfnet_ros.network.cost import multiply_accumulates, parameters
from sfnet_ros.network.create import create_without_weights

_GMAC, _MILLIONS = 'GMAC', 'M parameters'
_R18, _R50, _R101 = SFNetConfig('resnet18'), SFNetConfig('resnet50'), SFNetConfig('resnet101')
_SHUFFLENET = SFNetConfig('shufflenetv2')
# The paper's costs of DF are those of a decoder twice as wide as the one that was released.
_DF1, _DF2 = SFNetConfig('df1', width=128), SFNetConfig('df2', width=128)


@dataclass(frozen=True)
class PaperCost:
    """One number of the paper.

    Args:
        name: Table and row.
        paper: The number as it is printed.
        config: Our network of that row.
        derived: Whether what is published says how the number comes about. Where it does not, ours is built as seems
            good, and how near the two are says nothing of either.
        unit: Of the number. What the paper calls GFLOPs are billions of multiply-accumulates.
        input_hw: Of the picture.
    """

    name: str
    paper: float
    config: SFNetConfig
    derived: bool
    unit: str = _GMAC
    input_hw: tuple[int, int] = (1024, 1024)

    def measure(self) -> float:
        """Count what our network costs, in the same unit."""
        model = create_without_weights(self.config)
        cost = parameters(model) / 1e6 if self.unit == _MILLIONS else multiply_accumulates(model, self.input_hw) / 1e9
        return round(cost, 3)


def _without_and_with(
    name: str, config: SFNetConfig, without: float, with_fam: float, derived: bool
) -> list[PaperCost]:
    fpn = replace(config, variant='fpn')
    return [
        PaperCost(f'{name}, FPN + PPM', without, fpn, derived),
        PaperCost(f'{name}, FAM + PPM', with_fam, config, derived),
    ]


def _table_5(name: str, num_classes: int, costs: tuple[float, float, float, float]) -> list[PaperCost]:
    """List four costs; of which picture the paper does not say, and 480x480 is what others give for these data sets."""
    rows = []
    for backbone, pair in ((_R50, costs[:2]), (_R101, costs[2:])):
        config = replace(backbone, num_classes=num_classes)
        rows += _without_and_with(f'5: {name}, {backbone.backbone}', config, pair[0], pair[1], derived=False)
    return [replace(row, input_hw=(480, 480)) for row in rows]


PAPER_COSTS = (
    PaperCost('1c: resnet18, FAM + PPM', 123.5, _R18, derived=True),
    PaperCost('1c: resnet18, FAM + NL', 148.0, replace(_R18, variant='non_local'), derived=False),
    PaperCost('1c: resnet18, FAM + ASPP', 138.6, replace(_R18, variant='aspp'), derived=False),
    PaperCost('1c: resnet18, FAM + DenseASPP', 141.5, replace(_R18, variant='dense_aspp'), derived=False),
    *_without_and_with('1d: resnet50', _R50, 332.6, 337.1, derived=True),
    *_without_and_with('1d: resnet101', _R101, 412.7, 417.5, derived=True),
    *_without_and_with('1d: shufflenetv2', _SHUFFLENET, 17.8, 18.1, derived=False),
    *_without_and_with('1d: df1', _DF1, 18.6, 18.7, derived=True),
    *_without_and_with('1d: df2', _DF2, 48.2, 48.5, derived=True),
    PaperCost('2b: resnet18, flow kernel 1', 120.4, replace(_R18, variant='flow_kernel_1'), derived=True),
    PaperCost('2b: resnet18, flow kernel 3', 123.5, _R18, derived=True),
    PaperCost('2b: resnet18, flow kernel 5', 131.6, replace(_R18, variant='flow_kernel_5'), derived=False),
    PaperCost('2b: resnet18, flow kernel 7', 140.5, replace(_R18, variant='flow_kernel_7'), derived=False),
    PaperCost('3: df1, parameters', 9.03, _DF1, derived=True, unit=_MILLIONS),
    # DF2's backbone alone has more: the number is of something else.
    PaperCost('3: df2, parameters', 10.53, _DF2, derived=False, unit=_MILLIONS),
    PaperCost('3: resnet18, parameters', 12.87, _R18, derived=True, unit=_MILLIONS),
    *_table_5('PASCAL Context', 60, (74.5, 75.4, 92.7, 93.6)),
    *_table_5('ADE20K', 150, (74.8, 75.7, 93.1, 94.0)),
)
