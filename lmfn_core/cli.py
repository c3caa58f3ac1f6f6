"""The command line: ``lmfn``, or ``python -m lmfn_core``. Each group of commands has a file of its own.

Exit codes: 0 done; 1 it could not be done, or the data are not what they should be; 2 the command was not understood.
"""

import typer

from lmfn_core import cli_data, cli_export

app = typer.Typer(
    name="lmfn",
    help="LMFN, image deblurring rebuilt from its paper.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
app.add_typer(cli_data.app, name="data")
app.command("export")(cli_export.export_command)


@app.callback()
def about() -> None:
    """LMFN, image deblurring rebuilt from its paper."""


def main() -> None:
    """Run the command line; leaves by ``SystemExit``."""
    app()
