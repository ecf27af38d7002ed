import { type Host, onHost } from "../../../scripts/lab/index.mjs";

const home = "/var/lib/postgresql";

/** A step of a restore into `mysite`: how PostgreSQL's administrator sees a session that is in it. */
export const STEPS = {
  make: "query LIKE 'CREATE DATABASE %mysite_restore%' AND wait_event_type = 'Lock'",
  load: "datname = 'mysite_restore' AND query LIKE 'COPY %guestbook_entry%'",
  look: "datname = 'mysite_restore' AND application_name = '' AND backend_type = 'client backend'",
  names: "query LIKE 'BEGIN; COMMENT ON DATABASE%' AND wait_event_type = 'Lock'",
  forget: "query LIKE 'DROP DATABASE %mysite_replaced_%' AND wait_event_type = 'Lock'",
} as const;

export type Step = keyof typeof STEPS;

/** From then on, and as long as the session lasts, no database is made, renamed or dropped. */
const HOLD = "LOCK TABLE pg_catalog.pg_database IN SHARE MODE;";
/** Looks every few milliseconds, and gives up after two minutes. */
const loop = (step: string, condition: string): string =>
  `FOR i IN 1..24000 LOOP PERFORM pg_stat_clear_snapshot(); ${step} EXIT WHEN ${condition}; PERFORM pg_sleep(0.005); END LOOP;`;
const sessions = (point: string, what = "1"): string =>
  `SELECT ${what} FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND ${point}`;
export const until = (point: string): string => loop("", `EXISTS (${sessions(point)})`);
/** Lasts until `release` is called. */
export const STAYS = loop("", `(pg_stat_file('${home}/released', true)).size IS NOT NULL`);

/** What makes a session stay in a step, where a lock of the server does. */
const BEFORE: Record<Step, string[]> = {
  make: [HOLD],
  load: [],
  look: [until(STEPS.load)],
  names: [until(STEPS.load), HOLD],
  forget: [until(STEPS.load), loop("", "NOT EXISTS (SELECT FROM pg_database WHERE datname = 'mysite_restore')"), HOLD],
};

const signal = (name: string): string =>
  `EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', 'cat > /dev/null; kill -${name} ' || held);`;

/** Ends the connection of a session as soon as it is in that step. */
export const endsIn = (step: Step): string[] => [
  ...BEFORE[step],
  loop(`PERFORM pg_terminate_backend(pid) FROM (${sessions(STEPS[step], "pid")}) AS it;`, "FOUND"),
];

/** Has a session stand still in that step until `release` is called; `isReached` says when it does. */
export const staysIn = (step: Step): string[] => [
  ...BEFORE[step],
  loop(`${sessions(STEPS[step], "pid INTO held")} LIMIT 1;`, "FOUND"),
  signal("STOP"),
  `COPY (SELECT 1) TO '${home}/reached';`,
  STAYS,
  signal("CONT"),
];

/** Runs steps in a session of the administrator beside what the test does. */
export const watch = (host: Host, steps: string[], database = "postgres"): Promise<string> =>
  onHost(
    host,
    `systemctl stop watch.service 2>/dev/null || true; rm -f ${home}/reached ${home}/released
cat > ${home}/watch.sql <<'SQL'
DO $do$ DECLARE held integer; BEGIN
${steps.join("\n")}
END $do$;
SQL
systemd-run --quiet --collect --unit=watch --uid=postgres psql -XAtq -d ${database} -f ${home}/watch.sql`,
  );

export const isReached = async (host: Host): Promise<boolean> =>
  (await onHost(host, `ls ${home}/reached 2>/dev/null || true`)) !== "";

export const release = (host: Host): Promise<string> => onHost(host, `touch ${home}/released`);
