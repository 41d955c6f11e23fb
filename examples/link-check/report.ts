import { z } from 'zod';

/** A link that leads nowhere, and why, for a person. */
export const BrokenLink = z.object({ file: z.string(), line: z.int(), target: z.string(), reason: z.string() });

/** What is known about one file: how many relative links it has, and which of them lead nowhere. */
export const FileReport = z.object({ file: z.string(), links: z.int(), broken: z.array(BrokenLink).readonly() });

/** What is known about a whole tree. */
export const TreeReport = z.object({ root: z.string(), files: z.int(), links: z.int(), broken: z.array(BrokenLink).readonly() });

/** The parsed form of {@link BrokenLink}. */
export type BrokenLink = z.infer<typeof BrokenLink>;
/** The parsed form of {@link FileReport}. */
export type FileReport = z.infer<typeof FileReport>;
/** The parsed form of {@link TreeReport}. */
export type TreeReport = z.infer<typeof TreeReport>;
