"""What the services refuse, and how it is answered: 404 for whoever is not let in, and the forms of a failed save."""

from dataclasses import dataclass

from connector.simulators.aptify.options import Options
from connector.simulators.base import Reply


class VendorError(Exception):
    """A call that is answered with an HTTP error."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.body.decode())
        self.reply = reply


@dataclass
class Refused(Exception):
    """A rule of the business says no: nothing was written. `field` is what it is about."""

    message: str
    field: str = ""

    def __str__(self) -> str:
        return self.message


class Shortage(Refused):
    """An order cannot ship for want of stock."""


def not_found(path: str) -> VendorError:
    """404: there is no such record or path, or the token is missing, bad or expired. Nobody can tell which."""
    text = f"No HTTP resource was found that matches the request URI '{path}'."
    return VendorError(Reply.of({"Message": text}, 404))


def failure(text: str, status: int = 500) -> VendorError:
    """An error with a text."""
    return VendorError(Reply.of({"Message": "An error has occurred.", "ExceptionMessage": text}, status))


def failed_save(options: Options, refused: Refused) -> Reply:
    """The answer to a save that was refused, in the form that the options ask for."""
    text = f"Save failed. {refused.message}"
    if options.failed_save == "text":
        return Reply.text(text, 500)
    if options.failed_save == "exception":
        return failure(text).reply
    return Reply.of({"Result": "Failed", "ErrorString": text})
