/** `37.5 %`; three digits, and never `0 %` for something nor `100 %` for less than all. */
export function percent(fraction: number): string {
  const rounded = Number((fraction * 100).toPrecision(3));
  return rounded === 100 && fraction < 1 ? '>99.9 %' : `${rounded} %`;
}

/** A YAML key or value that is plain where it may be. */
export const yamlKey = (name: string): string => (/^[A-Za-z_][\w.-]*$/.test(name) ? name : JSON.stringify(name));
