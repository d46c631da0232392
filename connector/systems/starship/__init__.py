"""StarShip as the source of shipments that were processed and voided."""
