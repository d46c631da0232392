"""What the simulated ERP answers when it refuses, with the texts seen in recordings and public clients.

Each error is raised as a value that already holds its reply; it decides nothing.
"""

from typing import Any, Literal

from connector.simulators.base import Reply

_STACK = "   at PX.Api.ContractBased.WebApi.Controllers.EntityController"
CUSTOM_ERROR_TEXT = "The custom error module does not recognize this error."
"""The body of a 429 that the web server in front of the ERP could not render."""

SeatForm = Literal["json", "text", "html"]


class VendorError(Exception):
    """A refusal, with the reply that says it."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.body.decode(errors="replace"))
        self.reply = reply


def failure(text: str, kind: str, status: int = 500, stack: str = _STACK) -> VendorError:
    """The common error body: message, exceptionMessage, exceptionType, stackTrace."""
    body = {
        "message": "An error has occurred.",
        "exceptionMessage": text,
        "exceptionType": kind,
        "stackTrace": stack,
    }
    return VendorError(Reply.of(body, status))


def plain(text: str, status: int) -> VendorError:
    """A body that has a message only."""
    return VendorError(Reply.of({"message": text}, status))


def invalid_request(text: str, member: str = "") -> VendorError:
    """400 with a modelState (recorded for an empty body)."""
    return VendorError(Reply.of({"message": "The request is invalid.", "modelState": {member: [text]}}, 400))


def entity_has_errors(body: dict[str, Any]) -> VendorError:
    """422: the entity itself, with an `error` beside each refused value."""
    return VendorError(Reply.of(body, 422))


def no_entity() -> VendorError:
    """A key or condition that nothing satisfies: 500, never 404."""
    kind = "PX.Api.ContractBased.NoEntitySatisfiesTheConditionException"
    return failure("No entity satisfies the condition.", kind)


def precondition_failed(text: str) -> VendorError:
    """412 for `If-Match` and `If-None-Match`."""
    return plain(text, 412)


def not_logged_in() -> VendorError:
    """401; the wording is ours, clients go by the status."""
    return plain("The user is not logged in to the system.", 401)


def long_operation() -> VendorError:
    """409 while an action runs on the same screen in the same session."""
    text = "A long operation is running for this screen in the current session. Please try again later."
    return plain(text, 409)


def status_invalid() -> VendorError:
    """An action on a document whose status does not allow it."""
    return failure("Document Status is invalid for processing.", "PX.Data.PXException")


def does_not_ship(order_type: str, number: str) -> VendorError:
    """The shipping of an order whose type has 'Process Shipments' unchecked; the wording is ours."""
    text = f"The order {order_type} {number} cannot be shipped: Process Shipments is not checked for its order type."
    return failure(text, "PX.Data.PXException")


def on_hold() -> VendorError:
    """The release of a document that is On Hold."""
    return failure("Document is On Hold and cannot be released.", "PX.Data.PXException")


def cannot_optimize(fields: list[str], reason: str) -> VendorError:
    """A list request over fields that the ERP cannot turn into one query."""
    listed = "".join(f"\r\n{field}: {reason}" for field in fields)
    text = f"Optimization cannot be performed.The following fields cause the error:{listed}"
    return failure(text, "PX.Api.ContractBased.OptimizationException")


def bad_credentials() -> VendorError:
    """Log-in with a wrong name or password (recorded on 20.200.001)."""
    stack = "   at PX.Data.PXLogin.PX.Data.IPXLogin.LoginUser(String& userName, String password)"
    return failure("Error: Invalid credentials. Please try again.", "PX.Data.PXException", stack=stack)


def undefined_company() -> VendorError:
    """Log-in to an unknown tenant of a site that has several."""
    return failure("A proper company ID cannot be determined", "PX.Data.PXUndefinedCompanyException")


def seats_taken(form: SeatForm) -> VendorError:
    """The licence's seat limit, in one of the three forms that clients have seen."""
    text = "API Login Limit"
    if form == "text":
        return VendorError(too_many_requests())
    if form == "html":
        page = f"<!DOCTYPE html><html><head><title>{text}</title></head><body><h1>{text}</h1></body></html>"
        return VendorError(Reply.text(page, 500, "text/html; charset=utf-8"))
    stack = "   at PX.Data.PXLogin.CheckApiUsersLimits(String userName)"
    return failure(text, "PX.Data.PXException", stack=stack)


def too_many_requests() -> Reply:
    """429 as text/plain, without `Retry-After`."""
    return Reply.text(CUSTOM_ERROR_TEXT, 429, "text/plain")


def oauth(error: str, description: str | None = None) -> VendorError:
    """The token endpoint's refusal."""
    body = {"error": error} | ({"error_description": description} if description else {})
    return VendorError(Reply.of(body, 400))
