import { describe, expect, test } from "vitest";
import { day, Deployment, minute, noon, scan } from "./deployment";

const names = (sites: { site: string }[]) => sites.map((site) => site.site);

describe("a scan", () => {
  test("comes with the end of its run, in one step", async () => {
    const deployment = new Deployment();
    await deployment.add("a.example");
    await deployment.claim("w", "r1");
    expect(await deployment.succeed("r1", { scan: scan("r1", "a.example") })).toBe(true);
    expect(JSON.parse(await deployment.query("scans:get", { id: "r1" }))).toEqual({ id: "r1", site: "a.example" });
  });

  test("of a run that is lost is not kept", async () => {
    const deployment = new Deployment();
    await deployment.add("a.example");
    await deployment.claim("w", "r1");
    deployment.pass(minute);
    expect(await deployment.succeed("r1", { scan: scan("r1", "a.example") })).toBe(false);
    expect(await deployment.query("scans:get", { id: "r1" })).toBeNull();
  });

  test("that cannot be kept leaves the run as it was", async () => {
    const deployment = new Deployment();
    await deployment.add("a.example");
    await deployment.claim("w", "r1");
    const large = scan("r1", "a.example", { record: "x".repeat(900 * 1024 + 1) });
    await expect(deployment.succeed("r1", { scan: large })).rejects.toThrow(/larger/);
    expect((await deployment.job("a.example")).state).toBe("leased");
    expect((await deployment.query("jobs:counts")).jobs.leased).toBe(1);
  });

  test("is remembered until somebody says to have told of it", async () => {
    const deployment = new Deployment();
    await deployment.mutation("scans:write", { scan: scan("s1", "a.example") });
    deployment.pass(minute);
    await deployment.mutation("scans:write", { scan: scan("s2", "b.example") });
    const untold = async (age: number) => (await deployment.query("scans:untold", { age, limit: 10 })).map((record: string) => JSON.parse(record).id);
    expect(await untold(minute)).toEqual(["s1"]);
    expect(await untold(0)).toEqual(["s1", "s2"]);
    await deployment.mutation("scans:tell", { scans: ["s1", "nothing"] });
    expect(await untold(0)).toEqual(["s2"]);
    await deployment.mutation("scans:write", { scan: scan("s1", "a.example") });
    expect(await untold(0)).toEqual(["s2"]);
  });

  test("written twice is kept once, as it was first", async () => {
    const deployment = new Deployment();
    await deployment.mutation("scans:write", { scan: scan("s1", "a.example") });
    await deployment.mutation("scans:write", { scan: scan("s1", "a.example", { record: "other", title: "Other" }) });
    expect(await deployment.query("scans:get", { id: "s1" })).toContain("s1");
    expect((await deployment.query("scans:sites", { limit: 10 })).sites).toMatchObject([{ scans: 1, title: "Shop of a.example" }]);
  });

  test("with more features than one may have is refused", async () => {
    const deployment = new Deployment();
    const features = Array.from({ length: 513 }, (_, i) => ({ kind: "title", value: `${i}` }));
    await expect(deployment.mutation("scans:write", { scan: scan("s1", "a.example", { features }) })).rejects.toThrow(/at most 512/);
  });
});

describe("scans of a site", () => {
  test("come newest first, page by page", async () => {
    const deployment = new Deployment();
    for (const id of ["s1", "s2", "s3", "s4"]) {
      await deployment.mutation("scans:write", { scan: scan(id, "a.example") });
      deployment.pass(id === "s2" ? 0 : minute);
    }

    await deployment.mutation("scans:write", { scan: scan("s5", "b.example") });
    const ids = async (query: Record<string, unknown>) =>
      (await deployment.query("scans:ofSite", { site: "a.example", ...query })).map((record: string) => JSON.parse(record).id);
    expect(await ids({ limit: 2 })).toEqual(["s4", "s3"]);
    expect(await ids({ limit: 10, before: "s3" })).toEqual(["s2", "s1"]);
    expect(await ids({ limit: 10, before: "s1" })).toEqual([]);
    expect(await ids({ limit: 100, before: "zzz" })).toHaveLength(4);
  });

  test("of one address are found by it, however many others the site has", async () => {
    const deployment = new Deployment();
    await deployment.mutation("scans:write", { scan: scan("s1", "a.example", { url: "https://a.example/login" }) });
    for (let i = 10; i < 40; i++) {
      await deployment.mutation("scans:write", { scan: scan(`s${i}`, "a.example", { url: `https://a.example/${i}` }) });
    }

    const last = async (url: string, before: string) => {
      const record = await deployment.query("scans:lastOf", { url, before });
      return record === null ? null : JSON.parse(record).id;
    };
    expect(await last("https://a.example/login", "s40")).toBe("s1");
    expect(await last("https://a.example/login", "s1")).toBeNull();
    expect(await last("https://a.example/39", "s40")).toBe("s39");
    expect(await last("https://a.example/", "s40")).toBeNull();
  });

  test("are told in lines, without their records", async () => {
    const deployment = new Deployment();
    await deployment.mutation("scans:write", { scan: scan("s1", "a.example", { changed: undefined }) });
    deployment.pass(minute);
    const down = { class: "unreachable", reason: "dns", status: undefined, title: undefined, changed: ["class"] };
    await deployment.mutation("scans:write", { scan: scan("s2", "a.example", down) });
    const lines = await deployment.query("scans:lines", { site: "a.example", limit: 10 });
    expect(lines).toEqual([
      { id: "s2", url: "https://a.example/", time: noon + minute, class: "unreachable", reason: "dns", status: null, title: null, changed: ["class"] },
      { id: "s1", url: "https://a.example/", time: noon, class: "http_content", reason: null, status: 200, title: "Shop of a.example", changed: null },
    ]);
    expect(await deployment.query("scans:lines", { site: "a.example", limit: 10, before: "s2" })).toHaveLength(1);
  });
});

describe("a site", () => {
  test("is as its newest scan shows it", async () => {
    const deployment = new Deployment();
    await deployment.mutation("scans:write", { scan: scan("s1", "a.example", { ip: "192.0.2.1", icon: "77" }) });
    deployment.pass(day);
    const down = { class: "unreachable", reason: "refused", status: undefined, title: undefined, changed: ["class"] };
    await deployment.mutation("scans:write", { scan: scan("s2", "a.example", down) });
    expect((await deployment.query("scans:sites", { limit: 10 })).sites).toEqual([
      {
        site: "a.example",
        url: "https://a.example/",
        class: "unreachable",
        reason: "refused",
        status: null,
        title: null,
        ip: null,
        icon: null,
        scans: 2,
        first: noon,
        last: noon + day,
        changed: noon + day,
        scan: "s2",
      },
    ]);
  });

  test("keeps its face when an older scan comes late", async () => {
    const deployment = new Deployment();
    await deployment.mutation("scans:write", { scan: scan("s2", "a.example", { features: [{ kind: "title", value: "new" }] }) });
    await deployment.mutation("scans:write", { scan: scan("s1", "a.example", { time: noon - day, title: "Old", features: [{ kind: "title", value: "old" }] }) });
    expect((await deployment.query("scans:sites", { limit: 10 })).sites).toMatchObject([{ scan: "s2", title: "Shop of a.example", scans: 2, first: noon - day, last: noon }]);
    expect(await deployment.query("scans:byFeature", { kind: "title", value: "old" })).toEqual([]);
  });

  test("keeps the time of its last change", async () => {
    const deployment = new Deployment();
    for (const [id, changed] of [["s1", undefined], ["s2", ["title"]], ["s3", []]] as const) {
      await deployment.mutation("scans:write", { scan: scan(id, "a.example", { changed }) });
      deployment.pass(minute);
    }

    expect((await deployment.query("scans:sites", { limit: 1 })).sites[0].changed).toBe(noon + minute);
  });
});

describe("the list of sites", () => {
  async function four() {
    const deployment = new Deployment();
    for (const site of ["a.example", "b.example", "c.example", "d.test"]) {
      await deployment.mutation("scans:write", { scan: scan(`s ${site}`, site, site === "b.example" ? { class: "http_error" } : {}) });
      deployment.pass(site === "b.example" ? 0 : minute);
    }

    return deployment;
  }

  test("begins with the latest and goes on after the last of a page", async () => {
    const deployment = await four();
    const first = await deployment.query("scans:sites", { limit: 2 });
    expect(names(first.sites)).toEqual(["d.test", "c.example"]);
    expect(first.more).toBe("s c.example");
    const second = await deployment.query("scans:sites", { limit: 5, before: first.more });
    expect(names(second.sites)).toEqual(["b.example", "a.example"]);
    expect(second.more).toBeNull();
  });

  test("is narrowed by class, and by a part of the host or the title", async () => {
    const deployment = await four();
    const found = async (query: Record<string, unknown>) => names((await deployment.query("scans:sites", { limit: 10, ...query })).sites);
    expect(await found({ class: "http_error" })).toEqual(["b.example"]);
    expect(await found({ text: "EXAMPLE" })).toEqual(["c.example", "b.example", "a.example"]);
    expect(await found({ text: "shop of d" })).toEqual(["d.test"]);
    expect(await found({ text: "example", class: "http_content" })).toEqual(["c.example", "a.example"]);
  });

  test("looks for a text among two thousand at a time, and says where to go on", async () => {
    const deployment = new Deployment();
    await deployment.convex.run(async (ctx) => {
      for (let i = 0; i < 2500; i++) {
        const site = `s${i}.example`;
        const known = { class: "http_content" as const, scans: 1, first: noon, last: noon };
        await ctx.db.insert("sites", { site, url: `https://${site}/`, scan: `scan ${String(i).padStart(4, "0")}`, search: site, ...known });
      }
    });
    const first = await deployment.query("scans:sites", { limit: 10, text: "s7.example" });
    expect(first).toEqual({ sites: [], more: "scan 0500" });
    expect(names((await deployment.query("scans:sites", { limit: 10, text: "s7.example", before: first.more })).sites)).toEqual(["s7.example"]);
  });
});

describe("a feature", () => {
  const tracker = { kind: "tracker", value: "google-analytics:G-1" };

  test("leads to the sites whose newest scan shows it, the latest first", async () => {
    const deployment = new Deployment();
    for (const site of ["a.example", "b.example", "c.example"]) {
      const features = site === "b.example" ? [] : [tracker, { kind: "title", value: "Shop" }];
      await deployment.mutation("scans:write", { scan: scan(`s ${site}`, site, { features }) });
      deployment.pass(minute);
    }

    expect(names(await deployment.query("scans:byFeature", tracker))).toEqual(["c.example", "a.example"]);
    expect(await deployment.query("scans:byFeature", { kind: "title", value: "google-analytics:G-1" })).toEqual([]);
  });

  test("that a site no longer shows leads there no more; what it still shows is not written again", async () => {
    const deployment = new Deployment();
    const rows = () => deployment.convex.run(async (ctx) => await ctx.db.query("features").collect());
    const title = { kind: "title", value: "Shop" };
    await deployment.mutation("scans:write", { scan: scan("s1", "a.example", { features: [tracker, title, title] }) });
    const before = await rows();
    expect(before).toHaveLength(2);
    deployment.pass(minute);
    await deployment.mutation("scans:write", { scan: scan("s2", "a.example", { features: [title] }) });
    expect(await deployment.query("scans:byFeature", tracker)).toEqual([]);
    expect(await rows()).toEqual([before[1]]);
  });
});
