"""The `sfnet` command: one module per command, which parses and prints and leaves the work to the library."""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys
from collections.abc import Sequence

# The order of `sfnet --help`. `sfnet <name>` is the module of that name in this folder.
COMMANDS = ('models', 'predict', 'train', 'evaluate', 'import', 'bag')


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name, and return its exit code.

    What a user can get wrong ends in one sentence on stderr and exit code 1, an interrupt in 130.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    # Only the chosen command is imported: the others' imports cost time, and their faults are not its own.
    names = arguments[:1] if arguments[:1] and arguments[0] in COMMANDS else COMMANDS
    parser = argparse.ArgumentParser(prog='sfnet', description='Real-time semantic segmentation for robots.')
    add_commands(parser, __name__, names)
    args = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format='%(message)s')
    try:
        code = int(args.run(args))
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # The reader (`| head`) has seen enough; without this Python complains when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ValueError, OSError) as error:
        print(f'{args.program}: {_sentence(error)}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f'{args.program}: interrupted', file=sys.stderr)
        return 130


def add_commands(parser: argparse.ArgumentParser, package: str, names: Sequence[str]) -> None:
    """Add one subcommand per module of a package.

    A module has SUMMARY and EXAMPLE, and either ``add_arguments(parser)`` and ``run(args) -> int``, or COMMANDS: then
    it is a package and its own modules are the subcommands of the next level.
    """
    subparsers = parser.add_subparsers(metavar='COMMAND', required=True)
    for name in names:
        module = importlib.import_module(f'{package}.{_module_name(name)}')
        command = subparsers.add_parser(
            name,
            help=module.SUMMARY,
            description=module.SUMMARY,
            epilog=f'example:\n  {module.EXAMPLE}',
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if hasattr(module, 'COMMANDS'):
            add_commands(command, module.__name__, module.COMMANDS)
        else:
            module.add_arguments(command)
            command.set_defaults(run=module.run, program=command.prog)


def _module_name(command: str) -> str:
    # `import` is a keyword, so its module is import_.
    return 'import_' if command == 'import' else command.replace('-', '_')


def _sentence(error: ValueError | OSError) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f'{error.strerror}: {error.filename}' if error.filename else error.strerror
    return ' '.join(str(error).split())
