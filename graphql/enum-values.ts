/** The values of an enum type for names that the domain writes in small letters: `timed_out` becomes `TIMED_OUT`, described by `meaning`. */
export function enumValues<Name extends string>(meaning: Readonly<Record<Name, string>>) {
  const entries = Object.entries<string>(meaning).map(([name, description]) => [enumName(name), { value: name, description }]);
  // `value` comes from the keys of `meaning`, which are the names.
  return Object.fromEntries(entries) as Record<string, { value: Name; description: string }>;
}

/** A string of the database as the member of a closed set that a CHECK constraint makes it. */
export function memberOf<Member extends string>(members: readonly Member[], text: string): Member {
  const member = members.find((one) => one === text);
  if (member === undefined) throw new Error(`"${text}" is none of ${members.join(', ')}`);
  return member;
}

/** As {@link memberOf}, for a column that may be null. */
export function memberOrNull<Member extends string>(members: readonly Member[], text: string | null): Member | null {
  return text === null ? null : memberOf(members, text);
}

function enumName(name: string): string {
  return name === '*' ? 'ALL' : name.toUpperCase().replaceAll(/[:.-]/g, '_');
}
