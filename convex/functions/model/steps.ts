import type { Doc, MutationCtx } from "./builders";
import type { Tally } from "./counters";
import type { JobState } from "./nouns";

/** Later than every due time: the place in lists of what is never due by itself. */
export const never = 8.64e15;

/** When a job may be claimed, in the three forms that the table keeps. */
export function dueAt(due: number | null): { due: number | null; order: number; ready: number | undefined } {
  return { due, order: due ?? never, ready: due ?? undefined };
}

/** The same while it is leased. */
export function leasedUntil(until: number): { due: number; order: number; ready: undefined } {
  return { due: until, order: until, ready: undefined };
}

/** Writes a job's new state with the trace of the step. */
export async function step(
  ctx: MutationCtx,
  tally: Tally,
  job: Doc<"jobs">,
  to: JobState,
  changes: Partial<Omit<Doc<"jobs">, "_id" | "_creationTime" | "state">>,
  trace: { run?: string | undefined; time: number; reason?: string | undefined },
): Promise<void> {
  await ctx.db.patch(job._id, { ...changes, state: to });
  await ctx.db.insert("transitions", {
    job: job._id,
    from: job.state,
    to,
    time: trace.time,
    run: trace.run,
    reason: trace.reason,
  });
  tally.move(job.state, to);
}

/** Ends the runs whose lease has expired, and makes their jobs due again. */
export async function abandonExpired(ctx: MutationCtx, tally: Tally, now: number, limit: number): Promise<number> {
  const expired = await ctx.db
    .query("runs")
    .withIndex("by_lease", (q) => q.eq("state", "leased").lte("until", now))
    .take(limit);
  const reason = "lease expired";
  for (const run of expired) {
    await ctx.db.patch(run._id, { state: "abandoned", ended: now, reason });
    const job = await ctx.db.get(run.job);
    if (job !== null && job.state === "leased" && job.run === run.run) {
      await step(
        ctx,
        tally,
        job,
        "abandoned",
        { ...dueAt(now), failures: job.failures + 1, worker: undefined },
        { run: run.run, time: now, reason },
      );
    }
  }

  return expired.length;
}
