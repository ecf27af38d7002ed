import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "vitest";
import { must, projectFolder } from "../../../scripts/lab/index.mjs";
import { renderMarkdown } from "../../support/page.js";

const WIDTH = 1020;

/** As GitHub's page of a run looks, as far as a picture needs it. */
const STYLE = `body { font: 14px/1.5 "Noto Sans", "DejaVu Sans", sans-serif; color: #1f2328; width: ${WIDTH - 40}px; margin: 20px }
td, th { border: 1px solid #d1d9e0; padding: 4px 10px; text-align: left } table { border-collapse: collapse; margin-bottom: 14px }
code { background: #eff1f3; padding: 1px 4px; border-radius: 5px } a { color: #0969da; text-decoration: none }
pre:not(.mermaid) { background: #f6f8fa; padding: 10px; overflow: hidden; white-space: pre-wrap } h3 { border-bottom: 1px solid #d1d9e0; padding-bottom: 6px }`;

const MEASURE = `mermaid.initialize({ startOnLoad: false });
mermaid.run().finally(() => document.body.append(Object.assign(document.createElement("i"), { id: "height", hidden: true, textContent: document.body.scrollHeight + 40 })));`;

/** A summary drawn by Chromium, as PNG, as high as its content. */
export async function picture(folder: string, name: string, markdown: string): Promise<Buffer> {
  const mermaid = pathToFileURL(join(projectFolder, "node_modules/mermaid/dist/mermaid.min.js"));
  const page = join(folder, `${name}.html`);
  writeFileSync(
    page,
    `<!doctype html><meta charset="utf-8"><style>${STYLE}</style>${renderMarkdown(markdown)}
<script src="${mermaid}"></script><script>${MEASURE}</script>`,
  );
  const chromium = (height: number, ...more: string[]) =>
    must([
      ...[
        "chromium",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--allow-file-access-from-files",
      ],
      ...[`--user-data-dir=${folder}/profile`, `--window-size=${WIDTH},${height}`, "--virtual-time-budget=15000"],
      ...[...more, String(pathToFileURL(page))],
    ]);
  const height = /<i id="height"[^>]*>(\d+)</.exec(await chromium(900, "--dump-dom"))?.[1];
  expect(height, "the height of the page").toBeDefined();
  const file = join(folder, `${name}.png`);
  await chromium(Number(height) + 100, `--screenshot=${file}`);
  const png = readFileSync(file);
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  return png;
}
