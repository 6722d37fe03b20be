import { v } from "convex/values";
import { bounded, invalid, maxBatch, maxFeatures, maxOfFeature, maxPage, maxRecordBytes, maxSitesRead, refuseMoreThan } from "./bounds";
import { defineMutation, defineQuery, type Doc, type MutationCtx, type QueryCtx } from "./builders";
import * as nouns from "./nouns";

/** Keeps a scan, and makes it the site's face where it is the newest; one whose id is there already is left as it is. */
export async function keep(ctx: MutationCtx, scan: typeof nouns.scan.type): Promise<void> {
  refuseMoreThan(maxFeatures, scan.features, "features");
  if (new TextEncoder().encode(scan.record).length > maxRecordBytes) {
    throw invalid(`the record is larger than ${maxRecordBytes} bytes`);
  }

  if ((await findScan(ctx, scan.id)) !== null) {
    return;
  }

  const { id, site, url, time, reason, status, title, changed, record } = scan;
  await ctx.db.insert("scans", { scan: id, site, url, time, class: scan.class, reason, status, title, changed, untold: Date.now() });
  await ctx.db.insert("records", { scan: id, record });
  const differs = changed !== undefined && changed.length > 0;
  const before = await findSite(ctx, site);
  const facts = {
    site,
    url,
    class: scan.class,
    reason,
    status,
    title,
    ip: scan.ip,
    icon: scan.icon,
    last: time,
    scan: id,
    search: `${site}\n${title ?? ""}`.toLowerCase(),
  };
  if (before === null) {
    await ctx.db.insert("sites", { ...facts, scans: 1, first: time, changed: differs ? time : undefined });
    await showFeatures(ctx, site, scan.features);
  } else if (id > before.scan) {
    await ctx.db.patch(before._id, {
      ...facts,
      scans: before.scans + 1,
      first: Math.min(before.first, time),
      changed: differs ? time : before.changed,
    });
    await showFeatures(ctx, site, scan.features);
  } else {
    await ctx.db.patch(before._id, { scans: before.scans + 1, first: Math.min(before.first, time) });
  }
}

// Only what is new is written and only what is gone is removed: a site mostly shows what it showed before.
async function showFeatures(ctx: MutationCtx, site: string, features: readonly { kind: string; value: string }[]): Promise<void> {
  const key = (feature: { kind: string; value: string }) => `${feature.kind}=${feature.value}`;
  const wanted = new Map(features.map((feature) => [key(feature), feature]));
  const there = await ctx.db
    .query("features")
    .withIndex("by_site", (q) => q.eq("site", site))
    .take(2 * maxFeatures);
  for (const row of there) {
    if (!wanted.delete(key(row))) {
      await ctx.db.delete(row._id);
    }
  }

  for (const { kind, value } of wanted.values()) {
    await ctx.db.insert("features", { kind, value, site });
  }
}

async function findSite(ctx: QueryCtx, site: string): Promise<Doc<"sites"> | null> {
  return await ctx.db
    .query("sites")
    .withIndex("by_site", (q) => q.eq("site", site))
    .unique();
}

export const write = defineMutation({
  args: { scan: nouns.scan },
  returns: v.null(),
  handler: async (ctx, { scan }) => {
    await keep(ctx, scan);
    return null;
  },
});

/** The record of one scan. */
export const get = defineQuery({
  args: { id: v.string() },
  returns: v.union(v.string(), v.null()),
  handler: async (ctx, { id }) => await findRecord(ctx, id),
});

async function findScan(ctx: QueryCtx, id: string): Promise<Doc<"scans"> | null> {
  return await ctx.db
    .query("scans")
    .withIndex("by_scan", (q) => q.eq("scan", id))
    .first();
}

async function findRecord(ctx: QueryCtx, id: string): Promise<string | null> {
  const row = await ctx.db
    .query("records")
    .withIndex("by_scan", (q) => q.eq("scan", id))
    .first();
  return row?.record ?? null;
}

async function recordsOf(ctx: QueryCtx, scans: readonly Doc<"scans">[]): Promise<string[]> {
  const records = [];
  for (const { scan } of scans) {
    const record = await findRecord(ctx, scan);
    if (record !== null) {
      records.push(record);
    }
  }

  return records;
}

async function findOfSite(ctx: QueryCtx, site: string, take: number, before: string | undefined): Promise<Doc<"scans">[]> {
  return await ctx.db
    .query("scans")
    .withIndex("by_site", (q) => (before === undefined ? q.eq("site", site) : q.eq("site", site).lt("scan", before)))
    .order("desc")
    .take(take);
}

// A query may read 16 MiB: as many whole records as fit beside each other.
const maxRecords = 16;

/** Records of a site's scans, the newest first; `before` is the id of the last scan of the page before. The caller asks again until it has enough. */
export const ofSite = defineQuery({
  args: { site: v.string(), limit: v.number(), before: v.optional(v.string()) },
  returns: v.array(v.string()),
  handler: async (ctx, { site, limit, before }) => await recordsOf(ctx, await findOfSite(ctx, site, bounded(limit, 0, maxRecords, "limit"), before)),
});

/** The record of the newest scan of an address whose id is smaller than `before`. */
export const lastOf = defineQuery({
  args: { url: v.string(), before: v.string() },
  returns: v.union(v.string(), v.null()),
  handler: async (ctx, { url, before }) => {
    const last = await ctx.db
      .query("scans")
      .withIndex("by_url", (q) => q.eq("url", url).lt("scan", before))
      .order("desc")
      .first();
    return last === null ? null : await findRecord(ctx, last.scan);
  },
});

/** Scans of a site as a timeline shows them; their records are not read. */
export const lines = defineQuery({
  args: { site: v.string(), limit: v.number(), before: v.optional(v.string()) },
  returns: v.array(nouns.line),
  handler: async (ctx, { site, limit, before }) => {
    const scans = await findOfSite(ctx, site, bounded(limit, 0, maxPage, "limit"), before);
    return scans.map((scan) => ({
      id: scan.scan,
      url: scan.url,
      time: scan.time,
      class: scan.class,
      reason: scan.reason ?? null,
      status: scan.status ?? null,
      title: scan.title ?? null,
      changed: scan.changed ?? null,
    }));
  },
});

/** Records of scans that were kept so many milliseconds ago, and that nobody has said to have told, the first kept first. The caller asks again while there are any. */
export const untold = defineQuery({
  args: { age: v.number(), limit: v.number() },
  returns: v.array(v.string()),
  handler: async (ctx, { age, limit }) => {
    const scans = await ctx.db
      .query("scans")
      .withIndex("by_untold", (q) => q.gte("untold", 0).lte("untold", Date.now() - age))
      .take(bounded(limit, 0, maxRecords, "limit"));
    return await recordsOf(ctx, scans);
  },
});

/** Remembers that scans were told to whoever listens to the workers. */
export const tell = defineMutation({
  args: { scans: v.array(v.string()) },
  returns: v.null(),
  handler: async (ctx, { scans }) => {
    refuseMoreThan(maxBatch, scans, "scans");
    for (const id of scans) {
      const scan = await findScan(ctx, id);
      if (scan?.untold !== undefined) {
        await ctx.db.patch(scan._id, { untold: undefined });
      }
    }

    return null;
  },
});

function shown(site: Doc<"sites">) {
  return {
    site: site.site,
    url: site.url,
    class: site.class,
    reason: site.reason ?? null,
    status: site.status ?? null,
    title: site.title ?? null,
    ip: site.ip ?? null,
    icon: site.icon ?? null,
    scans: site.scans,
    first: site.first,
    last: site.last,
    changed: site.changed ?? null,
    scan: site.scan,
  };
}

/**
 * Sites by their newest scan, the latest first, from where a page ended. A page may be short or empty although there is more:
 * `more` is the scan after which to go on, null at the end.
 */
export const sites = defineQuery({
  args: {
    text: v.optional(v.string()),
    class: v.optional(nouns.siteClass),
    before: v.optional(v.string()),
    limit: v.number(),
  },
  returns: v.object({ sites: v.array(nouns.site), more: v.union(v.string(), v.null()) }),
  handler: async (ctx, args) => {
    const limit = bounded(args.limit, 0, maxPage, "limit");
    const text = args.text?.toLowerCase();
    const { class: only, before } = args;
    const sites = ctx.db.query("sites");
    const ordered =
      only === undefined
        ? sites.withIndex("by_scan", (q) => (before === undefined ? q : q.lt("scan", before)))
        : sites.withIndex("by_class", (q) => (before === undefined ? q.eq("class", only) : q.eq("class", only).lt("scan", before)));
    const read = await ordered.order("desc").take(text === undefined ? limit : maxSitesRead);
    const found = [];
    for (const site of read) {
      if (found.length < limit && (text === undefined || site.search.includes(text))) {
        found.push(shown(site));
      }
    }

    const full = found.length === limit;
    const last = full ? found[found.length - 1] : read.length === maxSitesRead ? read[read.length - 1] : undefined;
    return { sites: found, more: last?.scan ?? null };
  },
});

/** Sites whose newest scan shows a feature, the latest first. Of a feature that more than a thousand show, a thousand are told. */
export const byFeature = defineQuery({
  args: { kind: v.string(), value: v.string() },
  returns: v.array(nouns.site),
  handler: async (ctx, { kind, value }) => {
    const rows = await ctx.db
      .query("features")
      .withIndex("by_value", (q) => q.eq("kind", kind).eq("value", value))
      .take(maxOfFeature);
    const found = [];
    for (const row of rows) {
      const site = await findSite(ctx, row.site);
      if (site !== null) {
        found.push(shown(site));
      }
    }

    return found.sort((a, b) => (a.scan < b.scan ? 1 : -1));
  },
});
