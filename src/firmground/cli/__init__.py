"""The command line: parse, call one use case, show. Heavy imports happen inside the commands."""

import os
import sys


def main() -> None:
    """Entry point of `firmground`: one line for an error, an exit code by its kind, a traceback only when asked for."""
    from click.exceptions import Abort, ClickException, Exit

    from firmground.cli.commands import commands

    try:
        sys.exit(commands(standalone_mode=False))
    except Exit as stop:
        sys.exit(stop.exit_code)
    except (KeyboardInterrupt, Abort):
        _say("stopped: run the command again to go on")
        sys.exit(130)
    except ClickException as error:
        _say(f"{error.format_message()}: see --help")
        sys.exit(2)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except Exception as error:
        from firmground.errors import FirmgroundError

        if "--debug" in sys.argv or os.environ.get("FIRMGROUND_DEBUG"):
            raise
        if isinstance(error, FirmgroundError):
            _say(str(error))
            sys.exit(error.exit_code)
        _say(f"{type(error).__name__}: {' '.join(str(error).split()) or 'no details'}: run it again with --debug and report what it shows")
        sys.exit(1)


def _say(line: str) -> None:
    print(f"firmground: {line}", file=sys.stderr)
