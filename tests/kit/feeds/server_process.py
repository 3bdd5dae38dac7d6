"""A producer served as in production: `server_process.py <admin url> <socket> <private key> <public keys>`."""

import json
import socket
import sys

from deploy.serve import serve
from services.kit.feeds.routes import feed_routes
from services.kit.settings import ServiceSettings
from services.kit.web import Kit, create_app
from tests.cluster import KithDatabase
from tests.conftest import settings_values


def main(admin_url: str, descriptor: int, private_key: str, public_keys: str) -> int:
    """Serve until stopped."""
    values = settings_values(KithDatabase("kith", admin_url), "contacts")
    own_keys = {"identity_private_key": private_key, "identity_public_keys": json.loads(public_keys)}
    settings = ServiceSettings.model_validate(values | own_keys)
    listener = socket.socket(fileno=descriptor)
    return serve(create_app(Kit.build(settings), title="t", routers=[], routes=feed_routes()), listener)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]))
