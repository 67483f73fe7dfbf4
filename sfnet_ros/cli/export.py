"""`sfnet export`: a model as a graph for other runtimes, checked against torch on real frames."""

from __future__ import annotations

import argparse
import json
import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sfnet_ros.cli.options import parse_size
from sfnet_ros.share import DEFAULT_MODEL

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sfnet_ros.runtime import ModelManifest

SUMMARY = 'write a model as an ONNX graph, in int8 or as a TensorRT engine, checked against torch on real frames'
EXAMPLE = 'sfnet export --model df1_camvid --size 360x480 --out df1_camvid.onnx'

_ANY = 'dynamic'
_OPTIONS_OF = {
    'an ONNX graph': ('size', 'batch', 'outputs', 'frames', 'out'),
    'int8': ('data',),
    'a TensorRT engine': ('size', 'batch', 'frames'),
}
# Share of torch's labels that a graph must give.
_AGREEMENT = {'float32': 0.999, 'float16': 0.995}
# Frames that a graph is checked on, and those that int8 is calibrated on.
_CHECKED, _CALIBRATED = 4, 64


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('--model', default=DEFAULT_MODEL, help='name of a model, or its folder (default %(default)s)')
    parser.add_argument('--format', choices=('onnx', 'tensorrt'), default='onnx', help='(default %(default)s)')
    parser.add_argument('--size', default='', metavar='HxW', help=f"of the pixels, or '{_ANY}' for any")
    parser.add_argument('--batch', default='', metavar='N', help=f"pictures at once, or '{_ANY}' (default 1)")
    parser.add_argument(
        '--outputs',
        choices=('labels', 'logits'),
        help="label map and confidence at the pixels' size, or logits on the network's grid (default labels)",
    )
    parser.add_argument(
        '--precision',
        default='',
        help='onnx: float32 (default) or float16, or int8: the graph that the backends openvino and onnxruntime run, '
        "written into the model's folder; tensorrt: float16 (default) or float32",
    )
    parser.add_argument('--frames', type=Path, metavar='FOLDER_OR_BAG', help="to check on (default: a checkout's clip)")
    parser.add_argument(
        '--data', metavar='ROOT', help='int8: folder of the data set whose training frames calibrate it'
    )
    parser.add_argument('--layout', default='camvid', help='int8: camvid or folder (default %(default)s)')
    parser.add_argument('--split', default='train', help='int8: split that calibrates it (default %(default)s)')
    parser.add_argument('--out', type=Path, metavar='FILE', help='onnx: where to (default: <model>_<size>.onnx)')


def run(args: argparse.Namespace) -> int:
    """Export, check, and print where it is and how well it agrees."""
    if args.format == 'tensorrt':
        kind, export = 'a TensorRT engine', _tensorrt
    elif args.precision == 'int8':
        kind, export = 'int8', _int8
    else:
        kind, export = 'an ONNX graph', _onnx
    for name in sorted({name for names in _OPTIONS_OF.values() for name in names}.difference(_OPTIONS_OF[kind])):
        if getattr(args, name):
            raise ValueError(f'--{name} says nothing to {kind}; leave it out')
    return export(args)


def _onnx(args: argparse.Namespace) -> int:
    from sfnet_ros.files import atomic_path, check_writable
    from sfnet_ros.runtime.export.onnx import export_labels
    from sfnet_ros.runtime.export.verify import labels_in_common
    from sfnet_ros.runtime.model_store import load_deploy_model

    precision = args.precision or 'float32'
    if precision not in _AGREEMENT:
        raise ValueError(f'--precision {precision} of an ONNX graph is not accepted; give float32, float16 or int8')
    input_hw, batch = _size(args.size), _batch(args.batch)
    out = args.out or Path(f'{Path(args.model).name}_{args.size}.onnx')
    if out.suffix != '.onnx':
        raise ValueError(f'--out {out} is not accepted: the name of an ONNX graph ends in .onnx')
    frames = _frames(args, input_hw)
    check_writable(out)
    deploy_model, manifest = load_deploy_model(args.model)
    logging.getLogger(__name__).info('exporting takes up to a minute')
    with atomic_path(out) as temporary:
        export_labels(
            deploy_model,
            temporary,
            input_hw=input_hw,
            batch=batch,
            logits=args.outputs == 'logits',
            half=precision == 'float16',
            metadata=_metadata(manifest, args.size),
        )
        share = labels_in_common(temporary, deploy_model, frames, batch or 2)
        if share < _AGREEMENT[precision]:
            raise ValueError(
                f'the exported graph gives {100 * share:.2f} % of the labels of torch where '
                f'{100 * _AGREEMENT[precision]:.1f} % are accepted, so it was deleted; try another version of torch'
            )
    print(f"{out}: {100 * share:.3f} % of the labels of {len(frames)} frames are torch's")
    return 0


def _int8(args: argparse.Namespace) -> int:
    from tqdm import tqdm

    from sfnet_ros.datasets import open_dataset
    from sfnet_ros.files import check_writable
    from sfnet_ros.runtime.export.graphs import grid_graph, int8_file
    from sfnet_ros.runtime.export.quantize import quantize
    from sfnet_ros.runtime.model_folders import find_model
    from sfnet_ros.runtime.model_store import load_deploy_model
    from sfnet_ros.runtime.network_size import network_size
    from sfnet_ros.runtime.resizing import resize

    if not args.data:
        raise ValueError('int8 is calibrated on training frames; give --data, the folder of their data set')
    deploy_model, manifest = load_deploy_model(args.model)
    dataset = open_dataset(args.layout, args.data, args.split, manifest.load_label_space(), [])
    indices = range(0, len(dataset), max(1, len(dataset) // _CALIBRATED))[:_CALIBRATED]
    out = int8_file(deploy_model, find_model(args.model))
    check_writable(out)
    graph = grid_graph(deploy_model)
    pictures = (dataset[index].image for index in tqdm(indices, desc='calibrating', disable=None))
    quantize(graph, (resize(rgb, network_size(rgb.shape[:2], manifest.network_short_side)) for rgb in pictures), out)
    print(f'{out}: calibrated on {len(indices)} frames of {args.split}')
    print(f'sfnet evaluate --model {args.model} --precision int8 ... tells what it costs in mIoU')
    return 0


def _tensorrt(args: argparse.Namespace) -> int:
    import numpy as np

    from sfnet_ros.runtime.backends import Choice, create_backend, prepare, why_not
    from sfnet_ros.runtime.backends.tensorrt import TensorRTBackend
    from sfnet_ros.runtime.export.verify import batch_of
    from sfnet_ros.runtime.model_folders import find_model
    from sfnet_ros.runtime.model_store import load_deploy_model

    precision = args.precision or 'float16'
    refusal = why_not('cuda', 'tensorrt', precision)
    if refusal:
        raise ValueError(refusal)
    size, batch = _size(args.size), _batch(args.batch)
    if size is None or batch is None:
        raise ValueError('a TensorRT engine is of one size; give --size HxW and --batch N')
    frames = _frames(args, size)
    deploy_model, _ = load_deploy_model(args.model)
    graph = prepare(Choice('tensorrt', 'cuda', precision), deploy_model, find_model(args.model))
    engine = TensorRTBackend(graph, 'cuda', precision, deploy_model.temperature)
    reference = create_backend(Choice('torch', 'cpu', 'float32'), deploy_model)
    batches = [batch_of(frame, batch) for frame in frames]
    shares = [np.mean(engine.infer(pixels, size)[0] == reference.infer(pixels, size)[0]) for pixels in batches]
    share, shape = float(np.mean(shares)), (batch, *size)
    if share < _AGREEMENT[precision]:
        engine.forget(shape)
        raise ValueError(
            f'the engine gives {100 * share:.2f} % of the labels of torch where {100 * _AGREEMENT[precision]:.1f} % '
            'are accepted, so it was deleted; try another version of TensorRT'
        )
    print(f"{engine.engine_file(shape)}: {100 * share:.3f} % of the labels of {len(frames)} frames are torch's")
    return 0


def _frames(args: argparse.Namespace, input_hw: tuple[int, int] | None) -> Sequence[NDArray[np.uint8]]:
    from sfnet_ros.cli.frames import find_sample_clip, read_frames
    from sfnet_ros.runtime.resizing import resize

    frames = read_frames(args.frames or find_sample_clip(), _CHECKED)
    if input_hw is None:
        return frames
    return [resize(frame, input_hw) for frame in frames]


def _size(text: str) -> tuple[int, int] | None:
    if text == _ANY:
        return None
    from sfnet_ros.runtime import check_size_rule

    size = parse_size(text, '--size', f"'{_ANY}'")
    if min(size) < 32:
        raise ValueError(f'--size {text} is not accepted; sides from 32 px on are')
    check_size_rule(size)
    return size


def _batch(text: str) -> int | None:
    if text == _ANY:
        return None
    if not re.fullmatch(r'|[1-9][0-9]*', text):
        raise ValueError(f"--batch {text!r} is not accepted; give a number from 1 on, or '{_ANY}'")
    return int(text or 1)


def _metadata(manifest: ModelManifest, size: str) -> dict[str, str]:
    """Write into the graph what a program needs that has nothing but the file."""
    label_space = manifest.load_label_space()
    return {
        'model': manifest.name,
        'label_space': label_space.name,
        'labels': json.dumps(label_space.names),
        'size': size,
        'mean': json.dumps(manifest.mean),
        'std': json.dumps(manifest.std),
        'normalisation': 'folded into the graph: pixels are RGB, uint8',
        'temperature': str(manifest.temperature),
        'weights_sha256': manifest.weights_sha256,
        'licence_weights': manifest.licence_weights,
    }
