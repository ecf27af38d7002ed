/**
 * What the action can do with an application: each operation is a row here and a playbook for each mode in the collection.
 * Everything that differs between operations on the runner is read from this table.
 */
export interface Operation {
  /** Name of the bundled playbook by mode, without `.yml`. */
  readonly playbooks: Readonly<Record<"role" | "container", string>>;
  /** Inputs of `OPERATION_INPUTS` that it takes; any other of them is refused. */
  readonly inputs: Readonly<Partial<Record<OperationInput, "needed" | "optional">>>;
  /** Whether it takes the deploy lock and may leave hosts changed: a cancel then gives back what it holds. */
  readonly changesHosts: boolean;
  /** Whether the checked-out commit goes to the hosts, so that there has to be one. */
  readonly uploads: boolean;
  /** Whether the headline says from which commit to which. */
  readonly tellsRevisions: boolean;
  /** Begins the summary's headline: `Rollback of mysite on web1`. */
  readonly headline: string;
}

/** Inputs that only some operations take. */
export const OPERATION_INPUTS = ["revision", "command", "confirm"] as const;

export type OperationInput = (typeof OPERATION_INPUTS)[number];

export const OPERATIONS = {
  deploy: {
    playbooks: { role: "role", container: "container" },
    inputs: { revision: "optional" },
    changesHosts: true,
    uploads: true,
    tellsRevisions: true,
    headline: "Deploy",
  },
  rollback: {
    playbooks: bothModes("rollback"),
    inputs: { revision: "optional" },
    changesHosts: true,
    uploads: false,
    tellsRevisions: true,
    headline: "Rollback",
  },
  run: {
    playbooks: bothModes("run"),
    inputs: { command: "needed" },
    changesHosts: true,
    uploads: false,
    tellsRevisions: false,
    headline: "Command",
  },
  logs: {
    playbooks: bothModes("logs"),
    inputs: { command: "optional" },
    changesHosts: false,
    uploads: false,
    tellsRevisions: false,
    headline: "Logs",
  },
  "maintenance-on": {
    playbooks: bothModes("maintenance_on"),
    inputs: {},
    changesHosts: false,
    uploads: false,
    tellsRevisions: false,
    headline: "Start of maintenance",
  },
  "maintenance-off": {
    playbooks: bothModes("maintenance_off"),
    inputs: {},
    changesHosts: false,
    uploads: false,
    tellsRevisions: false,
    headline: "End of maintenance",
  },
  remove: {
    playbooks: bothModes("remove"),
    inputs: { confirm: "needed", command: "optional" },
    changesHosts: true,
    uploads: false,
    tellsRevisions: false,
    headline: "Removal",
  },
  backup: {
    playbooks: bothModes("backup"),
    inputs: {},
    changesHosts: true,
    uploads: false,
    tellsRevisions: false,
    headline: "Backup",
  },
  restore: {
    playbooks: bothModes("restore"),
    inputs: { revision: "needed", confirm: "needed" },
    changesHosts: true,
    uploads: false,
    tellsRevisions: false,
    headline: "Restore",
  },
  rehearse: {
    playbooks: bothModes("rehearse"),
    inputs: { revision: "optional" },
    changesHosts: true,
    uploads: false,
    tellsRevisions: false,
    headline: "Rehearsal",
  },
  status: {
    playbooks: bothModes("status"),
    inputs: {},
    changesHosts: false,
    uploads: false,
    tellsRevisions: false,
    headline: "Status",
  },
  lock: {
    playbooks: bothModes("lock"),
    inputs: {},
    changesHosts: false,
    uploads: false,
    tellsRevisions: false,
    headline: "Lock",
  },
  unlock: {
    playbooks: bothModes("unlock"),
    inputs: {},
    changesHosts: false,
    uploads: false,
    tellsRevisions: false,
    headline: "Unlock",
  },
} as const satisfies Readonly<Record<string, Operation>>;

export type OperationName = keyof typeof OPERATIONS;

export const OPERATION_NAMES = Object.keys(OPERATIONS) as readonly OperationName[];

/** Role mode's playbooks have the plain names. */
function bothModes(name: string): Readonly<Record<"role" | "container", string>> {
  return { role: name, container: `container_${name}` };
}
