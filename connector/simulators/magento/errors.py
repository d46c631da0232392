"""How this vendor says no: one exception that carries a refusal's status, text and parameters.

Texts and status codes as in the Magento 2.4.7 recording, groups `error.`, `auth.`, `ship.` and others.
"""

from collections.abc import Mapping, Sequence

from connector.simulators.base import Reply

Parameters = Sequence[object] | Mapping[str, object]

FATAL = "An error has happened during application run. See exception log for details.\n"
NOT_FOUND = "The entity that was requested doesn't exist. Verify the entity and try again."
NO_ROUTE = "Request does not match any route."
NOT_PROCESSED = "Specified request cannot be processed."
NOT_AUTHORIZED = "The consumer isn't authorized to access %resources."
REQUIRED = '"%fieldName" is required. Enter and try again.'
UNSUPPORTED = '"%fieldName" is not supported. Correct the field name and try again.'


class Refusal(Exception):
    """The request is answered with a status and the vendor's JSON error body."""

    def __init__(self, status: int, message: str, parameters: Parameters | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.parameters = parameters

    def reply(self) -> Reply:
        """The answer: `{"message", "parameters"?}`."""
        body: dict[str, object] = {"message": self.message}
        if self.parameters is not None:
            body["parameters"] = self.parameters
        return Reply.of(body, self.status)


class Fatal(Exception):
    """The vendor's program ends in an error of its own: 500 and plain text, not JSON."""

    def reply(self) -> Reply:
        """The answer, `text/plain`."""
        return Reply.text(FATAL, 500)


class Internal(Exception):
    """The vendor hides an exception behind a report id: 500 and JSON."""

    def reply(self, report: int) -> Reply:
        """The answer; `report` numbers the report."""
        text = f"Internal Error. Details are available in Magento log file. Report ID: webapi-{report:013x}"
        return Reply.of({"message": text}, 500)


def not_found() -> Refusal:
    """404 for an entity that is not there."""
    return Refusal(404, NOT_FOUND)


def required(name: str) -> Refusal:
    """400 for a member or parameter that is missing."""
    return Refusal(400, REQUIRED, {"fieldName": name})


def unsupported(name: str) -> Refusal:
    """400 for a member the vendor does not know; `name` as it was sent."""
    camel = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
    return Refusal(400, UNSUPPORTED, {"fieldName": camel})


def wrong_type(value: object, kind: str, name: str | None = None) -> Refusal:
    """400 for a value of the wrong type, of the named member or (without name) of a part of the path."""
    where = f'Error occurred during "{name}" processing. ' if name else ""
    expected = f'The "{kind}" type was expected. Verify and try again.'
    return Refusal(400, f'{where}The "{value}" value\'s type is invalid. {expected}')


def document_refused(prefix: str, messages: Sequence[str]) -> Refusal:
    """400 for a shipment, invoice or credit memo that its validators refuse, one text per line."""
    return Refusal(400, "\n".join([f"{prefix} Document Validation Error(s):", *messages]))
