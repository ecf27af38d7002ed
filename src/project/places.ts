import { relative, resolve } from "node:path";
import { DeployError, quoted, shortened } from "../errors.js";
import type { InputName } from "../inputs/inputs.js";
import { kindOf, type Place } from "../read-file.js";

/** Where the paths of the inputs and of the project begin, and where links have to end. Absolute. */
export interface Ground {
  /** working-directory. */
  readonly folder: string;
  /** GITHUB_WORKSPACE. */
  readonly workspace: string;
}

/**
 * The place that an input names.
 *
 * @throws DeployError where nothing is there, or only what is neither a file nor a folder.
 */
export function placeOfInput(
  input: InputName,
  given: string,
  ground: Ground,
): Place & { readonly kind: "file" | "folder" } {
  if (given.startsWith("-")) throw new DeployError(`${input} is ${quoted(given)}: a path cannot begin with a dash.`);
  const place = { path: resolve(ground.folder, given), name: `${input} ${quoted(given)}`, workspace: ground.workspace };
  const kind = kindOf(place);
  if (kind === undefined)
    throw new DeployError(
      `${place.name} does not exist in ${ground.folder}: correct the path, and check that it is committed.`,
    );
  return { ...place, kind };
}

/** A place that the project has without an input that names it. */
export function placeInProject(path: string, ground: Ground): Place {
  const known = relative(ground.folder, path) || path;
  return { path, name: /^[\w./@+ -]+$/.test(known) ? shortened(known) : quoted(known), workspace: ground.workspace };
}
