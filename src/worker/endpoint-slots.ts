/** Deliveries under way to one endpoint at once. */
const PER_ENDPOINT = 8;
/** To one that failed last: enough to see it come back, and too little to hold up others while it does not. */
const PER_FAILING_ENDPOINT = 1;
/** Failing endpoints remembered; when there are more, the one that failed longest ago is taken for sound. */
const MAX_FAILING = 1_000;

/** What is left for each endpoint. */
export interface EndpointRooms {
  readonly perEndpoint: number;
  /** Of endpoints for which it is not `perEndpoint`. */
  readonly rooms: Readonly<Record<string, number>>;
}

/** How many more deliveries each endpoint may be sent at once. */
export interface EndpointSlots {
  take(endpoint: string): void;
  giveBack(endpoint: string, how: { readonly failed: boolean }): void;
  rooms(): EndpointRooms;
}

/** Makes the {@link EndpointSlots} of a process. */
export function makeEndpointSlots(): EndpointSlots {
  const used = new Map<string, number>();
  const failing = new Set<string>();
  const capacity = (endpoint: string) => (failing.has(endpoint) ? PER_FAILING_ENDPOINT : PER_ENDPOINT);
  const room = (endpoint: string) => Math.max(0, capacity(endpoint) - (used.get(endpoint) ?? 0));

  return {
    take: (endpoint) => void used.set(endpoint, (used.get(endpoint) ?? 0) + 1),
    giveBack(endpoint, { failed }) {
      const left = (used.get(endpoint) ?? 1) - 1;
      if (left > 0) used.set(endpoint, left);
      else used.delete(endpoint);
      failing.delete(endpoint);
      if (!failed) return;
      failing.add(endpoint);
      if (failing.size > MAX_FAILING) failing.delete(failing.values().next().value ?? endpoint);
    },
    rooms: () => ({
      perEndpoint: PER_ENDPOINT,
      rooms: Object.fromEntries([...new Set([...used.keys(), ...failing])].map((endpoint) => [endpoint, room(endpoint)])),
    }),
  };
}
