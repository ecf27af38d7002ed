// The suite of leaks.test.ts once more, on hosts with sudo-rs and uutils, systemd 258 or newer and cgroup v2.
process.env.DAD_SYSTEM = "ubuntu-like";
await import("./leaks.test.js");
