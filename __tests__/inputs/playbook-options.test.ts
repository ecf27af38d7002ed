import { describe, expect, it } from "vitest";
import { filesInArguments, requirePlaybookOptions } from "../../src/inputs/playbook-options.js";

describe("requirePlaybookOptions", () => {
  it.each([
    [[]],
    [["-v"]],
    [["-vvvD", "--diff", "-b"]],
    [["-e", "a=1", "-eb=2", "--extra-vars=c=3", "--extra-vars", "@x.yml"]],
    [["-f", "5", "-T10", "--forks=20", "--start-at-task", "Two words"]],
    [["--vault-id", "prod@prompt-not", "--ssh-common-args", "-o ProxyJump=b"]],
    [["--ssh-common-args=-o ServerAliveInterval=5", "--skip", "slow"]],
    [["-u", "-odd"]],
    [["--vault-id", "prod@/path/prompt", "-e", "prompt"]],
    [["--user=--odd"]],
  ])("lets pass %j", (words) => {
    expect(() => requirePlaybookOptions(words, true)).not.toThrow();
  });

  it.each([
    [["site.yml"], 'extra-args has "site.yml", which is no option'],
    [["-v", "yes"], 'extra-args has "yes", which is no option'],
    [["--"], 'extra-args has "--", which is no option: a playbook is given by playbook'],
    [["-"], 'extra-args has "-", which is no option'],
    [["-f", "5x"], 'extra-args has -f with "5x": it takes a number.'],
    [["-f", "x5"], 'extra-args has -f with "x5": it takes a number.'],
    [["--vault-id=prompt"], 'extra-args has --vault-id "prompt", which waits for a person'],
    [["--vault-id", "a@prompt_ask_vault_pass"], "extra-args has --vault-id"],
    [["--nonsense"], 'extra-args has "--nonsense", which is no option of ansible-playbook'],
    [["-Z"], 'extra-args has "-Z", which is no option of ansible-playbook'],
    [["--vault"], 'extra-args has "--vault", which is no option of ansible-playbook'],
    [["-e"], "extra-args has -e without its value"],
    [["--limit", "--diff"], "extra-args has --limit without its value"],
    [["-f", "many"], 'extra-args has -f with "many": it takes a number.'],
    [["--check=true"], "extra-args has --check with a value, and it takes none"],
    [["-vK"], "extra-args has -K, which waits for a person: use become-password instead."],
    [
      ["--vault-id", "prod@prompt"],
      'extra-args has --vault-id "prod@prompt", which waits for a person: use vault-passwords instead.',
    ],
    [["--ask-become"], "extra-args has --ask-become-pass, which waits for a person"],
    [["--version"], "extra-args has --version, which deploys nothing"],
  ])("refuses %j", (words, message) => {
    expect(() => requirePlaybookOptions(words, true)).toThrow(message);
  });

  it("lets an option pass that a newer Ansible may have", () => {
    expect(() => requirePlaybookOptions(["--brand-new=1", "-Z"], false)).not.toThrow();
  });
});

describe("filesInArguments", () => {
  it("finds files of variables and of inventories", () => {
    const words = [
      "-v",
      "-e",
      "@a.yml",
      "-e@b.yml",
      "--extra-vars=@c.yml",
      "-e",
      "x=@1",
      "-i",
      "hosts",
      "--inventory=d",
      "-i",
      "web1,",
      "--inventory-file",
      "e",
      "-l",
      "@none",
      "-ea=@b",
      "--brand-new=1",
    ];
    expect(filesInArguments(words)).toEqual(["a.yml", "b.yml", "c.yml", "hosts", "d", "e"]);
  });
});
