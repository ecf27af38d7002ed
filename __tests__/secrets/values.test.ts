import { describe, expect, it } from "vitest";
import { hiddenForms, secretsIn } from "../../src/secrets/values.js";
import { createRaw } from "../support/inputs.js";

describe("secretsIn", () => {
  it("finds every secret input and every value of env", () => {
    const raw = createRaw({
      "ssh-private-key": "KEYTEXT\n",
      "become-password": "become1",
      "vault-password": "vault1",
      "registry-password": "registry1",
      env: "DEBUG=true\nPORT=8000\nX=ab\nTOKEN='a token'",
    });
    expect(secretsIn(raw).sort()).toEqual(["KEYTEXT", "a token", "become1", "registry1", "vault1"]);
  });

  it.each([
    ["all:\n  vars:\n    ansible_become_password: s3cret!\n    ansible_user: deploy", ["s3cret!"]],
    ["web1 ansible_host=h ansible_password='two words' ansible_port=22", ["two words"]],
    ["web1 ansible_ssh_pass=s3cret! ansible_user=x", ["s3cret! ansible_user=x", "s3cret!"]],
    ['{"db_password": "s3cret!", "name": "shop"}', ["s3cret!"]],
    ["api_token: '{{ vault_token }}'\nsecret_key: !vault |\n  $ANSIBLE_VAULT", []],
  ])("finds secret-like keys in %j", (inventory, expected) => {
    expect(secretsIn(createRaw({ inventory }))).toEqual(expect.arrayContaining(expected));
    expect(secretsIn(createRaw({ vars: inventory })).length).toBe(secretsIn(createRaw({ inventory })).length);
    if (expected.length === 0) expect(secretsIn(createRaw({ inventory }))).toEqual([]);
  });

  it("hides what a malformed env may hold", () => {
    expect(secretsIn(createRaw({ env: "A='open\nhunter22" }))).toEqual(["'open", "hunter22"]);
  });
});

describe("hiddenForms", () => {
  it("covers lines, JSON, URL and base64, but not a key's frame", () => {
    const forms = hiddenForms("-----BEGIN X-----\nfirst\n/=\n-----END X-----");
    expect(forms).toContain("first");
    expect(forms).not.toContain("-----BEGIN X-----");
    expect(forms).not.toContain("/=");
    expect(hiddenForms(`a"b/c'd`)).toEqual(
      expect.arrayContaining([`a\\"b/c'd`, "a%22b%2Fc'd", `a"b/c''d`, Buffer.from(`a"b/c'd`).toString("base64")]),
    );
  });
});
