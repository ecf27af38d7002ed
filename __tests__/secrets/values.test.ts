import { describe, expect, it } from "vitest";
import { secretsIn, weakSecrets } from "../../src/secrets/values.js";
import { createInputs, createRaw } from "../support/inputs.js";

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

  it("finds the password of a URL in env, as it is written and decoded", () => {
    const raw = createRaw({
      env: "DATABASE_URL=postgres://shop:p%40ss-word@db/shop\nHOME_PAGE=https://example.org/a@b",
    });
    expect(secretsIn(raw)).toEqual([
      "postgres://shop:p%40ss-word@db/shop",
      "https://example.org/a@b",
      "p%40ss-word",
      "p@ss-word",
    ]);
  });

  it("hides what a malformed env may hold", () => {
    expect(secretsIn(createRaw({ env: "A='open\nhunter22" }))).toEqual(["'open", "hunter22"]);
  });
});

describe("weakSecrets", () => {
  it("names each secret that is too short or common to be hidden, and no harmless value of env", () => {
    const inputs = createInputs({
      vaultPassword: "long enough for a vault",
      vaultPasswords: { dev: "abc", prod: "a good one" },
      registryPassword: "password",
      env: { DEBUG: "no", SECRET_KEY: "test", DB_PASSWORD: "s3cret-enough" },
    });
    expect(weakSecrets(inputs, "1234").map((text) => text.split(" is so short or common ")[0])).toEqual([
      "become-password",
      "registry-password",
      "vault-passwords dev",
      "env SECRET_KEY",
    ]);
  });
});
