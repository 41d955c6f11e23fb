/** How far back figures of a job look, in the order of their length. */
export const WINDOWS = [
  { id: 'HOUR', label: 'Last hour', hours: 1 },
  { id: 'DAY', label: 'Last day', hours: 24 },
  { id: 'WEEK', label: 'Last week', hours: 168 },
  { id: 'MONTH', label: 'Last 30 days', hours: 720 },
] as const;

/** A member of the API's `HealthWindow`. */
export type Window = (typeof WINDOWS)[number]['id'];

/** The window that a part of an address names; a day for anything else. */
export function windowOf(text: string | undefined): Window {
  return WINDOWS.find(({ id }) => id.toLowerCase() === text)?.id ?? 'DAY';
}
