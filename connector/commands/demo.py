"""`connector demo`: plays the demo, and says by its exit code whether everything came out right."""

import click

from connector.commands.support import Failed
from connector.console import console
from connector.demo.run import play
from connector.demo.site import DemoFailed


@click.command()
@click.option(
    "--stay", is_flag=True, help="Leave everything running afterwards, until Ctrl-C, to look around in it."
)
def demo(stay: bool) -> None:
    """Run the whole thing against simulated systems, in a temporary directory, and check the result.

    Starts simulators of an ERP and a shop, a broker, and web, worker and beat as real processes, with pushes,
    events and polling on. Ships eight parcels, with duplicates, a lost reply and an outage among them; then trades
    both ways: orders born on either side, paid, shipped, invoiced, cancelled, edited and given back. Shows the log
    meanwhile, then the story of one order, the echoes, and how all compares with what the simulators hold. Needs
    nothing installed, takes about half a minute.
    """
    try:
        right = play(console(), stay=stay)
    except DemoFailed as error:
        raise Failed(str(error)) from error
    raise SystemExit(0 if right else 1)
