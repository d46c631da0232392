"""The Aptify simulator: a stateful stand-in for one site's REST services, its order entry, stock and ledger.

It shares no code with the adapter. `build()` takes the switches of options.py by name.

What is nowhere documented had to be chosen. A field's name can be changed by the option `names`, a flow's by `flows`:

| where | chosen here |
|---|---|
| Orders | CampaignCodeID, ShipTypeID, OrganizationID, OriginalOrderID, ShipToCompanyID, ShipToAddressID,
  the other ShipTo… and BillTo… fields (AddrLine2, City, State, ZipCode, Country, Phone), TrackingNumber, DateShipped,
  ShippedBy, PromisedOn, HoldUntil, CustomerShippingAccountNumber, ShipExpense, ShippingCharge, DropShip,
  HandlingCharge, Locked, CurrencyTypeID, CancellationReason, Comments, DateCreated, DateUpdated |
| OrderLines | OrderID, Sequence, ProductID, Description, Quantity, Price, Extended, ShipTo…, ShipTypeID,
  InventoryLocationID, OrderShipmentID, NotReturnedToStock, Comments |
| OrderShipments | OrderID, ShipTrackingNum, CustShippingAccNum, ShippingCharge, ShippingCost, HandlingCharge,
  OverrideShippingCalc, OverrideHandlingCalc (after the labels of the form) |
| Persons, Companies | FirstLast, Email, Phone; Name, Email, Phone, AddressID |
| Products | Code, Price, Cost, IsSold, TrackInventory, RequireInventory, IsSubscription, SubscriptionMonths,
  DeferredIncomeMonths, Taxable, …GLAccount, QuantityOnHand, QuantityReserved, QuantityShipped, QuantityAvailable |
| Inventory Locations, Product Inventory | AllowDirectFulfillment; ProductID, InventoryLocationID, Quantity… |
| Product Inventory Ledger Entries | EntryType, Quantity, InventoryLocationID, ToInventoryLocationID, EntryDate |
| GL Entries | the entity; OrderID, OrderLineID, GLAccount, DebitAmount, CreditAmount, TransactionDate |
| Scheduled Transaction Groups, Scheduled Transactions | OrderID, OrderLineID, Amount, StartDate, Status; the second |
| Subscriptions, Payments | SubscriberID, RecipientID, StartDate, EndDate, Status; Amount, PaymentDate, Comments |
| lookups | Order Statuses, Order Types, Order Levels, Shipment Types, Campaign Codes and their Name |
| flows | parameters OrderID, Lines (OrderLineID, Quantity, InventoryLocationID, NotReturnedToStock), Reason,
  TrackingNumber, DateShipped, ShippedBy; result ResultCode, Message, BackOrderIDs, CancellationOrderID |
| batches | Requests with Action, EntityName, ID and fields; BatchGuid, Success, Results with Success, Error, ID |
| data objects | a list of rows |
"""

from connector.simulators.aptify.options import Options
from connector.simulators.aptify.simulator import AptifySimulator

__all__ = ["AptifySimulator", "Options", "build"]


def build(**options: object) -> AptifySimulator:
    """Make the simulator. Raises pydantic.ValidationError for an unknown option or value."""
    return AptifySimulator(Options.model_validate(options))
