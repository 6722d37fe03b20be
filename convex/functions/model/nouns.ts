import { v, type Infer } from "convex/values";

export const jobState = v.union(
  v.literal("queued"),
  v.literal("leased"),
  v.literal("succeeded"),
  v.literal("failed"),
  v.literal("abandoned"),
);

export type JobState = Infer<typeof jobState>;

export const jobStates: readonly JobState[] = ["queued", "leased", "succeeded", "failed", "abandoned"];

export const runState = v.union(
  v.literal("leased"),
  v.literal("succeeded"),
  v.literal("failed"),
  v.literal("abandoned"),
);

export const siteClass = v.union(
  v.literal("http_content"),
  v.literal("http_error"),
  v.literal("unreachable"),
);

export const newJob = v.object({
  url: v.string(),
  site: v.string(),
  origin: v.string(),
  due: v.optional(v.union(v.number(), v.null())),
});

/** A job as callers see it. */
export const job = v.object({
  id: v.string(),
  url: v.string(),
  site: v.string(),
  origin: v.string(),
  state: jobState,
  due: v.union(v.number(), v.null()),
  failures: v.number(),
  runs: v.number(),
  interval: v.number(),
  added: v.number(),
  worker: v.union(v.string(), v.null()),
  leasedUntil: v.union(v.number(), v.null()),
  run: v.union(v.string(), v.null()),
});

export const run = v.object({
  id: v.string(),
  job: v.string(),
  worker: v.string(),
  state: runState,
  started: v.number(),
  ended: v.union(v.number(), v.null()),
  reason: v.union(v.string(), v.null()),
});

export const transition = v.object({
  job: v.string(),
  run: v.union(v.string(), v.null()),
  from: jobState,
  to: jobState,
  time: v.number(),
  reason: v.union(v.string(), v.null()),
});

/** How a job goes on after a run. It is due so long after the end of the run, by the deployment's clock; null: never by itself. */
export const next = v.object({
  after: v.union(v.number(), v.null()),
  interval: v.number(),
});

/** Why a run failed whose worker was told to stop: it gave the job back, which is nobody's fault. */
export const stopped = "stopped";

export const jobQuery = {
  state: v.optional(jobState),
  site: v.optional(v.string()),
  after: v.optional(v.string()),
  limit: v.number(),
};

export const feature = v.object({ kind: v.string(), value: v.string() });

/** A scan as a worker brings it: the record, and beside it what lists and pivots need of it. */
export const scan = v.object({
  id: v.string(),
  site: v.string(),
  url: v.string(),
  time: v.number(),
  class: siteClass,
  reason: v.optional(v.string()),
  status: v.optional(v.number()),
  title: v.optional(v.string()),
  ip: v.optional(v.string()),
  icon: v.optional(v.string()),
  record: v.string(),
  features: v.array(feature),
  // What is not as at the scan before; absent where nobody compared.
  changed: v.optional(v.array(v.string())),
});

/** A scan as a timeline shows it. */
export const line = v.object({
  id: v.string(),
  url: v.string(),
  time: v.number(),
  class: siteClass,
  reason: v.union(v.string(), v.null()),
  status: v.union(v.number(), v.null()),
  title: v.union(v.string(), v.null()),
  changed: v.union(v.array(v.string()), v.null()),
});

export const site = v.object({
  site: v.string(),
  url: v.string(),
  class: siteClass,
  reason: v.union(v.string(), v.null()),
  status: v.union(v.number(), v.null()),
  title: v.union(v.string(), v.null()),
  ip: v.union(v.string(), v.null()),
  icon: v.union(v.string(), v.null()),
  scans: v.number(),
  first: v.number(),
  last: v.number(),
  changed: v.union(v.number(), v.null()),
  scan: v.string(),
});
