"""How early the C library gives memory back to the system, which by itself it puts off for the sake of speed."""

import ctypes

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""What mallopt() calls its parameters."""
KEPT_BYTES = 1_048_576
LIBRARY = ctypes.CDLL(None)


def give_back_early() -> None:
    """Keep no more than a megabyte that is free at the end of the heap, and take larger pieces from the system itself.

    By default glibc learns from large pieces that were freed: after a batch of two megabytes it keeps four, and takes
    more such from the heap, where what comes to lie above them holds them fast. Other C libraries have no such setting.
    """
    mallopt = getattr(LIBRARY, "mallopt", None)
    if mallopt is not None:
        mallopt(TRIM_THRESHOLD, KEPT_BYTES)
        mallopt(MMAP_THRESHOLD, KEPT_BYTES)


def give_back() -> None:
    """Give back whole pages that are free below what is in use: of its own accord glibc gives back the heap's end only.

    It takes some milliseconds after a rush, a fraction of one where little is free. Other C libraries do not need it.
    """
    trim = getattr(LIBRARY, "malloc_trim", None)
    if trim is not None:
        trim(0)
