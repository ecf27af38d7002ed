import { describe, expect, it } from "vitest";
import { passwordsInUrls } from "../../src/secrets/url-passwords.js";
import { secretsIn, weakSecrets } from "../../src/secrets/values.js";
import { createInputs, createRaw } from "../support/inputs.js";
import { makeKey } from "../support/keys.js";

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
    ["web1 ansible_ssh_pass=s3cret! ansible_user=x", ["s3cret!"]],
    ['{"db_password": "s3cret!", "name": "shop"}', ["s3cret!"]],
    ["api_token: '{{ vault_token }}'\nsecret_key: !vault |\n  $ANSIBLE_VAULT", []],
  ])("finds secret-like keys in %j", (inventory, expected) => {
    expect(secretsIn(createRaw({ inventory }))).toEqual(expect.arrayContaining(expected));
    expect(secretsIn(createRaw({ vars: inventory })).length).toBe(secretsIn(createRaw({ inventory })).length);
    if (expected.length === 0) expect(secretsIn(createRaw({ inventory }))).toEqual([]);
  });

  const BLOCK = "line-one\nline-two\n";
  it.each<[string, string, readonly string[]]>([
    ["a block", "db_password: |\n  line-one\n  line-two\n", [BLOCK]],
    ["a folded block", "x:\n  api_key: >-\n    line-one\n    line-two\n", ["line-one line-two"]],
    ["quotes with escapes", 'db_password: "a\\u0062c\\x64ef\\n"', ["abcdef\n"]],
    ["single quotes", "token: 'it''s me'", ["it's me"]],
    ["several lines", "token: one\n  two", ["one two"]],
    ["an anchor", "a: &x {secret_key: hunter2!}\nb: *x", ["hunter2!"]],
    ["an anchor elsewhere", "plain: &x hunter2!\nsecret_key: *x\npassword: 1", ["hunter2!"]],
    ["an alias of a mapping", "plain: &x {a: hunter2!}\ndjango_app_env: *x", ["hunter2!"]],
    ["a tag", "token: !unsafe 'a{{b'\npassword: !!str 00123456", ["a{{b", "00123456", "123456"]],
    ["below a key", "secrets: {a: one-secret, b: [two-secret]}", ["one-secret", "two-secret"]],
    ["an environment", "django_app_env:\n  NAME: any-value\n  DEBUG: 'true'", ["any-value"]],
    [
      "a health check",
      "django_app_health_checks:\n  - path: /up\n    headers: {X-Any: Basic-abc123}",
      ["Basic-abc123"],
    ],
    ["logins", "compose_app_registries:\n  - {registry: ghcr.io, username: robot, password: hunter2!}", ["hunter2!"]],
    ["a URL", "app_repo: https://robot:hunter2!@git.example.org/x.git", ["hunter2!"]],
    ["a key of INI with blanks", "[all:vars]\nansible_password = two words", ["two words"]],
    ["INI in quotes", "web1 ansible_become_password='it is' x=1", ["it is"]],
    ["a key of INI with more lines", "[all:vars]\nansible_password = two words\nx=1", ["two words"]],
    ["a line of INI alone", "ansible_password = two words", ["two words"]],
    ["a line of INI with quotes", "token = 'it is'", ["'it is'", "it is"]],
    ["a line of INI with quotes inside", "token = a'b c'", ["a'b c'"]],
    ["a line of INI with quotes before", "token = 'ab'cd e", ["'ab'cd e"]],
    ["a host whose quote stays open", "web1 ansible_password=hunter2!  note='open", ["hunter2!"]],
    ["a word without a value", "web1 passwords x=1", []],
    ["a template in a text", "password: 'abc{{ d }}'\ntoken: '{{ d }}abc'", ["abc{{ d }}", "{{ d }}abc"]],
    ["a template in blanks", "password: ' {{ x }} '", []],
    ["an encrypted text without a tag", "password: |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\n", []],
    ["two documents", "a: 1\n---\npassword: hunter2!", ["hunter2!"]],
    ["nothing secret", "author: someone\nport: 8080\nsite: https://example.org:8080/a@b", []],
    ["a template", "password: '{{ vault_password }}'\nother_token: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162", []],
  ])("finds what is secret in %s", (_, text, expected) => {
    expect(secretsIn(createRaw({ vars: text })).sort()).toEqual([...expected].sort());
    expect(secretsIn(createRaw({ inventory: text })).sort()).toEqual([...expected].sort());
  });

  it.each<[string, string, readonly string[]]>([
    ["broken YAML", "db_password: |\n  line-one\n  line-two\nx: [", ["line-one", "line-two"]],
    ["broken JSON", '{"api_key": "hunter2!", "x": ', ["hunter2!"]],
    ["YAML that nests too deep", `token: hunter2!\nx: ${"[".repeat(500)}`, ["hunter2!"]],
  ])("finds at least what is secret in %s", (_, text, expected) => {
    expect(secretsIn(createRaw({ vars: text }))).toEqual(expect.arrayContaining([...expected]));
  });

  it.each<[string, readonly string[]]>([
    ["a:\n  token: |\n    line-one\n\n    line-two\n  plain: text-plain", ["line-one", "line-two"]],
    ["a:\n  db_password : >-\n    line-one\n    line-two\nplain: text-plain", ["line-one", "line-two"]],
    ["token:\n  line-one\nplain: text-plain", ["line-one"]],
    ["token: &x\n  line-one\nplain: text-plain", ["line-one"]],
    ["token: one-line\n  two-line\nplain: text-plain", ["one-line"]],
    ["token: a>b one\n  two-line", ["a>b one"]],
    ["home: https://u:hunter2!@h/", ["hunter2!"]],
    ["{'token' : hunter2!, plain: text}", ["hunter2!", "hunter2!, plain: text}", "hunter2!,"]],
    ["{'token': hunter2!}", ["hunter2!", "hunter2!}"]],
    ['token: "one two"', ["one two"]],
    ["token=   hunter2!   more", ["hunter2!", "hunter2!   more"]],
    ["a-token: some_thing\nplain: text: none", ["some_thing"]],
  ])("finds in YAML that cannot be read what may be a secret, and no more: %j", (text, expected) => {
    const found = secretsIn(createRaw({ vars: `]\n${text}` }));
    expect(found.filter((one) => !/^["']/.test(one)).sort()).toEqual([...expected].sort());
  });

  it.each([
    ["postgres://u:pa@ss/word@db/x", ["pa@ss/word", "pa"]],
    ["postgres://u:pa/ss@db/x", ["pa/ss"]],
    ["redis://:only%2Fpass@h", ["only%2Fpass", "only/pass"]],
    ["https://h:8080/path@v1", []],
    ["https://user@h/x", []],
    ["https://user@h/x@y", []],
    ["https://h:8/path@v1", []],
    ["http://host:name/x", []],
    ["xx:hunter@home", []],
    ["redis://:a1234/b@h", ["a1234/b"]],
    ["https://u:100%@h", ["100%"]],
  ])("finds the password of %s", (url, expected) => {
    expect(passwordsInUrls(`--index-url=${url} 'x'`)).toEqual(expected);
  });

  it("finds secrets in arguments, in packages and in a key that is repaired", () => {
    const { text: key } = makeKey();
    const raw = createRaw({
      "extra-args": `-e db_password=hunter2! -e '{"token": "t0ken-one"}'`,
      "python-packages": "x @ https://u:hunter3!@h/x.whl",
      "ssh-private-key": Buffer.from(key).toString("base64"),
    });
    expect(secretsIn(raw)).toEqual(expect.arrayContaining(["hunter2!", "t0ken-one", "hunter3!", key]));
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

  it("finds every password of a mapping, also of one that is broken", () => {
    const found = (text: string) => secretsIn(createRaw({ "vault-passwords": text }));
    expect(found("prod: one-pass\ndev: |\n  two-pass\n")).toEqual(["one-pass", "two-pass"]);
    expect(found("prod: one-pass\r\ndev:   two-pass  \r\nx: [")).toEqual(
      expect.arrayContaining(["one-pass", "two-pass"]),
    );
  });

  it("takes blank texts for none, and finds secrets where a quote stays open", () => {
    expect(secretsIn(createRaw({ "become-password": "  \n" }))).toEqual([]);
    expect(secretsIn(createRaw({ "extra-args": "-e 'db_password=hunter2!" }))).toEqual(
      expect.arrayContaining(["hunter2!"]),
    );
  });

  it("hides what a malformed env may hold", () => {
    expect(secretsIn(createRaw({ env: "A='open\n B =   hunter22  " }))).toEqual(["'open", "hunter22"]);
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
    expect(weakSecrets({ ...inputs, vaultPassword: "ab", sshPrivateKeyPassphrase: "test" }, "")).toEqual(
      expect.arrayContaining([
        "vault-password is so short or common that it is not hidden in the log: use eight or more characters.",
        "ssh-private-key-passphrase is so short or common that it is not hidden in the log: use eight or more characters.",
      ]),
    );
    expect(weakSecrets(inputs, "1234").map((text) => text.split(" is so short or common ")[0])).toEqual([
      "become-password",
      "registry-password",
      "vault-passwords dev",
      "env SECRET_KEY",
    ]);
  });
});
