/** The uv that the action brings when the runner has none. `npm run lock` reads it for uv-requirements.lock. */
export const UV_VERSION = "0.12.5";

/** The oldest uv on PATH that knows every flag and variable used here (`UV_SYSTEM_CERTS`). */
export const UV_MINIMUM = "0.11.0";

/** A release archive of uv and its SHA-256. */
export interface UvArchive {
  readonly triple: string;
  readonly sha256: string;
  readonly url: string;
}

const ARCHIVES: Readonly<Record<string, readonly [triple: string, sha256: string]>> = {
  "darwin-arm64": ["aarch64-apple-darwin", "5bb0e5fe008a773c3dbcb97ff79cd89e1241464fe9d2f986d52ad8f1b037bd62"],
  "darwin-x64": ["x86_64-apple-darwin", "b3b2137477cf96c9686ebfb71524614cec780c673fd73e59bce099aef02e70e8"],
  "linux-arm64": ["aarch64-unknown-linux-gnu", "9bf43b4d1a07665bf64d4c4e710930b382321a785e0eb10aac07f46471f86a31"],
  "linux-x64": ["x86_64-unknown-linux-gnu", "68a509da24b06b4223a1c0175fb5eb5bc79342b76cbeff0cfe51ac3f5b17b6b2"],
};

/**
 * The archive for a platform of Node (`process.platform`, `process.arch`).
 *
 * @returns undefined where uv publishes none that the action pins.
 */
export function uvArchive(platform: string, arch: string): UvArchive | undefined {
  const found = ARCHIVES[`${platform}-${arch}`];
  if (!found) return undefined;
  const [triple, sha256] = found;
  return { triple, sha256, url: `https://github.com/astral-sh/uv/releases/download/${UV_VERSION}/uv-${triple}.tar.gz` };
}

/** Whether `uv --version` text names a version the action can use. */
export function isUsableUv(versionText: string): boolean {
  const match = /^uv (\d+)\.(\d+)\.(\d+)/.exec(versionText);
  if (!match) return false;
  const found = match.slice(1, 4).map(Number);
  const minimum = UV_MINIMUM.split(".").map(Number);
  for (const [index, part] of found.entries()) {
    const least = minimum[index] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}
