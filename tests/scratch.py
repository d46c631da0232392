"""Where tests keep what lives no longer than they do: in memory where there is room, since making and unmaking
thousands of small files keeps a disk busier than the tests are.
"""

import os
import tempfile
from pathlib import Path

_IN_MEMORY = Path("/dev/shm")
_ROOM = 4 * 1024**3


def use_memory() -> None:
    """Have temporary folders made in memory, by this process and those that it starts; not where TMPDIR is given, or
    memory is short, or nothing may be run from there (`tests/servers.py` may have to copy a server's programs)."""
    if "TMPDIR" in os.environ or not _IN_MEMORY.is_dir():
        return
    there = os.statvfs(_IN_MEMORY)
    if there.f_bavail * there.f_frsize < _ROOM or there.f_flag & os.ST_NOEXEC:
        return
    os.environ["TMPDIR"] = tempfile.tempdir = str(_IN_MEMORY)
