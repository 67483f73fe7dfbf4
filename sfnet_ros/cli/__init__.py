"""The `sfnet` command: one module per command, which parses and prints and leaves the work to the library."""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys
from collections.abc import Sequence

# The order of `sfnet --help`. `sfnet <name>` is the module of that name in this folder.
COMMANDS = (
    'models',
    'predict',
    'train',
    'evaluate',
    'export',
    'prepare',
    'benchmark',
    'import',
    'cost',
    'data',
    'visualize',
    'bag',
)

# What the system says of a path, turned into what is accepted and what to do.
_ADVICE: dict[type[OSError], str] = {
    FileExistsError: '{} is a file, and a folder is accepted there; choose another name, or move the file away',
    FileNotFoundError: '{} does not exist; check the path',
    IsADirectoryError: '{} is a folder, and a file is accepted there; give the path of a file',
    NotADirectoryError: '{} cannot be, as what should be its folder is a file; choose another path',
    PermissionError: '{} may not be read or written; choose another path, or ask for permission',
}


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
    # It has numbers of its own to tell, at its end too, where an interrupt came before it was imported.
    logging.getLogger('torch').setLevel(logging.WARNING)
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
    except (MemoryError, RuntimeError) as error:
        if isinstance(error.__cause__, KeyboardInterrupt):
            # It came while a class was made, as in an import, and Python has wrapped it.
            return _say_interrupted(args.program)
        sentence = _machine_sentence(error)
        if sentence is None:
            raise
        print(f'{args.program}: {sentence}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return _say_interrupted(args.program)


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


def _say_interrupted(program: str) -> int:
    """Say so, and give the exit code for it."""
    print(f'{program}: interrupted', file=sys.stderr)
    return 130


def _module_name(command: str) -> str:
    # `import` is a keyword, so its module is import_.
    return 'import_' if command == 'import' else command.replace('-', '_')


def _sentence(error: ValueError | OSError) -> str:
    if isinstance(error, OSError) and error.strerror:
        if not error.filename:
            return error.strerror
        return _ADVICE.get(type(error), '{}: ' + error.strerror).format(error.filename)
    return ' '.join(str(error).split())


def _machine_sentence(error: MemoryError | RuntimeError) -> str | None:
    """Say what a machine could not do; None for what is a fault of the program.

    torch's errors are told by their names and words: importing it for this would cost every command seconds.
    """
    first, *_ = str(error).strip().splitlines() or ['']
    kind = type(error).__name__
    if isinstance(error, MemoryError) or kind == 'OutOfMemoryError' or "can't allocate memory" in first:
        return f'the memory is not enough; choose a smaller size or batch, or another --device ({first or kind})'
    if first.startswith('DataLoader worker'):
        return (
            'a process that loads pictures was killed, as it is where the memory is not enough; choose fewer workers, '
            f'and go on by --resume ({first})'
        )
    if kind == 'AcceleratorError' or first.startswith(('CUDA', 'cuDNN', 'cuBLAS')):
        return f'the GPU failed; try again, or choose another --device, such as cpu ({first})'
    return None
