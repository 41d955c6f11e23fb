/** The object with its own keys turned from snake_case to camelCase; what the values hold is left alone, it may be the user's. */
export function toCamelKeys(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return mapKeys(row, (key) => key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()));
}

/** The object with its own keys turned from camelCase to snake_case, without those that are undefined. */
export function toSnakeKeys(input: object): Record<string, unknown> {
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
  return mapKeys(given, (key) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}

function mapKeys(row: Readonly<Record<string, unknown>>, rename: (key: string) => string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([key, value]) => [rename(key), value]));
}
