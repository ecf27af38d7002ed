import { describe, expect, it } from "vitest";
import type { ResultEvent, RunEvent } from "../../src/ansible/events.js";
import { fleetRun } from "../support/fleet-run.js";
import { renderMarkdown } from "../support/page.js";
import { summaryOf } from "../support/summary.js";

const EVIL =
  "<script>alert(1)</script> [link](https://evil.example) | `x` *y* @team #12 $x$ www.evil.example ![i](z)\n# head";
const failed: ResultEvent = {
  event: "result",
  host: "web1",
  task: "1",
  name: "T",
  action: "x",
  status: "failed",
  msg: "no",
  path: "/w/site/roles/a/tasks/main.yml:7",
};

describe("summaryMarkdown", () => {
  it("tells in its first line what went where, from which revision to which, how it went and how long it took", () => {
    expect(summaryOf(fleetRun({ hosts: ["app1", "app2"] })).split("\n")[0]).toBe(
      "### ✅ Deploy of mysite on app1 and app2, 0123456 → 89abcde: 2 hosts, 2 changed, in 31 s",
    );
  });

  it("has hosts, migrations, Django's warnings, the timeline with its switches, and the slowest tasks", () => {
    const text = summaryOf(fleetRun({ hosts: ["app1", "app2"] }));
    expect(text).toContain(
      "| <code>app1</code> | ✅ changed | <code>20260304T050607Z-89abcde</code> | <code>20260302T050607Z-0123456</code> |",
    );
    expect(text).toContain("**Migrations applied:** <code>guestbook.0002_entry_mood</code>");
    expect(text).toContain("- ⚠️ staticfiles.W004");
    expect(text).toContain("Address <https://www.example.com/>");
    expect(text.match(/:milestone,/g)).toHaveLength(2);
    expect(text).toMatch(/\| Run app\\?&?[^|]*release \| 15 s \|/);
  });

  it("puts a failure first, with its place, its last lines and what to do", () => {
    const trace = 'Traceback:\n  File "/opt/mysite/releases/x/guestbook/views.py", line 12\nKeyError: 1';
    const text = summaryOf(
      fleetRun({
        hosts: ["app1", "app2"],
        change: (host, action) =>
          host === "app2" && action === "app_activate"
            ? { status: "failed", msg: `mysite is not healthy at /: answered with 500\n${trace}` }
            : undefined,
      }),
    );
    expect(text).toContain("failed in “Activate”");
    expect(text).toContain("mysite is not healthy at /: answered with 500\n\n💡 The old release is still live.");
    expect(text).toContain("KeyError: 1</pre>");
    expect(text.indexOf("What failed")).toBeLessThan(text.indexOf("| host |"));
    expect(text.indexOf("<code>app2</code> | ❌")).toBeLessThan(text.indexOf("<code>app1</code> | ✅"));
  });

  it("says a failure of one line without the host and the task, which stand above it", () => {
    const text = summaryOf(
      fleetRun({
        hosts: ["app1"],
        change: (_, action) =>
          action === "app_activate" ? { status: "failed", msg: "mysite is locked by ada: no deploys" } : undefined,
      }),
    );
    expect(text).toMatch(/What failed\n\n\*\*<code>app1<\/code>\*\*, task .*\n\nmysite is locked by ada: no deploys\n/);
  });

  it("says of a host that was not reached that its release is not known, and not that it is the same", () => {
    const text = summaryOf(
      fleetRun({
        hosts: ["app1", "app2"],
        change: (host) => (host === "app2" ? { status: "unreachable", msg: "no answer", deploy: {} } : undefined),
      }),
    );
    expect(text).toContain("| <code>app2</code> | 🔌 unreachable | not known |  |");
  });

  it("says which hosts went back, and to what", () => {
    const events = fleetRun({
      hosts: ["app1", "app2"],
      change: (host, action) =>
        action !== "app_activate"
          ? undefined
          : host === "app2"
            ? { status: "failed", msg: "no answer", deploy: { kept: true, release: "R1", previous_release: "R1" } }
            : undefined,
    });
    const back: ResultEvent = { ...failed, host: "app1", status: "changed", action: "a.b.app_return" };
    events.splice(-1, 0, { ...back, start: 1_772_600_060, duration: 2, deploy: { rolled_back: true, release: "R1" } });
    const text = summaryOf(events);
    expect(text).toMatch(/^### ↩️ Deploy of mysite .* rolled back to 0123456, since 89abcde failed in “Activate”/);
    expect(text).toContain(
      "⚠️ **2 migrations of the failed release stay applied**, and the older code runs on the newer schema",
    );
    expect(text).toContain("<code>app1</code> rolled back to <code>R1</code>");
    // The rollback is a bar of its own with a red mark, and a phase has one colour on all hosts, though only one migrated.
    const [, end, mark] =
      / :active, \d+, \d+\n {2}\u200b :done, \d+, (\d+)\n {2}\u200b :milestone, \d+, 0ms\n {2}\u200b :crit, milestone, (\d+), 0ms/.exec(
        text,
      ) ?? [];
    // Within its bar, so that Mermaid draws it below and not over the label.
    expect(Number(mark)).toBe(Number(end) - 1);
    expect(text).toContain("| <code>app1</code> | ↩️ rolled back | <code>R1</code> |");
  });

  it("says that traffic has not moved after a failure before the switch, and nothing of the kind after one", () => {
    const failing = (phase: string) =>
      summaryOf(
        fleetRun({
          hosts: ["app1", "app2"],
          change: (host, action) => (host === "app2" && action === phase ? { status: "failed" } : undefined),
        }),
      );
    expect(failing("app_release").split("\n")[2]).toBe(
      "Traffic has not moved: every host runs the release that was live before.",
    );
    for (const phase of ["app_activate", "app_finish"]) expect(failing(phase)).not.toContain("Traffic has not moved");
  });

  it("has a timeline in the order in which people count, with few times on its axis and short names in short bars", () => {
    const text = summaryOf(fleetRun({ hosts: ["app10", "app9"], filler: 2 }));
    expect([...text.matchAll(/section (\S+)/g)].map(([, host]) => host)).toEqual(["app9", "app10"]);
    expect(text).toContain("tickInterval 10second");
    expect(text).toContain("  Reach :done");
  });

  it("tells hosts that were held back from those that were served", () => {
    const text = summaryOf(
      fleetRun({
        hosts: ["app1", "app2"],
        change: (host, action) => (host === "app2" && action === "app_release" ? { status: "failed" } : undefined),
      }),
    );
    expect(text).toContain("| <code>app1</code> | ⏸️ held back | <code>20260302T050607Z-0123456</code> | the same |");
  });

  it("puts the same failure of many hosts together", () => {
    const hosts = ["w1", "w2", "w3", "w4", "w5", "w6"];
    const text = summaryOf(hosts.map((host) => ({ ...failed, host })));
    expect(text.match(/\(roles\/a\/tasks\/main\.yml:7\)/g)).toHaveLength(1);
    expect(text).toContain("**<code>w1</code>, <code>w2</code>, <code>w3</code> and 3 more**");
  });

  it("does not say what is live on a host that was lost while its traffic moved", () => {
    const lost = (action: string, name = "app2") =>
      summaryOf(
        fleetRun({
          hosts: ["app1", "app2"],
          change: (host, own) => (host === name && own === action ? { status: "unreachable", deploy: {} } : undefined),
        }),
      );
    expect(lost("app_activate")).toContain("| <code>app2</code> | 🔌 unreachable | not known | <code>20260302T");
    expect(lost("app_release")).toContain("| <code>app2</code> | 🔌 unreachable | not known | <code>20260302T");
    expect(lost("app_migrate", "app1")).toContain(
      "| <code>app1</code> | 🔌 unreachable | <code>20260302T050607Z-0123456</code>",
    );
  });

  it("says a message once, above its further lines", () => {
    const text = summaryOf([
      { ...failed, msg: "the migrations would break the live release:\n- shop.0002\n- shop.0003" },
    ]);
    expect(text.match(/would break the live release/g)).toHaveLength(1);
    expect(text).toContain("<pre>- shop.0002\n- shop.0003</pre>");
  });

  it("shows nothing of a result under no_log", () => {
    expect(summaryOf([{ ...failed, no_log: true, msg: "hunter2\nhunter2" }])).not.toContain("hunter2");
  });
});

describe("the summary of another operation", () => {
  const one = {
    ...failed,
    name: "django_ansible.deploy.django_app : Do it",
    status: "changed",
    start: 1,
    duration: 4,
  } as const;

  it("has no check mark above the problems that a status found", () => {
    const status = {
      ...{ release: "r1", revision: null, since: null, slot: null, units: {}, free_mib: 1, lock: null },
    };
    const found = (problems: string[]) =>
      summaryOf([{ ...one, status: "ok", deploy: { status: { ...status, releases: [], problems } } }]);
    expect(found([])).toMatch(/^### ✅ /);
    expect(found(["nginx.service is inactive"])).toMatch(/^### ⚠️ .*1 problem/);
  });

  it("names the dump, and has no timeline or list of tasks where there was one step", () => {
    const text = summaryOf([
      { event: "play", name: "Backup" },
      { ...one, deploy: { dump: "20260304T050607Z-1a2b" } },
    ]);
    expect(text).toContain("Dump <code>20260304T050607Z-1a2b</code>");
    expect(text).not.toMatch(/Timeline|Slowest tasks/);
  });

  it("does not call the bundled role a phase", () => {
    const text = summaryOf([
      { event: "play", name: "Run" },
      { ...one, status: "failed" },
    ]);
    expect(text.split("\n")[0]).toBe("### ❌ Deploy on web1 failed: 1 host, 0 changed, 1 failed, in 31 s");
  });

  it("shows the end of what was printed", () => {
    const printed = Array.from({ length: 40 }, (_, line) => `line ${line}`).join("\n");
    const text = summaryOf([one], { printed });
    expect(text).toContain("<summary>What was printed, the last 30 lines</summary>");
    expect(text).toContain("<pre>line 10\nline 11\n");
  });
});

describe("a check's summary", () => {
  const changed = (host: string, diff: string): RunEvent => ({ ...failed, host, status: "changed", msg: "", diff });

  it("tells what would be installed, migrated and changed, and what cannot be told", () => {
    const deploy = {
      ...{ packages: ["nginx"], migrations: ["shop.0002"], requirements: ["-django==5.1", "+django==5.2"] },
      unknown: ["migrations of new requirements"],
    };
    const text = summaryOf([{ ...failed, status: "changed", deploy }], { check: true });
    expect(text).toContain("**System packages that would be installed:** <code>nginx</code>");
    expect(text).toContain("**Migrations that would be applied:** <code>shop.0002</code>");
    expect(text).toContain("```diff\n-django==5.1\n+django==5.2\n```");
    expect(text).toContain("- ❔ migrations of new requirements");
    expect(text).not.toContain("Migrations applied");
  });

  it("says that there are no migrations, where that is known, and has no times of a deploy", () => {
    const checked = (deploy: object) =>
      summaryOf([...fleetRun({ hosts: ["a"], change: () => ({ deploy }) })], { check: true });
    const target = { target_revision: "89abcdef0123456789abcdef0123456789abcdef" };
    expect(checked(target)).toContain("No migration would be applied.");
    expect(checked(target)).not.toMatch(/Timeline|Slowest tasks/);
    for (const more of [{ unknown: ["migrations of packages"] }, { migrations: ["shop.0002"] }])
      expect(checked({ ...target, ...more })).not.toContain("No migration");
  });

  it("does not say what would be live where it failed", () => {
    const events = fleetRun({
      hosts: ["a"],
      change: (_, action) => (action === "app_release" ? { status: "failed" } : undefined),
    });
    expect(summaryOf(events, { check: true })).toContain(
      "❌ failed | not known | <code>20260302T050607Z-0123456</code>",
    );
  });

  it("names tasks that show no difference in one line", () => {
    const task = (name: string, diff: string): RunEvent => ({ ...failed, name, status: "changed", msg: "", diff });
    const text = summaryOf([task("Make", ""), task("Write", "+x"), task("Move", "")], { check: true });
    expect(text).toContain("# Make, Move: no difference to show\n\n# Write\n+x");
  });

  it("has each difference once, with the hosts that have it", () => {
    const text = summaryOf([changed("a", "+x"), changed("b", "+x"), changed("c", "+`````\n+y")], { check: true });
    expect(text).toContain("What would change on <code>a</code> and <code>b</code>: 1 task");
    expect(text).toContain("``````diff\n# T\n+`````\n+y\n``````");
  });
});

describe("the summary as a reader sees it", () => {
  const hostile = (host: string): RunEvent[] => [
    { event: "play", name: `${EVIL}\nsection x : y` },
    {
      ...failed,
      host,
      name: EVIL,
      msg: `${EVIL}</pre>\n\n</details><h1>x</h1>`,
      start: 1,
      duration: 9,
      path: `/${EVIL}:1`,
    },
    { event: "play", name: `${EVIL}\nend` },
    {
      ...{
        ...failed,
        host: `${host}2`,
        name: EVIL,
        status: "changed",
        start: 2,
        duration: 3,
        diff: `+${EVIL}\n\`\`\`\n# x`,
      },
      deploy: {
        ...{ release: EVIL, previous_release: EVIL, url: `https://x/${EVIL}`, app: EVIL },
        ...{ migrations: [EVIL], warnings: [EVIL], packages: [EVIL], unknown: [EVIL] },
      },
    },
  ];

  it.each([false, true])("lets no text of a host act as HTML, markup or a link (check: %s)", (check) => {
    const markdown = summaryOf(hostile(`h ${EVIL}`), { check });
    expect(markdown.replaceAll(/^(`{3,})[\s\S]*?^\1$/gm, "")).not.toContain("$x$");
    const html = renderMarkdown(markdown);
    const tags = new Set([...html.matchAll(/<([a-z0-9]+)/g)].map(([, name]) => name));
    const own = "h3 h4 p code pre strong details summary table thead tbody tr th td ul li sub".split(" ");
    expect([...tags].filter((tag) => !own.includes(tag ?? ""))).toEqual([]);
    expect(html.match(/<h3>/g)).toHaveLength(1);
    expect(html.replaceAll(/<pre[\s\S]*?<\/pre>/g, "").match(/.{20}(@team|(?<!&)#12|<a ).{20}/g)).toBeNull();
    const opened = html.match(/<details/g)?.length ?? 0;
    expect(html.match(/<\/details>/g) ?? []).toHaveLength(opened);
  });

  it.each([false, true])("has as many cells in each row as its table has heads (check: %s)", (check) => {
    const html = renderMarkdown(summaryOf(hostile("h|h"), { check }));
    for (const [, table = ""] of html.matchAll(/<table>([\s\S]*?)<\/table>/g)) {
      const heads = table.match(/<th[ >]/g)?.length ?? 0;
      for (const [, row = ""] of table.matchAll(/<tr>([\s\S]*?)<\/tr>/g)) {
        expect(row.match(/<t[hd][ >]/g)).toHaveLength(heads);
      }
    }
  });

  it("keeps its chart's lines to what Mermaid knows", () => {
    const chart = /```mermaid\n([\s\S]*?)```/.exec(summaryOf(hostile("x: y; #")))?.[1] ?? "";
    const lines = chart.split("gantt\n").at(-1)?.trim().split("\n") ?? [];
    for (const line of lines) {
      expect(line).toMatch(
        /^\s*(dateFormat x|axisFormat \S+|tickInterval \d+second|todayMarker off|section [^:;#]+|[^:;#]+ :(crit|done|active|milestone), \d+, \w+)$/,
      );
    }
  });
});

describe("the summary of a large fleet", () => {
  const hosts = Array.from({ length: 100 }, (_, index) => `app${index}.example.com`);
  const events = fleetRun({
    ...{ hosts, filler: 25 },
    change: (host, action) =>
      action === "app_finish" && /[37]\./.test(host)
        ? { status: "failed", msg: `${host} is broken in a way of its own\n${"x\n".repeat(2_000)}` }
        : undefined,
  });

  it("stays below 300 kB with 10,000 results", () => {
    expect(events.filter(({ event }) => event === "result").length).toBeGreaterThan(10_000);
    const text = summaryOf(events);
    expect(Buffer.byteLength(text)).toBeLessThan(300_000);
    expect(text.match(/section /g)).toHaveLength(20);
    expect(text).toContain("The timeline leaves 80 hosts out.");
    for (const host of hosts) expect(text).toContain(`<code>${host}</code>`);
  });

  it("gives up what matters least first when a page has a limit, and says so", () => {
    const text = summaryOf(events, { limit: 20_000 });
    expect(Buffer.byteLength(text)).toBeLessThan(20_000);
    expect(text).toMatch(/^### ❌ Deploy of mysite/);
    expect(text).toMatch(/Left out, since a page like this one has a limit: slowest tasks, timeline/);
    expect(text).not.toContain("```mermaid");
  });
});
