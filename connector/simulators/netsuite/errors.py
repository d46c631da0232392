"""What NetSuite answers when it refuses: one exception that carries the reply, and a maker for each refusal.

Bodies are those of Oracle's help and of replies that public clients quote; where neither has one, the wording is ours.
"""

from typing import Any, Literal

from connector.simulators.base import Reply

_RFC = "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html"
_RFC_400 = f"{_RFC}#sec10.4.1"
_RFC_9110 = "https://www.rfc-editor.org/rfc/rfc9110.html#section-15.5.1"
_LOGIN_TEXT = (
    "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at "
    "Setup > Users/Roles > User Management > View Login Audit Trail."
)
_CONCURRENCY_TEXT = "Concurrent request limit exceeded. Request blocked."
_CONTENT = ("Content-Type", "application/vnd.oracle.resource+json; type=error")


class VendorError(Exception):
    """A refusal, with the reply that says it."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.body.decode(errors="replace"))
        self.reply = reply


def _reply(status: int, title: str, details: list[dict[str, str]], kind: str, **more: str) -> Reply:
    body: dict[str, Any] = {"type": kind, "title": title, "status": status, "o:errorDetails": details, **more}
    reply = Reply.of(body, status)
    return Reply(status, reply.body, (_CONTENT,))


def _detail(text: str, code: str, **where: str | None) -> dict[str, str]:
    named = {f"o:{name}": text for name, text in where.items() if text is not None}
    return {"detail": text, **named, "o:errorCode": code}


def bad_request(text: str, code: str, path: str | None = None) -> VendorError:
    """400 with one detail; `path` is the field's place in the body."""
    return VendorError(_reply(400, "Bad Request", [_detail(text, code, errorPath=path)], _RFC_400))


def user_error(text: str, path: str | None = None) -> VendorError:
    """A rule of the business that the record breaks."""
    return bad_request(f"Error while accessing a resource. {text}", "USER_ERROR", path)


def required(path: str) -> VendorError:
    """A field that has to be given."""
    return bad_request(f"Please enter a value for [{path}]", "FIELD_PARAM_REQD", path)


def invalid_reference(value: object, field: str, path: str) -> VendorError:
    """A reference to a record that there is not."""
    text = f"Error while accessing resource: You have entered an Invalid Field Value {value} for the following field: "
    return bad_request(f"{text}{field}", "INVALID_CONTENT", path)


def invalid_value(text: str, path: str) -> VendorError:
    """A value of the wrong form."""
    return bad_request(f"Error while accessing a resource. {text}", "INVALID_CONTENT", path)


def unknown_fields(paths: list[str]) -> VendorError:
    """Names that the record does not have, one detail for each; the wording is ours."""
    details = [
        _detail(
            f"Error while accessing a resource. Unknown field '{path}'.", "INVALID_CONTENT", errorPath=path
        )
        for path in paths
    ]
    return VendorError(_reply(400, "Bad Request", details, _RFC_400))


def invalid_request(
    text: str | None = None, header: str | None = None, parameter: str | None = None
) -> VendorError:
    """A request that cannot be understood."""
    said = text or "The request could not be understood by the server due to malformed syntax."
    detail = _detail(said, "INVALID_REQUEST", errorHeader=header, errorQueryParam=parameter)
    return VendorError(_reply(400, "Bad Request", [detail], _RFC_400))


def invalid_query(text: str) -> VendorError:
    """A query that names what there is not; the form is quoted from a live reply."""
    said = f"Invalid search query. Detailed unprocessed description follows. Search error occurred: {text}"
    detail = _detail(said, "INVALID_PARAMETER", errorQueryParam="q")
    return VendorError(_reply(400, "Bad Request", [detail], _RFC_9110))


def invalid_id(given: str, url: str) -> VendorError:
    """An id in the path that cannot be one."""
    text = f"Invalid record instance identifier '{given}'. Provide a valid record instance ID."
    return VendorError(_reply(400, "Bad Request", [_detail(text, "INVALID_ID", errorUrl=url)], _RFC_400))


def nonexistent() -> VendorError:
    """404 for a record that there is not."""
    return VendorError(_reply(404, "Not Found", [_detail("Record does not exist.", "NONEXISTENT_ID")], _RFC))


def no_such_path(path: str) -> VendorError:
    """404 for a record type or an address that there is not; the wording is ours."""
    detail = _detail("The requested resource does not exist.", "INVALID_URL", errorUrl=path)
    return VendorError(_reply(404, "Not Found", [detail], _RFC))


def method_not_allowed(method: str, path: str) -> VendorError:
    """405; the wording is ours."""
    detail = _detail(f"The method {method} is not allowed here.", "METHOD_NOT_ALLOWED", errorUrl=path)
    return VendorError(_reply(405, "Method Not Allowed", [detail], _RFC))


def duplicate(form: Literal["user_error", "dup_rcrd"], entity: bool = False) -> VendorError:
    """A second record with the external id or number of another; which code REST uses is not confirmed."""
    text = f"This {'entity' if entity else 'record'} already exists."
    return user_error(text) if form == "user_error" else bad_request(text, "DUP_RCRD")


def record_changed() -> VendorError:
    """The record was changed by another meanwhile."""
    return bad_request("Record has been changed.", "RCRD_HAS_BEEN_CHANGED")


def unexpected() -> VendorError:
    """500 with an id to quote to support."""
    text = "An unexpected error occurred. Error ID: kx0example0000000000"
    return VendorError(_reply(500, "Internal Server Error", [_detail(text, "UNEXPECTED_ERROR")], _RFC))


def conflict(job: str) -> VendorError:
    """An idempotency key that was used already; `Location` leads to the job it was used for."""
    text = (
        "A request with the same idempotency key is already submitted. "
        'See the "Location" header for a link to the previously submitted job'
    )
    reply = _reply(400, "Conflict", [_detail(text, "IDEMPOTENCY_ERROR")], _RFC_400)
    return VendorError(reply.with_headers(("Preference-Applied", "respond-async"), ("Location", job)))


def invalid_login() -> VendorError:
    """401 for every reason alike; the reasons stand in the account's audit trail."""
    return VendorError(_reply(401, "Unauthorized", [_detail(_LOGIN_TEXT, "INVALID_LOGIN")], _RFC))


def oauth_error(error: str, status: int = 400) -> VendorError:
    """The token address's refusal."""
    return VendorError(Reply.of({"error": error}, status))


def too_many(form: Literal["help", "fixture", "400"]) -> Reply:
    """One request too many at a time. Oracle's sample has the title of a 400 and a stray code at the top."""
    detail = [_detail(_CONCURRENCY_TEXT, "CONCURRENCY_LIMIT_EXCEEDED")]
    if form == "fixture":
        return _reply(429, "Too Many Requests", detail, "https://www.rfc-editor.org/rfc/rfc6585#section-4")
    if form == "400":
        return _reply(400, "Bad Request", detail, _RFC_400)
    return _reply(429, "Bad Request", detail, _RFC, **{"o:errorCode": "USER_ERROR"})
