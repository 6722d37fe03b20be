import { v } from "convex/values";
import { bounded, maxAbandon, maxBatch, maxPage, maxRetry, maxDueCounted, refuseMoreThan } from "./bounds";
import { defineMutation, defineQuery, type Doc, type QueryCtx } from "./builders";
import { countStates, Tally } from "./counters";
import * as nouns from "./nouns";
import { abandonExpired, dueAt, leasedUntil, step } from "./steps";

function shown(job: Doc<"jobs">) {
  return {
    id: job._id as string,
    url: job.url,
    site: job.site,
    origin: job.origin,
    state: job.state,
    due: job.due,
    failures: job.failures,
    runs: job.runs,
    interval: job.interval,
    added: job.added,
    worker: job.worker ?? null,
    leasedUntil: job.state === "leased" ? job.due : null,
    run: job.run ?? null,
  };
}

/** Puts sites under watch; those that are there already stay as they are. */
export const add = defineMutation({
  args: { jobs: v.array(nouns.newJob) },
  returns: v.number(),
  handler: async (ctx, { jobs }) => {
    refuseMoreThan(maxBatch, jobs, "jobs");
    const now = Date.now();
    const tally = new Tally();
    let added = 0;
    for (const { url, site, origin, due } of jobs) {
      const known = await ctx.db
        .query("jobs")
        .withIndex("by_url", (q) => q.eq("url", url))
        .first();
      if (known !== null) {
        continue;
      }

      await ctx.db.insert("jobs", {
        url,
        site,
        origin,
        state: "queued",
        ...dueAt(due ?? now),
        failures: 0,
        runs: 0,
        interval: 0,
        added: now,
      });
      tally.move(null, "queued");
      added += 1;
    }

    await tally.write(ctx);
    return added;
  },
});

/**
 * Leases jobs that are due, the longest due first, after abandoning runs whose lease has expired.
 * The caller names the runs: a call that is sent again gets the jobs it got before.
 */
export const claim = defineMutation({
  args: { worker: v.string(), lease: v.number(), runs: v.array(v.string()) },
  returns: v.array(v.object({ job: nouns.job, run: v.string() })),
  handler: async (ctx, { worker, lease, runs }) => {
    refuseMoreThan(maxBatch, runs, "runs");
    bounded(lease, 1, Number.MAX_SAFE_INTEGER, "lease");
    const now = Date.now();
    const first = runs[0] === undefined ? null : await findRun(ctx, runs[0]);
    if (first !== null) {
      return await leasedBefore(ctx, worker, runs, now);
    }

    const tally = new Tally();
    await abandonExpired(ctx, tally, now, maxAbandon);
    const due = await ctx.db
      .query("jobs")
      .withIndex("by_ready", (q) => q.gte("ready", 0).lte("ready", now))
      .take(runs.length);
    const leased = [];
    for (const [index, job] of due.entries()) {
      const run = runs[index]!;
      const until = now + lease;
      await ctx.db.insert("runs", { run, job: job._id, worker, state: "leased", started: now, until });
      const changes = { ...leasedUntil(until), worker, run, runs: job.runs + 1 };
      await step(ctx, tally, job, "leased", changes, { run, time: now });
      leased.push({ job: shown({ ...job, ...changes, state: "leased" }), run });
    }

    await tally.write(ctx);
    return leased;
  },
});

/** Extends the leases of runs that are still this worker's, and names them. */
export const extend = defineMutation({
  args: { worker: v.string(), lease: v.number(), runs: v.array(v.string()) },
  returns: v.array(v.string()),
  handler: async (ctx, { worker, lease, runs }) => {
    refuseMoreThan(maxBatch, runs, "runs");
    bounded(lease, 1, Number.MAX_SAFE_INTEGER, "lease");
    const now = Date.now();
    const held = [];
    for (const name of runs) {
      const run = await findRun(ctx, name);
      if (run === null || run.worker !== worker || run.state !== "leased" || run.until <= now) {
        continue;
      }

      const until = now + lease;
      await ctx.db.patch(run._id, { until });
      await ctx.db.patch(run.job, leasedUntil(until));
      held.push(name);
    }

    return held;
  },
});

// What was made due leaves the range that is read, so the next call goes on where this one ended.
const retried: readonly nouns.JobState[] = ["failed", "abandoned", "succeeded", "queued"];

/** Makes jobs due now that nobody holds and that are not queued and due already, also those that are due never, and forgets their failures. The caller asks again until there are no more. */
export const retry = defineMutation({
  args: { state: v.optional(nouns.jobState), site: v.optional(v.string()), limit: v.number() },
  returns: v.number(),
  handler: async (ctx, { site, limit, state: only }) => {
    const now = Date.now();
    const most = bounded(limit, 0, maxRetry, "limit");
    const tally = new Tally();
    const changes = { ...dueAt(now), failures: 0 };
    let count = 0;
    for (const state of retried.filter((one) => only === undefined || one === only)) {
      const jobs = await inOrder(ctx, site === undefined ? { state } : { state, site }, (q) => (state === "queued" ? q.gt("order", now) : q)).take(most - count);
      for (const job of jobs) {
        if (state === "queued") {
          await ctx.db.patch(job._id, changes);
        } else {
          await step(ctx, tally, job, "queued", changes, { time: now, reason: "retry" });
        }
      }

      count += jobs.length;
    }

    await tally.write(ctx);
    return count;
  },
});

/** Ends runs whose lease has expired; claiming does so too, this is for when nobody claims. */
export const abandonStale = defineMutation({
  args: {},
  returns: v.number(),
  handler: async (ctx) => {
    const tally = new Tally();
    const abandoned = await abandonExpired(ctx, tally, Date.now(), maxAbandon);
    await tally.write(ctx);
    return abandoned;
  },
});

/** Jobs in the order they are due. */
export const list = defineQuery({
  args: nouns.jobQuery,
  returns: v.array(nouns.job),
  handler: async (ctx, query) => (await find(ctx, query, maxPage)).map(shown),
});

/** One job, or none. */
export const get = defineQuery({
  args: { job: v.string() },
  returns: v.array(nouns.job),
  handler: async (ctx, { job }) => {
    const id = ctx.db.normalizeId("jobs", job);
    const found = id === null ? null : await ctx.db.get(id);
    return found === null ? [] : [shown(found)];
  },
});

/** Runs of a job, the newest first. */
export const runs = defineQuery({
  args: { job: v.string(), limit: v.number() },
  returns: v.array(nouns.run),
  handler: async (ctx, { job, limit }) => {
    const id = ctx.db.normalizeId("jobs", job);
    if (id === null) {
      return [];
    }

    const documents = await ctx.db
      .query("runs")
      .withIndex("by_job", (q) => q.eq("job", id))
      .order("desc")
      .take(bounded(limit, 0, maxPage, "limit"));
    return documents.map((run) => ({
      id: run.run,
      job: run.job as string,
      worker: run.worker,
      state: run.state,
      started: run.started,
      ended: run.ended ?? null,
      reason: run.reason ?? null,
    }));
  },
});

/** Transitions of a job, the newest first. */
export const transitions = defineQuery({
  args: { job: v.string(), limit: v.number() },
  returns: v.array(nouns.transition),
  handler: async (ctx, { job, limit }) => {
    const id = ctx.db.normalizeId("jobs", job);
    if (id === null) {
      return [];
    }

    const newest = await ctx.db
      .query("transitions")
      .withIndex("by_job", (q) => q.eq("job", id))
      .order("desc")
      .take(bounded(limit, 0, maxPage, "limit"));
    return newest.map((step) => ({
      job: step.job as string,
      run: step.run ?? null,
      from: step.from,
      to: step.to,
      time: step.time,
      reason: step.reason ?? null,
    }));
  },
});

/** How many jobs are in each state, and how many could be claimed now. */
export const counts = defineQuery({
  args: {},
  returns: v.object({
    jobs: v.object({
      queued: v.number(),
      leased: v.number(),
      succeeded: v.number(),
      failed: v.number(),
      abandoned: v.number(),
    }),
    due: v.number(),
  }),
  handler: async (ctx) => {
    const now = Date.now();
    const ready = await ctx.db
      .query("jobs")
      .withIndex("by_ready", (q) => q.gte("ready", 0).lte("ready", now))
      .take(maxDueCounted);
    const expired = await ctx.db
      .query("runs")
      .withIndex("by_lease", (q) => q.eq("state", "leased").lte("until", now))
      .take(maxAbandon);
    return { jobs: await countStates(ctx), due: ready.length + expired.length };
  },
});

export async function findRun(ctx: QueryCtx, run: string): Promise<Doc<"runs"> | null> {
  return await ctx.db
    .query("runs")
    .withIndex("by_run", (q) => q.eq("run", run))
    .unique();
}

async function leasedBefore(ctx: QueryCtx, worker: string, runs: readonly string[], now: number) {
  const leased = [];
  for (const name of runs) {
    const run = await findRun(ctx, name);
    const job = run === null ? null : await ctx.db.get(run.job);
    if (run !== null && job !== null && run.worker === worker && run.state === "leased" && run.until > now) {
      leased.push({ job: shown(job), run: name });
    }
  }

  return leased;
}

/** Jobs of a query in the order they are due; jobs due at one moment in the order they were added. */
async function find(
  ctx: QueryCtx,
  query: { state?: nouns.JobState; site?: string; after?: string; limit: number },
  most: number,
): Promise<Doc<"jobs">[]> {
  const limit = bounded(query.limit, 0, most, "limit");
  if (query.after === undefined) {
    return await inOrder(ctx, query, (q) => q).take(limit);
  }

  const id = ctx.db.normalizeId("jobs", query.after);
  const after = id === null ? null : await ctx.db.get(id);
  if (after === null) {
    return [];
  }

  const beside = await inOrder(ctx, query, (q) => q.eq("order", after.order).gt("_creationTime", after._creationTime)).take(limit);
  const later = await inOrder(ctx, query, (q) => q.gt("order", after.order)).take(limit - beside.length);
  return [...beside, ...later];
}

// The four indexes end with the same two fields; their types do not say so.
interface Tail {
  eq(field: "order", value: number): Tail;
  gt(field: "order" | "_creationTime", value: number): Tail;
}

function inOrder(ctx: QueryCtx, query: { state?: nouns.JobState; site?: string }, tail: (q: Tail) => Tail) {
  const jobs = ctx.db.query("jobs");
  const { state, site } = query;
  if (site !== undefined && state !== undefined) {
    return jobs.withIndex("by_site_and_state", (q) => tail(q.eq("site", site).eq("state", state) as unknown as Tail) as never);
  }

  if (site !== undefined) {
    return jobs.withIndex("by_site", (q) => tail(q.eq("site", site) as unknown as Tail) as never);
  }

  if (state !== undefined) {
    return jobs.withIndex("by_state", (q) => tail(q.eq("state", state) as unknown as Tail) as never);
  }

  return jobs.withIndex("by_order", (q) => tail(q as unknown as Tail) as never);
}
