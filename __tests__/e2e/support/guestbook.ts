import { request } from "node:http";
import type { Host } from "../../../scripts/lab/index.mjs";
import { fetchPage } from "./page.js";

/** Signs the guestbook of examples/mysite through its form, as a browser does. */
export async function signGuestbook(host: Host, serverName: string, name: string, message: string): Promise<void> {
  const form = await fetchPage(host, serverName);
  const token = /name="csrfmiddlewaretoken" value="([^"]+)"/.exec(form.body)?.[1] ?? "";
  const cookie = (form.headers["set-cookie"] ?? [])[0]?.split(";")[0] ?? "";
  const body = new URLSearchParams({ csrfmiddlewaretoken: token, name, message }).toString();
  const status = await new Promise((resolve, reject) => {
    const headers = { Host: serverName, Cookie: cookie, "Content-Type": "application/x-www-form-urlencoded" };
    request({ host: host.address, port: host.httpPort, path: "/", method: "POST", headers }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode));
    })
      .on("error", reject)
      .end(body);
  });
  if (status !== 302) throw new Error(`Signing the guestbook on ${host.name} was answered with ${status}.`);
}
