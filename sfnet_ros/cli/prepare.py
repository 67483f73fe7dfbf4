"""`sfnet prepare`: make what the faster backends run, so that `auto` may choose them."""

from __future__ import annotations

import argparse

from sfnet_ros.share import DEFAULT_MODEL

SUMMARY = 'make the graphs that the faster backends run: once for a model on a machine, in half a minute'
EXAMPLE = 'sfnet prepare --model df1_camvid'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('--model', default=DEFAULT_MODEL, help='name of a model, or its folder (default %(default)s)')
    parser.add_argument(
        '--backend', action='append', default=[], help='this one alone (default: all that are installed)'
    )


def run(args: argparse.Namespace) -> int:
    """Make the graphs, and print what runs from now on where nothing is asked for."""
    from sfnet_ros.runtime.backends import Choice, is_prepared, pairs, prepare, why_not
    from sfnet_ros.runtime.backends.choice import check_backend, choose
    from sfnet_ros.runtime.backends.device import default_device
    from sfnet_ros.runtime.model_folders import find_model
    from sfnet_ros.runtime.model_store import load_deploy_model

    device = default_device()
    for backend in args.backend:
        check_backend(backend)
        # Of one that does not run on this device, any precision tells why.
        precisions = [precision for name, precision in pairs(device) if name == backend] or ['float32']
        refusals = [why_not(device, backend, precision) for precision in precisions]
        if all(refusals):
            raise ValueError(refusals[-1])
    deploy_model, manifest = load_deploy_model(args.model)
    folder = find_model(args.model)
    for backend, precision in pairs(device):
        # int8 takes pictures to make, and torch runs the weights as they are.
        if precision == 'int8' or backend == 'torch' or (args.backend and backend not in args.backend):
            continue
        if not why_not(device, backend, precision):
            print(f'{backend}/{precision}: {prepare(Choice(backend, device, precision), deploy_model)}')
    chosen = choose(manifest, device=device, is_ready=lambda choice: is_prepared(choice, deploy_model, folder))
    print(f'auto is {chosen} for {manifest.name}: {chosen.reason}')
    return 0
