import { expect, test } from "vitest";
import { latencySection } from "../../bench/report/latency.mjs";

const run = { cold: false, kind: "noop", size: 2, delay: 0, name: "action", seconds: 1, turns: 11 } as const;
const most = { peers: 8, cold: 2, minutes: 60 };
const rows = (runs: Parameters<typeof latencySection>[0]["runs"]) =>
  latencySection({ runs, most, load: ["0.10", "0.20"] }).filter(
    (line) => line.startsWith("| warm") || line.startsWith("| cold"),
  );

test("a cell has what was measured there, or says that nothing was", () => {
  expect(rows([run, { ...run, name: "shell", seconds: 0.5 }, { ...run, name: "tutorial", seconds: 10 }])).toEqual([
    "| warm | nothing to do | 2 | 0 | 10.0 (10.0–10.0) | not run | 0.5 (0.5–0.5) | 1.0 (1.0–1.0) | 0.10 | 2.00 |",
  ]);
});

test("what was measured at another distance, of other hosts or on a cold runner fills no cell", () => {
  const others = [{ delay: 50 }, { size: 8 }, { cold: true }, { kind: "revision" }] as const;
  for (const other of others)
    expect(rows([run, { ...run, ...other, name: "tutorial", seconds: 10 }])[0]).toContain(
      "| not run | not run | not run | 1.0",
    );
});

test("how many round trips are waited for is the slope over the distances, where there are two", () => {
  const far = { ...run, delay: 100, seconds: 2.1 };
  const text = latencySection({ runs: [run, far], most, load: ["0.10", "0.20"] }).join("\n");
  expect(text).toContain("| nothing to do | 2 | waited for | not run | not run | not run | 11 |");
  expect(latencySection({ runs: [run], most, load: ["0.10", "0.20"] }).join("\n")).not.toContain("| waited for |");
});
