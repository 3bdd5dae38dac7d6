"""A file of orders taken in through the API, against a bare COPY of the same rows into a plain table."""

import asyncio
import csv
import io
import json
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from benchmarks.figures import middle, report
from benchmarks.intake import Ground, drained
from benchmarks.orders import CURRENCY, NAMES, Customers

ORDERS = 2_000
ROUNDS = 3
PATIENCE_SECONDS = 120.0
BOUNDARY = "kith-benchmark"
HEADER = ("external_id", "customer_external_id", "customer_email", "customer_name", "placed_at", "total", "currency")


async def measure_imports(ground: Ground) -> None:
    """Print how fast a file becomes orders; what scoring makes of them is waited for, but not counted."""
    customers, rates, ceiling_rates = Customers(), [], []
    for number in range(ROUNDS):
        file = orders_file(customers, number)
        ceiling_rates.append(await copied(ground.stack.database_url, file))
        rates.append(await asyncio.to_thread(imported, ground, file))
        await drained(ground.stack.database_url)
    name = f"COPY of the same rows: {middle(ceiling_rates):.0f}/s; imported: {middle(rates):.0f}/s"
    report("import_orders_ratio", middle(rates) / middle(ceiling_rates), "x", "higher", name)


def orders_file(customers: Customers, run: int) -> bytes:
    """Return a file of orders of one line, of customers old and new."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADER)
    now = datetime.now(UTC)
    for number in range(ORDERS):
        who = customers.next()
        placed = (now - timedelta(hours=number % 9000)).isoformat(timespec="seconds")
        name = f"陳{NAMES[who % len(NAMES)]}"
        writer.writerow((f"{run}-{number}", who, f"old{who}@bench.example", name, placed, "1180.00", CURRENCY))
    return text.getvalue().encode()


async def copied(database_url: str, file: bytes) -> float:
    """Copy the rows into a plain table; returns rows per second."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("DROP TABLE IF EXISTS ceiling_orders")
        await connection.execute(f"CREATE TABLE ceiling_orders ({', '.join(f'{name} text' for name in HEADER)})")
        began = time.monotonic()
        await connection.copy_to_table("ceiling_orders", source=io.BytesIO(file), format="csv", header=True)
        return ORDERS / (time.monotonic() - began)
    finally:
        await connection.close()


def imported(ground: Ground, file: bytes) -> float:
    """Import the file; returns orders per second, from the request to the end of the job."""
    began = time.monotonic()
    job = upload(ground, file)
    while job["status"] not in {"succeeded", "failed", "cancelled"}:
        if time.monotonic() - began > PATIENCE_SECONDS:
            message = f"the import did not end in time: {job}"
            raise TimeoutError(message)
        time.sleep(0.05)
        job = ground.stack.call("GET", f"/v1/jobs/{job['id']}")
    seconds = time.monotonic() - began
    if job["status"] != "succeeded" or job["result"].get("created") != ORDERS:
        message = f"the import did not take every order in: {job}"
        raise RuntimeError(message)
    return ORDERS / seconds


def upload(ground: Ground, file: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Send the file as a form."""
    fields = {"kind": "orders", "format": "csv"}
    parts = [f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()]
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="orders.csv"\r\n'
    body = (
        "".join([*parts, head, "Content-Type: text/csv\r\n\r\n"]).encode() + file + f"\r\n--{BOUNDARY}--\r\n".encode()
    )
    headers = ground.stack.headers | {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    url = f"http://127.0.0.1:{ground.stack.ports['gateway']}/v1/imports"
    request = urllib.request.Request(url, body, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - loopback only
        return json.loads(answer.read())
