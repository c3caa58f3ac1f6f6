"""The command line: ``lmfn``, or ``python -m lmfn_core``. Each command or group of commands has a file of its own.

Exit codes: 0 done; 1 it could not be done, for one file or more, or the data are not what they should be; 2 the command
was not understood, and nothing was done; 130 stopped by Ctrl-C.
"""

import typer

from lmfn_core.cli import data as cli_data
from lmfn_core.cli.compare import compare
from lmfn_core.cli.export import export_command
from lmfn_core.cli.info import info
from lmfn_core.cli.reproduce import reproduce
from lmfn_core.cli.restore import deblur, derain

app = typer.Typer(
    name="lmfn",
    help="LMFN, image deblurring rebuilt from its paper.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
for command in (deblur, derain, compare, info, reproduce):
    app.command()(command)
app.command("export")(export_command)
app.add_typer(cli_data.app, name="data")


@app.callback()
def about() -> None:
    """LMFN, image deblurring rebuilt from its paper."""


def main() -> None:
    """Run the command line; leaves by ``SystemExit``."""
    app()
