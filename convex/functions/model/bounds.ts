import { ConvexError } from "convex/values";

// A function may write 16,000 documents and ask 4,096 ranges; each of these stays well under both.

/** Jobs added, extended or claimed by one call; each costs one or two ranges and up to three writes. */
export const maxBatch = 1000;

/** Jobs, runs, transitions, scans or sites in one answer. */
export const maxPage = 1000;

/** Jobs that one call makes due. */
export const maxRetry = 2000;

/** Runs abandoned by one call; the next call abandons the next. */
export const maxAbandon = 500;

/** Due jobs are counted up to here. */
export const maxDueCounted = 1000;

/** Sites read for one answer when a text is looked for; the caller goes on where it ended. */
export const maxSitesRead = 2000;

/** Sites found by one feature; a feature of more says little. */
export const maxOfFeature = 1000;

/** Features of one scan. */
export const maxFeatures = 512;

/** Characters of a record; a document has at most 1 MiB, and a character at most three bytes in UTF-8 per UTF-16 unit. */
export const maxRecordBytes = 900 * 1024;

export function bounded(value: number, least: number, most: number, name: string): number {
  if (!Number.isFinite(value) || value < least) {
    throw invalid(`${name} must be ${least} or more`);
  }

  return Math.min(Math.floor(value), most);
}

export function refuseMoreThan(most: number, list: readonly unknown[], name: string): void {
  if (list.length > most) {
    throw invalid(`${name} has ${list.length} entries, at most ${most} are taken`);
  }
}

export function invalid(message: string): ConvexError<{ code: string; message: string }> {
  return new ConvexError({ code: "invalid", message });
}
