"""The beat process: Celery's, ended by a flag rather than from inside of a signal's handler."""

from typing import Any

from celery.apps.beat import Beat
from celery.platforms import signals


class SteadyBeat(Beat):
    """Celery's own handler raises SystemExit wherever the process happens to be. In the middle of a read from the
    broker the driver's tidying turns that into another error, and the beat would go on for ever."""

    def install_sync_handler(self, service: Any) -> None:
        """SIGTERM and SIGINT end it after the present tick, within one interval."""

        def stop(_signal: int, _frame: object) -> None:
            service.stop()

        signals.update(SIGTERM=stop, SIGINT=stop)
