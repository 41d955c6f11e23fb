/** What the value of a secret is sealed for: moved to another row, of another project for instance, it does not open. */
export function sealContext(projectId: string, secretId: string): string {
  return `${projectId}/${secretId}`;
}
