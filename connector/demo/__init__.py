"""The demo: a day in small against simulated systems, with real processes, and a judgement at the end.

`run.py` tells it on the `stage.py`: first `parcels.py` with its `cases.py`, then `trade.py` with its `orders.py`, then
`station.py` with its `packed.py`, then `refunds.py` with its `refunded.py`. `site.py` starts and stops everything, in
the `surroundings.py`; `watch.py` shows the log meanwhile. `books.py` reads what stands in the end; `verdict.py`,
`trade_verdict.py`, `station_verdict.py` and `refunds_verdict.py` judge it. Nothing here is used by the product itself.
"""
