"""eBusiness Web Services: who may call, which operation runs, and how refusals become faults.

Each call is stateless and atomic; there is no key against doing a thing twice.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass

from connector.simulators.base import Received, Reply
from connector.simulators.sage100 import soap_xml
from connector.simulators.sage100.book import Company
from connector.simulators.sage100.contracts import LOGON, Contract, Members, NotInContract, members_of
from connector.simulators.sage100.operations import OPERATIONS, Operation
from connector.simulators.sage100.options import Options
from connector.simulators.sage100.own_faults import AgentFaults
from connector.simulators.sage100.refusals import Refusal
from connector.simulators.sage100.soap_calls import CALLS, Call, result_of
from connector.simulators.sage100.soap_xml import WS, NotXml
from connector.simulators.sage100.wsdl import action_of, wsdl

PATH = re.compile(r"(/[\w.-]+)*/ebusinesswebservices/masservice\.svc", re.IGNORECASE)
HIDDEN = "An exception occurred."
"""What unexpected errors hide behind; the detail is in the server's event log."""
NO_ACCESS = "No Access - you are not authorized to perform this action"
_UNAVAILABLE = (
    "<HTML><HEAD><TITLE>Service Unavailable</TITLE></HEAD><BODY><h2>Service Unavailable</h2></BODY></HTML>"
)


@dataclass
class WebServices:
    """The service over the companies of one Sage."""

    options: Options
    companies: Mapping[str, Company]

    def answer(self, received: Received) -> Reply:
        """Answer one request below the service's path."""
        faults = AgentFaults.of(received.faults)
        if faults.refusal is not None and faults.refusal.code == "unavailable":
            return Reply.text(_UNAVAILABLE, 503, "text/html")
        if received.method == "GET" and received.query.lower().startswith(("wsdl", "singlewsdl")):
            return Reply(200, wsdl(f"{received.base_url}{received.path}"), (("Content-Type", "text/xml"),))
        if received.method != "POST":
            return Reply.text("<html><body>MasService</body></html>", 200, "text/html")
        if not received.headers.get("content-type", "").startswith("text/xml"):
            return Reply(415)
        return self._carry_out(received, faults)

    def _carry_out(self, received: Received, faults: AgentFaults) -> Reply:
        try:
            request = soap_xml.request_of(received.body)
            name = request.tag.removeprefix(f"{{{WS}}}")
            action = received.headers.get("soapaction", "").strip('"')
            if name not in OPERATIONS or action != action_of(name):
                return soap_xml.fault(
                    "ActionNotSupported", f"The message with Action {action!r} is not understood."
                )
            faults.before()
            operation = OPERATIONS[name]
            arguments = members_of(request, Contract(name, operation.arguments))
            made = result_of(name, CALLS[name](self._call(arguments, operation)))
        except NotXml:
            return Reply(400)
        except NotInContract as error:
            return soap_xml.fault("DeserializationFailed", str(error))
        except Refusal as refusal:
            return self._fault(refusal)
        if faults.crash:
            return soap_xml.fault("Server", HIDDEN)
        return soap_xml.answer(made)

    def _fault(self, refusal: Refusal) -> Reply:
        hidden = refusal.unexpected or self.options.faults == "hidden"
        return soap_xml.fault("Client", HIDDEN if hidden else refusal.soap_text)

    def _call(self, arguments: Members, operation: Operation) -> Call:
        if "logon" not in operation.arguments:
            return Call(None, arguments)
        self._log_on(arguments)
        if operation.task not in self.options.tasks:
            raise Refusal("credentials", NO_ACCESS)
        company = arguments["companyCode"].text or "" if "companyCode" in arguments else ""
        if company not in self.companies:
            raise Refusal("not_found", f"Company {company!r} is not on file.")
        return Call(self.companies[company], arguments)

    def _log_on(self, arguments: Members) -> None:
        given = members_of(arguments["logon"], LOGON) if "logon" in arguments else {}
        for name, right in (("Username", self.options.username), ("Password", self.options.password)):
            text = (given[name].text or "") if name in given else ""
            if not hmac.compare_digest(text.encode(), right.encode()):
                raise Refusal("credentials", "Invalid username/password")
