// Uses the generated TypeScript client on a running Kith: `node use_client.js URL KEY`; silent where all goes well.
import createClient from "openapi-fetch";
import type { components, paths } from "./kith.js";

declare const process: { argv: string[] };

const [url = "", key = ""] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${key}` } });

function check(truth: unknown, what: string): asserts truth {
  if (!truth) throw new Error(what);
}

async function usePeople(): Promise<components["schemas"]["PersonRead"]> {
  const body = { display_name: "Ann", external_ids: [{ source: "import", id: crypto.randomUUID() }] };
  const created = await client.POST("/v1/people", {
    params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    body,
  });
  check(created.data, JSON.stringify(created.error));
  await client.POST("/v1/people", { body: { display_name: "Bob" } });

  const again = await client.POST("/v1/people", { body });
  check(again.response.status === 409, `a conflict is ${again.response.status}`);
  check(again.error?.errors instanceof Array, "a conflict is a problem");
  check((again.error as { existing_id?: string }).existing_id === created.data.id, "it names the existing row");

  const changed = await client.PATCH("/v1/people/{person_id}", {
    params: { path: { person_id: created.data.id }, header: { "If-Match": '"v1"' } },
    headers: { "Content-Type": "application/merge-patch+json" },
    body: { display_name: "Anna" },
  });
  check(changed.data?.display_name === "Anna", "the change is there");

  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.GET("/v1/people", { params: { query: { limit: 1, cursor } } });
    check(page.data, JSON.stringify(page.error));
    seen.push(...page.data.items.map((item) => item.id));
    cursor = page.data.next_cursor ?? undefined;
  } while (cursor);
  check(seen.includes(created.data.id) && new Set(seen).size === seen.length, "the pages show everybody once");
  return created.data;
}

async function useOrders(customerId: string): Promise<void> {
  const request = {
    params: { path: { source: "import", external_id: `a/b ${crypto.randomUUID()}` } },
    body: { customer_id: customerId, total: { amount: "12.50", currency: "USD" } },
  };
  const first = await client.PUT("/v1/orders/external/{source}/{external_id}", request);
  const second = await client.PUT("/v1/orders/external/{source}/{external_id}", request);
  check(first.response.status === 201, `a new order is ${first.response.status}`);
  check(second.response.status === 200, `the same order again is ${second.response.status}`);
  check(second.data?.total.amount === "12.50", "money is text");
  // A value that a later release may bring is one that a program must already expect.
  const later: components["schemas"]["OrderRead"]["status"] = "teleported";
  check(later !== second.data?.status, "an unknown value has its type");
}

const person = await usePeople();
await useOrders(person.id);
const view = await client.GET("/v1/customers/{id}/360", { params: { path: { id: person.id } } });
check(view.data?.customer?.id === person.id, "the 360 shows the customer");
const missing = await client.GET("/v1/people/{person_id}", { params: { path: { person_id: crypto.randomUUID() } } });
check(missing.error?.status === 404, "what never was is not found");
