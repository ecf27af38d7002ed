import { describe, expect, it } from "vitest";
import { readStage } from "../../src/connection/stages.js";

const read = (stderr: string, stdout = "", code = 255) => readStage({ code, stdout, stderr });

describe("readStage", () => {
  it.each([
    ["ssh: Could not resolve hostname web9: Name or service not known", /is no name that the runner can resolve/],
    ["ssh: connect to host 192.0.2.1 port 22: Connection refused", /refuses connections/],
    ["ssh: connect to host 192.0.2.1 port 22: No route to host", /has no route from the runner/],
    ["ssh: connect to host 192.0.2.1 port 22: Connection timed out", /a firewall probably drops/],
    ["Connection timed out during banner exchange", /what listens on that port is no sshd/],
    ["kex_exchange_identification: Connection closed by remote host", /closes each connection at once/],
    ["Unable to negotiate with 192.0.2.1 port 22: no matching host key type found.", /no algorithm in common/],
  ])("knows %j", (stderr, sentence) => {
    expect(read(stderr)).toMatchObject({ kind: "network", jump: false, sentence: expect.stringMatching(sentence) });
  });

  it.each([
    ["channel 0: open failed: connect failed: Connection refused", /the bastion finds no sshd/],
    ["channel 0: open failed: connect failed: Connection timed out", /the bastion has no way/],
    ["channel 0: open failed: administratively prohibited: open failed", /AllowTcpForwarding yes/],
  ])("knows what a bastion says: %j", (stderr, sentence) => {
    const stage = read(`${stderr}\nstdio forwarding failed\nConnection closed by UNKNOWN port 65535`);
    expect(stage).toMatchObject({ kind: "network", jump: true, sentence: expect.stringMatching(sentence) });
  });

  it("tells which keys were offered to whom", () => {
    const stderr = [
      "debug1: Authenticating to 192.0.2.1:22 as 'deploy'",
      "debug1: Offering public key: /p/key ED25519 SHA256:abc explicit",
      "debug1: Offering public key: /p/key-2 RSA SHA256:def explicit agent",
      "deploy@192.0.2.1: Permission denied (publickey,password).",
    ].join("\n");
    expect(read(stderr)).toMatchObject({
      kind: "authentication",
      user: "deploy",
      offered: ["ED25519 SHA256:abc", "RSA SHA256:def"],
      methods: "publickey,password",
    });
  });

  it("tells a login without a shell from one with it", () => {
    const stderr = 'Authenticated to 192.0.2.1 ([192.0.2.1]:22) using "publickey".';
    expect(read(stderr, "This account is currently not available.\n", 1)).toMatchObject({
      kind: "shell",
      sentence: "lets the user in, but gives no shell: This account is currently not available.",
    });
    expect(read(stderr, "dad-shell\n", 0).kind).toBe("");
  });

  it.each([
    ["dad-no-python", /has no Python 3/],
    ["dad-no-write /tmp: date: write error: No space left on device", /has no space left/],
    ["dad-no-write /tmp: sh: 1: cannot create /tmp/.dad-1: Read-only file system", /read-only file system/],
    ["dad-no-write /tmp: sh: 1: cannot create /tmp/.dad-1: Permission denied", /does not let its user write/],
  ])("knows what a host says behind its shell: %j", (line, sentence) => {
    expect(read("", `dad-shell\n${line}\n`, 0)).toMatchObject({
      kind: "host",
      sentence: expect.stringMatching(sentence),
    });
  });

  it("says nothing of what it does not know", () => {
    expect(read("something else", "", 1).kind).toBe("");
  });
});
