import type { Pool } from 'pg';
import type { SecretBox } from '../../auth/secret-box.ts';
import type { EndpointPolicy } from '../../core/endpoint-guard.ts';
import type { DispatchEnvironments } from './dispatch-environments.ts';

/** What changing environments and secrets works with. */
export interface EnvironmentDeps {
  /** The pool for everything a person asks for. */
  readonly pool: Pool;
  readonly endpointPolicy: EndpointPolicy;
  readonly box: SecretBox;
  /** Told of every change, so that a run dispatched after the answer has what was changed. */
  readonly dispatchEnvironments: Pick<DispatchEnvironments, 'invalidate'>;
}
