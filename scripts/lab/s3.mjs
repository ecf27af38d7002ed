import { onHost } from "./hosts.mjs";

const release = "5.2.5";

/**
 * Makes a host a server that speaks S3, without TLS, and keeps what it gets in memory.
 * @param {import("./hosts.mjs").Host} host
 * @param {{ bucket: string }} options the one that it has
 * @returns {Promise<string>} the address, by the name that other hosts of the test know
 */
export async function serveS3(host, { bucket }) {
  const address = `http://${host.innerName}:9000`;
  await onHost(
    host,
    `{
apt-get -q update
DEBIAN_FRONTEND=noninteractive apt-get -qy install python3-venv curl
python3 -m venv /opt/s3
/opt/s3/bin/pip install --quiet 'moto[s3]==${release}' flask flask-cors
systemd-run --quiet --unit=s3 /opt/s3/bin/moto_server -H 0.0.0.0 -p 9000
for try in $(seq 300); do curl --silent --fail --output /dev/null ${address}/moto-api/ && break; sleep 0.2; done
curl --silent --fail --request PUT ${address}/${bucket}
} >&2`,
  );
  return address;
}
