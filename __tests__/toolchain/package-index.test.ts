import { describe, expect, it } from "vitest";
import { parsePipConf, pipEnvironment, uvEnvironment } from "../../src/toolchain/package-index.js";

/** On every machine: its certificates, and a locale. */
const ALWAYS = { UV_SYSTEM_CERTS: "true", LANG: "C.UTF-8", LC_ALL: "C.UTF-8" };
const INDEX = "https://mirror.example/simple";

describe("uvEnvironment", () => {
  it.each<[string, Record<string, string>, Record<string, string>, boolean, Record<string, string>]>([
    ["nothing", { PATH: "/bin" }, {}, false, { PATH: "/bin" }],
    ["pip's index", { PIP_INDEX_URL: INDEX }, {}, false, { UV_DEFAULT_INDEX: INDEX }],
    ["uv's own index", { PIP_INDEX_URL: "https://x.example", UV_INDEX_URL: INDEX }, {}, false, { UV_INDEX_URL: INDEX }],
    ["pip.conf's index", {}, { "index-url": INDEX }, false, { UV_DEFAULT_INDEX: INDEX }],
    ["uv.toml instead of pip.conf", {}, { "index-url": INDEX }, true, {}],
    [
      "further sources",
      {
        PIP_EXTRA_INDEX_URL: "https://a.example  https://b.example",
        PIP_FIND_LINKS: "/a /b",
        PIP_TRUSTED_HOST: "a.example",
      },
      {},
      false,
      { UV_INDEX: "https://a.example https://b.example", UV_FIND_LINKS: "/a,/b", UV_INSECURE_HOST: "a.example" },
    ],
    ["certificates", { PIP_CERT: "/ca.pem" }, {}, false, { SSL_CERT_FILE: "/ca.pem" }],
    ["no index", { PIP_NO_INDEX: "1" }, {}, false, { UV_NO_INDEX: "true" }],
    ["a login", { UV_INDEX_MINE_PASSWORD: "p" }, {}, false, { UV_INDEX_MINE_PASSWORD: "p" }],
  ])("knows %s", (_, job, pipConf, uvHasConfig, expected) => {
    expect(uvEnvironment(job, new Map(Object.entries(pipConf)), uvHasConfig)).toEqual({ ...ALWAYS, ...expected });
  });

  it("passes on nothing else of the job's Python, pip and uv, and no input", () => {
    const job = {
      UV_PYTHON: "3.9",
      UV_CACHE_DIR: "/c",
      UV_TARGET: "/t",
      UV_EXCLUDE_NEWER: "2020-01-01",
      PIP_TARGET: "/t",
      PYTHONPATH: "/p",
      VIRTUAL_ENV: "/v",
      CONDA_PREFIX: "/c",
      "INPUT_BECOME-PASSWORD": "x",
      ACTIONS_RUNTIME_TOKEN: "x",
    };
    expect(uvEnvironment(job, new Map(), false)).toEqual(ALWAYS);
  });
});

describe("pipEnvironment", () => {
  it("keeps where packages come from, and drops what moves them elsewhere", () => {
    const job = { PIP_INDEX_URL: INDEX, PIP_USER: "1", PIP_TARGET: "/t", PYTHONPATH: "/p", INPUT_ENV: "x", HOME: "/h" };
    expect(pipEnvironment(job)).toMatchObject({ PIP_INDEX_URL: INDEX, HOME: "/h", PIP_USER: "0" });
    for (const name of ["PIP_TARGET", "PYTHONPATH", "INPUT_ENV"]) expect(pipEnvironment(job)).not.toHaveProperty(name);
  });
});

describe("parsePipConf", () => {
  it("reads global and install, and nothing of other sections", () => {
    const text = `# c\n[global]\nindex-url = ${INDEX}\nfind_links =\n  /a\n  /b\ncert=/x\n[install]\ncert: /y\n[download]\ncert=/z\n`;
    expect(Object.fromEntries(parsePipConf(text))).toEqual({ "index-url": INDEX, "find-links": "/a /b", cert: "/y" });
  });
});
