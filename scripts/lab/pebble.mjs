import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ensureCommands } from "./engine.mjs";
import { cacheFolder } from "./folders.mjs";
import { copyToHost, onHost } from "./hosts.mjs";
import { must } from "./shell.mjs";

const version = "v2.10.1";

/**
 * Builds Let's Encrypt's test authority and the DNS server that goes with it, once. Returns their folder.
 * @param {(line: string) => void} say
 */
async function build(say) {
  const folder = join(cacheFolder, `pebble-${version}`);
  if (existsSync(join(folder, "pebble-challtestsrv"))) return folder;
  await ensureCommands(["go"], say);
  mkdirSync(folder, { recursive: true });
  const programs = ["pebble-challtestsrv", "pebble"].map(
    (name) => `github.com/letsencrypt/pebble/v2/cmd/${name}@${version}`,
  );
  try {
    await must(["go", "install", ...programs], { env: { ...process.env, GOBIN: folder, CGO_ENABLED: "0" } });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return folder;
}

/**
 * Makes a host an ACME authority for names that all lead to one address. Its directory is https://NAME:14000/dir.
 * @param {import("./hosts.mjs").Host} host
 * @param {{ address: string, days?: number }} options where it looks for every name; how long its certificates are valid
 * @param {(line: string) => void} [say]
 * @returns {Promise<string>} the certificate, PEM, by which its own server is known
 */
export async function servePebble(host, { address, days = 90 }, say = () => {}) {
  const folder = await build(say);
  for (const name of ["pebble", "pebble-challtestsrv"]) {
    await copyToHost(host, join(folder, name), `/usr/local/bin/${name}`);
  }
  return onHost(
    host,
    `
cd /root
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -keyout pebble.key -out pebble.pem -subj /CN=${host.innerName} -addext subjectAltName=DNS:${host.innerName} 2>/dev/null
cat > pebble.json <<'CONFIG'
${JSON.stringify({
  pebble: {
    listenAddress: "0.0.0.0:14000",
    managementListenAddress: "127.0.0.1:15000",
    certificate: "/root/pebble.pem",
    privateKey: "/root/pebble.key",
    httpPort: 80,
    tlsPort: 443,
    profiles: { default: { description: "For tests", validityPeriod: days * 86_400 } },
  },
})}
CONFIG
systemd-run --quiet --unit=challtestsrv pebble-challtestsrv -http01 "" -https01 "" -tlsalpn01 "" -doh "" -dnsserver 127.0.0.1:8053 -management 127.0.0.1:8055 -defaultIPv4 ${address} -defaultIPv6 ""
systemd-run --quiet --unit=pebble --setenv=PEBBLE_VA_NOSLEEP=1 pebble -config /root/pebble.json -dnsserver 127.0.0.1:8053
until curl --silent --insecure --output /dev/null https://localhost:14000/dir; do sleep 0.1; done
cat pebble.pem
`,
  );
}
