import { afterAll, beforeAll, expect, test } from "vitest";
import { measuredTable } from "./support/measured-table.js";
import { type Site, startSite } from "./support/site.js";
import { startTrial, type Trial } from "./support/trial.js";
import { expectNobodyCut, expectQuickReturn, headings, rowsOf, visit } from "./support/visit.js";
import type { Kind } from "./support/visitors.js";

// A download takes a minute, so that an old slot has a little more; and each deploy waits until the slot before is free.
const graceful = 70;
// Fewer say the same of a single switch.
const deploys = Number(process.env.DAD_DEPLOYS ?? 20);
const clients: Record<Kind, number> = {
  WebSocket: 100,
  "event stream": 20,
  "keep-alive": 20,
  "HTTP/2": 10,
  "upload of 5 MB": 5,
  download: 5,
};

const row = measuredTable("connections", headings, { whole: deploys >= 20 });

let trial: Trial;
let site: Site;

beforeAll(async () => {
  trial = await startTrial("visitors");
  site = await startSite(trial, graceful);
  await site.deployed("1");
});

afterAll(() => trial?.end());

test(`visitors of every kind are not cut through ${deploys} deploys and all that changes besides`, async () => {
  const visited = await visit(site, { clients, graceful, download: 60, deploys, quiet: 60 });
  for (const cells of rowsOf(visited, clients)) row(...cells);
  for (const { withoutWord } of Object.values(visited.seen)) for (const how of withoutWord) console.log(how);
  expectNobodyCut(visited);
  expectQuickReturn(visited);
  const { seen, quiet } = visited;
  expect(seen["event stream"].longestPauseAtSwitch - quiet["event stream"]).toBeLessThan(300);
}, 5_400_000);
