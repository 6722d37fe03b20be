import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { jobState, runState, siteClass } from "./model/nouns";

// Times are milliseconds since 1970, from the deployment's own clock.
export default defineSchema({
  // Sites under watch, one for each URL.
  jobs: defineTable({
    url: v.string(),
    site: v.string(),
    origin: v.string(),
    state: jobState,
    // When it may be claimed; while it is leased, the end of the lease; null for never by itself.
    due: v.union(v.number(), v.null()),
    // `due` with "never" last, for lists.
    order: v.number(),
    // `due` while the job may be claimed; absent while it is leased and where it is never due.
    ready: v.optional(v.number()),
    failures: v.number(),
    runs: v.number(),
    interval: v.number(),
    added: v.number(),
    worker: v.optional(v.string()),
    run: v.optional(v.string()),
  })
    .index("by_url", ["url"])
    .index("by_ready", ["ready"])
    .index("by_order", ["order"])
    .index("by_state", ["state", "order"])
    .index("by_site", ["site", "order"])
    .index("by_site_and_state", ["site", "state", "order"]),

  // The trace of every try.
  runs: defineTable({
    run: v.string(),
    job: v.id("jobs"),
    worker: v.string(),
    state: runState,
    started: v.number(),
    until: v.number(),
    ended: v.optional(v.number()),
    reason: v.optional(v.string()),
    // Names the call that ended it, so that the same call, sent again, gets the same answer.
    call: v.optional(v.string()),
  })
    .index("by_run", ["run"])
    .index("by_job", ["job"])
    .index("by_lease", ["state", "until"]),

  // Every step of a job from one state to another.
  transitions: defineTable({
    job: v.id("jobs"),
    run: v.optional(v.string()),
    from: jobState,
    to: jobState,
    time: v.number(),
    reason: v.optional(v.string()),
  }).index("by_job", ["job"]),

  // How many jobs are in a state: the sum over its shards, so that workers do not all write one document.
  counts: defineTable({
    state: jobState,
    shard: v.number(),
    count: v.number(),
  }).index("by_state", ["state", "shard"]),

  // Every visit, as a timeline shows it.
  scans: defineTable({
    scan: v.string(),
    site: v.string(),
    url: v.string(),
    time: v.number(),
    class: siteClass,
    reason: v.optional(v.string()),
    status: v.optional(v.number()),
    title: v.optional(v.string()),
    // What is not as at the scan before; absent where nobody compared.
    changed: v.optional(v.array(v.string())),
    // Since when it is kept, while nobody has said to have told of it.
    untold: v.optional(v.number()),
  })
    .index("by_scan", ["scan"])
    .index("by_untold", ["untold"])
    .index("by_site", ["site", "scan"])
    .index("by_url", ["url", "scan"]),

  // Its record, as JSON text as Whorl exports it: what it holds is for its readers, the pivots are `features`. It may be large, and stands
  // by itself: whoever reads a document of Convex reads all of it.
  records: defineTable({
    scan: v.string(),
    record: v.string(),
  }).index("by_scan", ["scan"]),

  // Each site as its newest scan shows it. Ids of scans are UUIDv7: the greatest is the newest.
  sites: defineTable({
    site: v.string(),
    url: v.string(),
    class: siteClass,
    reason: v.optional(v.string()),
    status: v.optional(v.number()),
    title: v.optional(v.string()),
    ip: v.optional(v.string()),
    icon: v.optional(v.string()),
    scans: v.number(),
    first: v.number(),
    last: v.number(),
    changed: v.optional(v.number()),
    scan: v.string(),
    // Host and title in lower case.
    search: v.string(),
  })
    .index("by_site", ["site"])
    .index("by_scan", ["scan"])
    .index("by_class", ["class", "scan"]),

  // What the newest scan of a site shows and other sites may share.
  features: defineTable({
    kind: v.string(),
    value: v.string(),
    site: v.string(),
  })
    .index("by_value", ["kind", "value", "site"])
    .index("by_site", ["site"]),
});
