import { get } from "node:http";
import { until } from "../scripts/lab/index.mjs";

/**
 * A deploy counts only when the page shows what was deployed. It may take a moment, and connections: a reload of nginx returns early.
 * @param {number} port
 * @param {string} site
 * @param {number} version
 */
export async function expectVersion(port, site, version) {
  await until(`Version ${version} of ${site} on port ${port}`, 30, async () =>
    (await fetchPage(port, site).catch(() => "")).includes(`Version ${version}<`) ? true : undefined,
  );
}

/**
 * @param {number} port
 * @param {string} site
 * @returns {Promise<string>}
 */
export function fetchPage(port, site) {
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, path: "/", headers: { Host: site } }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text) => {
        body += text;
      });
      response.on("end", () => resolve(body));
    }).on("error", reject);
  });
}
