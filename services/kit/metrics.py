"""Measurements of background work: feeds, followers, loops, jobs, calls to peers. Labels hold names, never values."""

from prometheus_client import Counter, Gauge, Histogram

FEED_HEAD = Gauge("kith_feed_head", "Position of the newest event of the feed.", ["service"])
FEED_WAITING = Gauge("kith_feed_waiting_events", "Events written but not yet in the feed.", ["service"])
FEED_WAITING_SECONDS = Gauge("kith_feed_waiting_seconds", "Age of the oldest event not yet in the feed.", ["service"])

FOLLOWER_LAG_EVENTS = Gauge(
    "kith_follower_lag_events",
    "Events that the producer has and the follower has not applied.",
    ["service", "follower"],
)
FOLLOWER_LAG_SECONDS = Gauge(
    "kith_follower_lag_seconds",
    "Age of the oldest event that the follower has not applied, or of the producer's silence.",
    ["service", "follower"],
)
FOLLOWER_STOPPED = Gauge(
    "kith_follower_stopped",
    "1 while a follower cannot go on by itself: alert on it. Reasons: failing_event, expired, epoch_changed, "
    "beyond_head, rebuilding.",
    ["service", "follower", "reason"],
)
FOLLOWER_EVENTS = Counter("kith_follower_events", "Events applied.", ["service", "follower"])
FOLLOWER_ERRORS = Counter("kith_follower_errors", "Batches that failed and will be repeated.", ["service", "follower"])

LOOP_UP = Gauge(
    "kith_loop_up", "1 while a background loop runs, 0 while it waits for its restart.", ["service", "loop"]
)
LOOP_RESTARTS = Counter("kith_loop_restarts", "How often a background loop crashed.", ["service", "loop"])

JOBS_WAITING = Gauge("kith_jobs_waiting", "Jobs in the queue by state: queued, picked, failed.", ["service", "state"])
JOB_SECONDS = Histogram(
    "kith_job_seconds",
    "Running time of jobs by outcome.",
    ["service", "kind", "outcome"],
    buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 1800, 7200),
)

PEER_SECONDS = Histogram(
    "kith_peer_seconds",
    "Time of calls to other services, each try by itself.",
    ["service", "peer", "method", "outcome"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
PEER_CIRCUIT_OPEN = Gauge("kith_peer_circuit_open", "1 while calls to a peer are refused at once.", ["service", "peer"])

SEALED_WITH_OLD_KEYS = Gauge(
    "kith_sealed_with_old_keys", "Secrets at rest that still need a key other than the first.", ["service"]
)

EGRESS_SECONDS = Histogram(
    "kith_egress_seconds",
    "Time of calls to addresses that users gave, by purpose and outcome.",
    ["service", "purpose", "outcome"],
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
