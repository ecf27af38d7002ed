import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cacheFolder, ensureCommands, must, projectFolder } from "../../scripts/lab/index.mjs";
import type { RunEvent } from "../../src/ansible/events.js";
import { fleetRun } from "../support/fleet-run.js";
import { renderMarkdown } from "../support/page.js";
import { summaryOf } from "../support/summary.js";

/** What the browser measured in the page that it drew. */
interface Drawn {
  /** Bars of phases and marks of switches. */
  bars: number;
  switches: number;
  failed: number;
  /** Labels that stand outside of their bar. */
  loose: string[];
  /** What Mermaid says of a chart that it cannot draw. */
  error: string;
}

const MEASURE = `
const box = (element) => element.getBoundingClientRect();
mermaid.initialize({ startOnLoad: false });
let error = "";
mermaid.run().catch((reason) => { error = String(reason); }).then(() => {
  const bars = [...document.querySelectorAll("rect.task:not(.milestone)")];
  const labels = [...document.querySelectorAll("text.taskText, text[class*='taskText']")].filter((text) => text.textContent.replace("\\u200b", "").trim() !== "");
  const loose = labels.filter((text) => !bars.some((bar) => box(bar).left <= box(text).left + 1 && box(bar).right >= box(text).right - 1 && Math.abs(box(bar).top - box(text).top) < 24));
  const found = { bars: bars.length, switches: document.querySelectorAll("rect.milestone").length, failed: document.querySelectorAll("rect[class*='crit']").length, loose: loose.map((text) => text.textContent), error };
  const answer = document.createElement("script");
  answer.id = "drawn";
  answer.type = "application/json";
  answer.textContent = JSON.stringify(found);
  document.body.append(answer);
});`;

const STYLE = `body { font: 14px sans-serif; max-width: 980px; margin: 20px } td, th { border: 1px solid #ccc; padding: 4px 10px }
table { border-collapse: collapse } code { background: #eee } pre { background: #f6f6f6; padding: 8px; overflow: hidden }`;

// A browser is 300 MB to install; every test run reads the summary with a Markdown renderer all the same.
describe("the summary in a browser", () => {
  let folder: string;

  beforeAll(async () => {
    await ensureCommands(["chromium"], console.log);
    folder = mkdtempSync(join(tmpdir(), "dad-page-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Draws a summary, keeps its picture in .cache/pages, and returns what the browser measured. */
  async function draw(name: string, events: readonly RunEvent[], width = 1020): Promise<Drawn> {
    const mermaid = pathToFileURL(join(projectFolder, "node_modules/mermaid/dist/mermaid.min.js"));
    const page = join(folder, `${name}.html`);
    writeFileSync(
      page,
      `<!doctype html><meta charset="utf-8"><style>${STYLE}</style>${renderMarkdown(summaryOf(events))}
<script src="${mermaid}"></script><script>${MEASURE}</script>`,
    );
    const pictures = join(cacheFolder, "pages");
    mkdirSync(pictures, { recursive: true });
    const options = [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--hide-scrollbars",
      "--allow-file-access-from-files",
    ];
    const common = [
      ...options,
      `--user-data-dir=${folder}/profile`,
      `--window-size=${width},1200`,
      "--virtual-time-budget=15000",
    ];
    const picture = join(pictures, `${name}.png`);
    await must(["chromium", ...common, `--screenshot=${picture}`, String(pathToFileURL(page))]);
    expect(readFileSync(picture).subarray(1, 4).toString()).toBe("PNG");
    const dom = await must(["chromium", ...common, "--dump-dom", String(pathToFileURL(page))]);
    const answer = /<script id="drawn" type="application\/json">(.*?)<\/script>/.exec(dom)?.[1];
    expect(answer, "the browser's answer").toBeDefined();
    return JSON.parse(answer ?? "null") as Drawn;
  }

  test("of a deploy: five phases a host, a mark at each switch, each label in its bar", async () => {
    const drawn = await draw("deploy", fleetRun({ hosts: ["app1", "app2"], filler: 2 }));
    expect(drawn).toEqual({ bars: 10, switches: 2, failed: 0, loose: [], error: "" });
  });

  test("on a phone: the whole chart is smaller, and each label in its bar all the same", async () => {
    const drawn = await draw("phone", fleetRun({ hosts: ["app1", "app2"], filler: 2 }), 500);
    expect(drawn).toEqual({ bars: 10, switches: 2, failed: 0, loose: [], error: "" });
  });

  test("of a failure among many hosts: it is red, and 20 hosts are shown", async () => {
    const hosts = Array.from({ length: 100 }, (_, index) => `app${index}.example.com`);
    const events = fleetRun({
      hosts,
      change: (host, action) =>
        host === "app42.example.com" && action === "app_activate" ? { status: "failed", msg: "no answer" } : undefined,
    });
    const drawn = await draw("failure", events);
    expect(drawn).toMatchObject({ switches: 19, failed: 1, loose: [], error: "" });
  });

  test("of names that look like Mermaid's own words", async () => {
    const names = ["section a", "click b : c", "x; y #z", "%% no", "end", "title <b>", "```"];
    const events = names.flatMap((name, index): RunEvent[] => [
      { event: "play", name },
      {
        ...{ event: "result", host: `${name} host`, task: name, name, action: "x", status: "ok" },
        ...{ start: 1_000 + index * 10, duration: 9 },
      },
    ]);
    const drawn = await draw("names", events);
    expect(drawn).toMatchObject({ bars: names.length, loose: [], error: "" });
  });
});
