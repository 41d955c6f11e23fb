/** For what mutations answer: whoever may trigger or change workflow runs sees what became of the one they meant. */
export const ALSO_OF_MUTATIONS = { scope: 'workflows:read', orScope: ['workflows:write', 'workflows:trigger'] } as const;
