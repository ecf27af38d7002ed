/** A file and a line of it. */
export type Place = readonly [file: string, line: number];

/** Where Ansible says that a value or a template comes from: `Origin: /path:line:column`, a line each. */
export function inOrigin(text: string): Place[] {
  return text.split("\n").flatMap((line): Place[] => {
    const start = line.indexOf("Origin: /");
    const [, place = "", number] =
      /^(.+?):(\d+)(?::\d+)?(?!\d)/.exec(line.slice(start + "Origin: ".length).trimEnd()) ?? [];
    return start === -1 || place === "" ? [] : [[place, Number(number)]];
  });
}
