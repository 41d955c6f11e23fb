/** The values of an enum type for names that the domain writes in small letters: `timed_out` becomes `TIMED_OUT`, described by `meaning`. */
export function enumValues<Name extends string>(meaning: Readonly<Record<Name, string>>) {
  const entries = Object.entries<string>(meaning).map(([name, description]) => [enumName(name), { value: name, description }]);
  // `value` comes from the keys of `meaning`, which are the names.
  return Object.fromEntries(entries) as Record<string, { value: Name; description: string }>;
}

function enumName(name: string): string {
  return name === '*' ? 'ALL' : name.toUpperCase().replaceAll(/[:-]/g, '_');
}
