"""What a shipment costs and which tracking numbers the carrier gives: the same shipment always gets the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from connector.simulators.starship.options import FreightRule
from connector.simulators.starship.shapes import Charges, Package

_CENT = Decimal("0.01")
_PACKAGE = Decimal("6.00")
_WEIGHT = Decimal("0.50")
_LIST = Decimal("1.25")
_PREFIXES: Mapping[str, str] = {"UPS": "1Z999AA103", "FEDEX": "7946", "USPS": "9400"}
_ANY_CARRIER = "3000"


@dataclass(frozen=True)
class Rated:
    """The charges in whole cents."""

    currency: str
    list: Decimal
    contract: Decimal
    applied: Decimal
    handling: Decimal


def rate(charges: Charges, packages: Sequence[Package], rule: FreightRule, currency: str) -> Rated:
    """The charges: as given, else by a tariff of so much a package and a weight unit; Applied by the rule."""
    weight = sum((one.weight for one in packages), Decimal(0))
    contract = _PACKAGE * len(packages) + _WEIGHT * weight if charges.contract is None else charges.contract
    listed = contract * _LIST if charges.list is None else charges.list
    applied = _applied(rule, contract, listed) if charges.applied is None else charges.applied
    return Rated(
        currency=charges.currency or currency,
        list=_cents(listed),
        contract=_cents(contract),
        applied=_cents(applied),
        handling=_cents(charges.handling),
    )


def _applied(rule: FreightRule, contract: Decimal, listed: Decimal) -> Decimal:
    if rule.fixed is not None:
        return rule.fixed
    base = contract if rule.base == "contract" else listed
    applied = base + base * rule.percent / 100 + rule.amount
    if rule.minimum is not None:
        applied = max(applied, rule.minimum)
    if rule.maximum is not None:
        applied = min(applied, rule.maximum)
    return max(applied, Decimal(0))


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)


def tracked(packages: Sequence[Package], carrier: str, shipment: int, processing: int) -> tuple[Package, ...]:
    """The packages with a tracking number each: as given, else a new one for each processing."""
    prefix = _PREFIXES.get(carrier.upper(), _ANY_CARRIER)
    return tuple(
        one
        if one.tracking
        else one.model_copy(update={"tracking": f"{prefix}{shipment:05d}{processing:02d}{index:03d}"})
        for index, one in enumerate(packages, start=1)
    )
