"""NetSuite over SuiteTalk REST: target of orders, shipments, invoices and refunds, source of what is made there."""
