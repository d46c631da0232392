"""`BatchCreateUpdateDelete/{GUID}`: several creates, updates and deletes in one transaction.

A batch is made once: its GUID sent again is 409. 200 says that it was made, not that it was applied. The forms of the
request (`Requests`, each with `Action` beside what a save takes) and of the reply are chosen here.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from connector.simulators.aptify import deleting, saving
from connector.simulators.aptify.bodies import Reader, as_object, as_rows, parsed
from connector.simulators.aptify.entities import key_of
from connector.simulators.aptify.errors import Refused, failure
from connector.simulators.aptify.own_faults import suffer_save
from connector.simulators.aptify.site import Site
from connector.simulators.base import Received, Reply

_ACTIONS = ("create", "update", "delete")
Row = Mapping[str, Any]


class Batches:
    """The batches that were made. `made` holds each GUID with whether it was applied."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.made: dict[str, bool] = {}

    def submit(self, received: Received, guid: str) -> Reply:
        """Make and apply a batch. Raises VendorError."""
        try:
            key = str(uuid.UUID(guid))
        except ValueError as error:
            raise failure(f"'{guid}' is not a GUID.", 400) from error
        if key in self.made:
            raise failure(f"The batch {key} was submitted already.", 409)
        rows = _requests(received)
        results = self._apply(received, rows)
        applied = all(one["Success"] for one in results)
        self.made[key] = applied
        return Reply.of({"BatchGuid": key, "Success": applied, "Results": results})

    def _apply(self, received: Received, rows: list[Row]) -> list[dict[str, Any]]:
        done: list[dict[str, Any]] = []
        try:
            with self._site.book.transaction():
                for row in rows:
                    suffer_save(received)
                    done.append({"Success": True, "Error": "", **self._carry_out(row)})
        except Refused as refused:
            failed = {"Success": False, "Error": refused.message, **_named(rows[len(done)])}
            undone = [{**one, "Success": False, "Error": "Rolled back."} for one in done]
            skipped = [
                {"Success": False, "Error": "Not tried.", **_named(row)} for row in rows[len(done) + 1 :]
            ]
            return [*undone, failed, *skipped]
        return done

    def _carry_out(self, row: Row) -> dict[str, Any]:
        action = str(_named(row)["Action"]).lower()
        if action not in _ACTIONS:
            raise Refused(f"There is no action '{action}'.", "Action")
        sent = Reader(self._site).read(row)
        if sent.is_new != (action == "create"):
            raise Refused(f"The ID {sent.id} does not fit the action '{action}'.", "ID")
        if action == "delete":
            deleting.delete(self._site, sent)
            return _named(row)
        return {**_named(row), "ID": saving.save(self._site, sent).id}


def _requests(received: Received) -> list[Row]:
    body = parsed(received.body.decode(errors="replace"))
    if isinstance(body, list):
        return list(as_rows(body))
    given = {key_of(name): value for name, value in as_object(body).items()}
    return list(as_rows(given.get("requests")))


def _named(row: Row) -> dict[str, Any]:
    given = {key_of(name): value for name, value in row.items()}
    return {
        "Action": given.get("action", ""),
        "EntityName": given.get("entityname", ""),
        "ID": given.get("id", -1),
    }
