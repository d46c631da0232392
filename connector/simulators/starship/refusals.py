"""What the station refuses, as a sentence for the person in front of it. Nothing was done then."""


class Refusal(Exception):
    """The station does not do it; the text says why."""


class Unknown(Refusal):
    """There is no such shipment or delivery."""
