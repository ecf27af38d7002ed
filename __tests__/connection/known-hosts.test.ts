import { describe, expect, it } from "vitest";
import { knownHosts } from "../../src/connection/known-hosts.js";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGNo";

describe("knownHosts", () => {
  it("takes every kind of line that sshd(8) has", () => {
    const lines = [
      "# web1.example.org:22 SSH-2.0-OpenSSH_9.2p1",
      `web1.example.org,192.0.2.1 ${KEY} a comment`,
      `[web1.example.org]:2222 ${KEY}`,
      `|1|JfKTdBh7rNbXkVAQCRp4OQoPfmI=|USECr3SWf1JUPsms5AqfD5QfxkM= ${KEY}`,
      `@cert-authority *.example.org ${KEY}`,
      `@revoked * ssh-rsa AAAAB3NzaC1yc2E=`,
      "web2 ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY=",
      "web3 sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29t",
    ];
    expect(knownHosts(`  ${lines.join("\r\n")}\r\n\r\n`)).toBe(`${lines.join("\n")}\n`);
  });

  it.each([
    [KEY, /^known-hosts has a key without a host's name before it in line 1: a line is `host type key`/],
    ["256 SHA256:abc web1 (ED25519)", /a fingerprint, which cannot be checked against, in line 1/],
    [`web1 ${KEY}\n-----BEGIN OPENSSH PRIVATE KEY-----`, /a private key in line 2/],
    ["web1", /what is no host key in line 1/],
  ])("refuses %j with the line", (text, sentence) => {
    expect(() => knownHosts(text)).toThrow(sentence);
  });
});
