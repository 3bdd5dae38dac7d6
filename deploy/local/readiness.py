"""Asks a process whether it is ready."""

import http.client

from deploy.local.ports import LOOPBACK

ANSWER_SECONDS = 5.0
OK = 200


def is_ready(port: int) -> tuple[bool, str]:
    """Ask `/health/ready`; return whether it is, and otherwise what it said."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/health/ready")
        answer = connection.getresponse()
        body = answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return False, str(error)
    else:
        return answer.status == OK, f"{answer.status} {body}"
    finally:
        connection.close()
