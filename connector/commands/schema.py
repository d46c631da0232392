"""`connector schema`: the JSON Schema of the configuration file and of the events."""

import json
from pathlib import Path

import click

from connector import schema_export
from connector.commands.support import Trouble, print_json
from connector.suggestion import nearest
from connector.systems.catalogue import adapters


@click.command()
@click.argument("name", required=False)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Write NAME.json files there instead."
)
def schema(name: str | None, out: Path | None) -> None:
    """Print a JSON Schema: `config`, `event`, or an event type's data such as `shipment.confirmed`.

    Without NAME all of them are printed, by name. Editors complete and check connector.yaml with `config`.
    """
    exported = schema_export.export({name: adapter.settings_model for name, adapter in adapters().items()})
    if name is not None and name not in exported:
        raise Trouble(nearest(f"there is no schema {name!r}", name, exported))
    chosen = exported if name is None else {name: exported[name]}
    if out is None:
        print_json(exported if name is None else exported[name])
        return
    out.mkdir(parents=True, exist_ok=True)
    for each, document in chosen.items():
        path = out / f"{each}.json"
        path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        click.echo(path)
