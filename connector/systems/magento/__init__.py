"""Magento 2 / Adobe Commerce, self-hosted: the target of shipments, and a reader of orders and shipments."""
