"""The words of the feed protocol that producer and follower share."""

SCOPE = "feed:read"
MEDIA_TYPE = "application/cloudevents-batch+json"
HEAD_HEADER = "Kith-Feed-Head"
FEED_PATH = "/feed"
SNAPSHOT_PATH = "/snapshot"
POSITION_PATH = "/feed/position"
MAX_LIMIT = 2000
MAX_TIMEOUT_MS = 30_000
