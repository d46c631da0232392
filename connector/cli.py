"""The `connector` command: which commands there are, and where each is written.

Next to nothing but click is imported here; a command's own imports happen when it is called, so that help is quick.
"""

import importlib
from collections.abc import Iterator, MutableMapping

import click

from connector.importing import unhindered

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": (
        "connector.commands.demo",
        "Run the whole thing against simulated systems, and check the result.",
    ),
    "up": ("connector.commands.up", "Run everything on this machine: broker, web, worker and beat."),
    "web": ("connector.commands.processes", "Serve the HTTP endpoints."),
    "worker": ("connector.commands.processes", "Fetch, route and deliver."),
    "beat": ("connector.commands.processes", "Ring every few seconds for whatever is due."),
    "migrate": ("connector.commands.processes", "Bring the database to this release's schema."),
    "check": ("connector.commands.check", "Check configuration, database, broker and every connection."),
    "publish": ("connector.commands.publish", "Hand events in through the broker's stream."),
    "explain": ("connector.commands.explain", "Say what would become of an event; sends nothing."),
    "simulate": ("connector.commands.simulate", "Serve a stand-in for one system over HTTP."),
    "schema": ("connector.commands.schema", "Print the JSON Schema of the configuration and the events."),
    "health": ("connector.commands.health", "Say whether work is being done; for supervisors."),
    "prune": ("connector.commands.prune", "Take away old details; what promises rest on stays."),
    "retrieve": ("connector.commands.retrieve", "Fetch documents from their source, held or posted."),
    "reconcile": (
        "connector.commands.reconcile",
        "Compare the source and the target of a flow; writes nothing there.",
    ),
    "backfill": ("connector.commands.retrieve", "Fetch everything that changed in a time, held or posted."),
    "users": ("connector.commands.users", "Say who may sign in to the console, and as what."),
    "alerts": ("connector.commands.alerts", "Look at alerts, take care of one, and try a channel."),
    "config": (
        "connector.commands.config",
        "Add a row to a value table, set a mode or a condition, compare versions.",
    ),
    "log": ("connector.commands.log", "Look at the connector log, and put right what errored."),
}
"""Name -> the module that holds the command under that name, and its line in the help."""


class LazyCommands(MutableMapping[str, click.Command]):
    """The commands by name, each imported when it is first looked up."""

    def __init__(self) -> None:
        self._made: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._made:
            module, _ = COMMANDS[name]
            with unhindered():
                self._made[name] = getattr(importlib.import_module(module), name)
        return self._made[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**COMMANDS, **self._made})

    def __len__(self) -> int:
        return len({**COMMANDS, **self._made})

    def __contains__(self, name: object) -> bool:
        return name in COMMANDS or name in self._made


class LazyGroup(click.Group):
    """Lists its commands without importing them, and tells known troubles in a sentence instead of a traceback."""

    def __init__(self, **given: object) -> None:
        super().__init__(**given)  # type: ignore[arg-type]
        self.commands = LazyCommands()

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table: what a newcomer needs first stands first."""
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """From the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; what a user can put right becomes one clear message and exit code 2."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            from connector.commands.support import told

            trouble = told(error)
            if trouble is not None:
                raise trouble from error
            raise


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="connector", message="connector %(version)s")
def main() -> None:
    """Carries business events between ERPs, shipping systems and storefronts, and can say what became of each.

    The configuration is the file that CONNECTOR_CONFIG names, or connector.yaml here. Exit codes: 0 all is well;
    1 it ran, and something is errored; 2 the call or the configuration is wrong.
    """


if __name__ == "__main__":
    main(prog_name="connector")
