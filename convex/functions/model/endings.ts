import { v } from "convex/values";
import { defineMutation, type Doc, type MutationCtx } from "./builders";
import { Tally } from "./counters";
import { findRun } from "./jobs";
import * as nouns from "./nouns";
import { keep } from "./scans";
import { dueAt, step } from "./steps";

// What both endings share. A run that the same call has ended is an answer that got lost on its way: it is given again.
async function end(
  ctx: MutationCtx,
  ending: { run: string; call: string; next: { after: number | null; interval: number }; reason?: string; scan?: typeof nouns.scan.type },
): Promise<boolean> {
  const now = Date.now();
  const run = await findRun(ctx, ending.run);
  if (run === null || run.state !== "leased") {
    return run !== null && run.call === ending.call;
  }

  const job = await ctx.db.get(run.job);
  if (job === null || run.until <= now) {
    return false;
  }

  const failed = ending.reason !== undefined;
  const failures = ending.reason === nouns.stopped ? job.failures : job.failures + 1;
  const state = failed ? "failed" : "succeeded";
  await ctx.db.patch(run._id, { state, ended: now, call: ending.call, reason: ending.reason });
  const changes: Partial<Doc<"jobs">> = {
    ...dueAt(ending.next.after === null ? null : now + ending.next.after),
    interval: ending.next.interval,
    failures: failed ? failures : 0,
    worker: undefined,
  };
  const tally = new Tally();
  await step(ctx, tally, job, state, changes, { run: run.run, time: now, reason: ending.reason });
  await tally.write(ctx);
  if (ending.scan !== undefined) {
    await keep(ctx, ending.scan);
  }

  return true;
}

/** Ends a run with its result, and keeps the scan in the same step. False where the run has ended or its lease is lost. */
export const succeed = defineMutation({
  args: { run: v.string(), call: v.string(), next: nouns.next, scan: v.optional(nouns.scan) },
  returns: v.boolean(),
  handler: end,
});

/** Ends a run without one. */
export const fail = defineMutation({
  args: { run: v.string(), call: v.string(), next: nouns.next, reason: v.string() },
  returns: v.boolean(),
  handler: end,
});
