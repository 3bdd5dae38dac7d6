"""Measurements of evaluations of everybody: how far they are, and how many customers they had to give to the rules."""

from prometheus_client import Counter, Gauge

PROGRESS = Gauge("kith_scores_progress", "Share of everybody that the latest evaluation has looked at.", ["kind"])
LOOKED_AT = Counter("kith_scores_looked_at", "Customers looked at by evaluations of everybody, by job.", ["kind"])
MOVED = Counter("kith_scores_moved", "Those of them whose scores may have moved, so that the rules decided.", ["kind"])
