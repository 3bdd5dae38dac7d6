"""The commands in README and guide work as they stand there, pasted one after the other into one shell."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.stack import ROOT, LocalStack
from tests.settled import pause

BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
MAKE = re.compile(r"^make ", re.MULTILINE)


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    folder = Path(tempfile.mkdtemp(prefix="kith-docs-"))
    folder.chmod(0o755)
    with LocalStack(folder / ".kith") as made:
        yield made
    shutil.rmtree(folder, ignore_errors=True)


def run(stack: LocalStack, document: str) -> str:
    """Paste a document's commands into a shell beside the running Kith; return all that it printed."""
    blocks = [block for block in BLOCK.findall((ROOT / document).read_text()) if not MAKE.search(block)]
    script = pause(stack.state["database_url"]).join(blocks).replace("http://127.0.0.1:8080", stack.url)
    folder = stack.home.path.parent
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=folder, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_readme_leads_from_a_webhook_to_the_next_act_of_care(stack: LocalStack) -> None:
    printed = run(stack, "README.md")
    assert '"status": "accepted"' in printed or '"status":"accepted"' in printed
    assert "王" in printed or "\\u738b" in printed
    assert '"unavailable": []' in printed
    assert '"one_time"' in printed
    assert '"status":"done"' in printed or '"status": "done"' in printed


def test_the_guide_shows_what_it_says(stack: LocalStack) -> None:
    printed = run(stack, "docs/api/README.md")
    assert '"scopes"' in printed
    assert "ming@example.com" in printed


def test_the_page_on_people_shows_what_it_says(stack: LocalStack) -> None:
    printed = run(stack, "docs/api/people.md")
    assert "陳美玲" in printed
    assert '"matched_on":"email"' in printed
    assert '"tags":["spring-list"]' in printed
    assert "Happy with the spring tea." in printed


def test_the_page_on_events_shows_what_it_says(stack: LocalStack) -> None:
    printed = run(stack, "docs/api/events.md")
    assert '"type":"person.created"' in printed
    assert "Lin Mei" not in printed


def test_the_page_on_the_audit_shows_what_it_says(stack: LocalStack) -> None:
    printed = run(stack, "docs/api/audit.md")
    assert '"before":{"lifecycle_stage":"lead"},"after":{"lifecycle_stage":"customer"}' in printed
    assert '"display_name":"Chen Yu"' in printed
    assert '"operation":"create_person"' in printed


def test_the_page_on_orders_shows_what_it_says(stack: LocalStack) -> None:
    printed = run(stack, "docs/api/orders.md")
    assert '"status":"fulfilled"' in printed
    assert '"status":"cancelled"' in printed
    assert '"created":1' in printed
    assert ",customer_email,email," in printed
