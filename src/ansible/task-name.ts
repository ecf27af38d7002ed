/** A task's name without its role's, which Ansible puts before it. */
export function taskName({ name }: { readonly name: string }): string {
  return name.split(" : ").at(-1) ?? name;
}
