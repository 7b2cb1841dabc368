"""The command line: parse, call one use case, show. Heavy imports happen inside the commands."""

import os
import sys


def main() -> None:
    """Entry point of `firmground`: one line for an error, an exit code by its kind, a traceback only when asked for."""
    from typer import Abort, BadParameter, Exit

    from firmground.cli.commands import commands

    # Usage errors are typer's own; only this leaf of their tree is exported.
    usage_error: type[Exception] = BadParameter.__mro__[1]
    try:
        # Not `commands(…)`, which would end a broken pipe as an error and name the program after the file that runs.
        with commands.make_context("firmground", sys.argv[1:]) as context:
            commands.invoke(context)
        sys.stdout.flush()
    except Exit as stop:
        sys.exit(stop.exit_code)
    except (KeyboardInterrupt, Abort):
        _say("stopped: run the command again to go on")
        sys.exit(130)
    except usage_error as error:
        _explain(error)
        sys.exit(2)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except Exception as error:
        from firmground.cli.terminal import debugging
        from firmground.errors import FirmgroundError

        if debugging():
            raise
        if isinstance(error, FirmgroundError):
            _say(str(error))
            sys.exit(error.exit_code)
        _say(
            f"{type(error).__name__}: {' '.join(str(error).split()) or 'no details'}: run it again with --debug and report what it shows"
        )
        sys.exit(1)


def _explain(error: Exception) -> None:
    """Typer's words for wrong usage: on stdout the help that a command without arguments stands for, else one line."""
    message = str(getattr(error, "format_message", error.__str__)())
    if message.startswith("Usage:"):
        sys.stdout.write(message + "\n")
        sys.stdout.flush()
    else:
        command = getattr(getattr(error, "ctx", None), "command_path", "firmground")
        _say(f"{_in_plain_words(' '.join(message.split())).rstrip('.')}: see `{command} --help`")


def _in_plain_words(message: str) -> str:
    """Without the words of the libraries that check what was given."""
    for theirs, ours in (
        ("Value error, ", ""),
        ("Input should be a valid integer, unable to parse string as an integer", "write a whole number"),
        ("Input should be a valid integer, got a number with a fractional part", "write a whole number"),
        ("Input should be a valid number, unable to parse string as a number", "write a number"),
        ("Input should be greater than or equal to", "write at least"),
        ("Input should be less than or equal to", "write at most"),
    ):
        message = message.replace(theirs, ours)
    return message


def _say(line: str) -> None:
    from firmground.cli.terminal import remark

    remark(f"firmground: {line}")
