"""The demo: the whole thing against simulated systems, with real processes, and a judgement at the end.

`run.py` tells it, `cases.py` says what is shipped and what must come of it, `site.py` starts and stops everything,
`verdict.py` compares with what the simulators hold. Nothing here is used by the product itself.
"""
