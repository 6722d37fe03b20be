import { describe, expect, test } from "vitest";
import { day, Deployment, minute, noon } from "./deployment";

describe("adding", () => {
  test("puts sites under watch, due now", async () => {
    const deployment = new Deployment();
    expect(await deployment.add("a.example", "b.example")).toBe(2);
    expect(await deployment.job("a.example")).toMatchObject({
      url: "https://a.example/",
      origin: "test",
      state: "queued",
      due: noon,
      failures: 0,
      runs: 0,
      interval: 0,
      added: noon,
      worker: null,
      leasedUntil: null,
      run: null,
    });
  });

  test("leaves what is there as it is, also within one call", async () => {
    const deployment = new Deployment();
    await deployment.add("a.example");
    await deployment.claim("w", "r1");
    expect(await deployment.add("a.example", "b.example", "b.example")).toBe(1);
    expect((await deployment.job("a.example")).state).toBe("leased");
  });

  test("takes a due time of the caller", async () => {
    const deployment = new Deployment();
    const job = { url: "https://a.example/", site: "a.example", origin: "test", due: noon + day };
    await deployment.mutation("jobs:add", { jobs: [job] });
    expect(await deployment.claim("w", "r1")).toEqual([]);
    deployment.pass(day);
    expect(await deployment.claim("w", "r2")).toHaveLength(1);
  });

  test("refuses more than a thousand at once", async () => {
    const deployment = new Deployment();
    await expect(deployment.add(...Array.from({ length: 1001 }, (_, i) => `s${i}.example`))).rejects.toThrow(/at most 1000/);
  });
});

describe("claiming", () => {
  test("leases the longest due first, and no more than asked for", async () => {
    const deployment = new Deployment();
    const jobs = [3, 1, 2].map((n) => ({ url: `https://${n}.example/`, site: `${n}.example`, origin: "test", due: noon - day + n }));
    await deployment.mutation("jobs:add", { jobs });
    const leased = await deployment.claim("w", "r1", "r2");
    expect(leased.map((one: { job: { site: string }; run: string }) => [one.job.site, one.run])).toEqual([
      ["1.example", "r1"],
      ["2.example", "r2"],
    ]);
    expect(leased[0].job).toMatchObject({ state: "leased", worker: "w", leasedUntil: noon + minute, run: "r1", runs: 1 });
  });

  test("gives no job to two workers", async () => {
    const deployment = new Deployment();
    await deployment.add("a.example");
    expect(await deployment.claim("one", "r1")).toHaveLength(1);
    expect(await deployment.claim("two", "r2")).toEqual([]);
  });

  test("sent again, gives the same jobs again and leases no others", async () => {
    const deployment = new Deployment();
    await deployment.add("a.example", "b.example", "c.example");
    const first = await deployment.claim("w", "r1", "r2");
    expect(await deployment.claim("w", "r1", "r2")).toEqual(first);
    expect((await deployment.query("jobs:counts")).jobs.leased).toBe(2);
  });

  test("refuses a lease of no time", async () => {
    const deployment = new Deployment();
    await expect(deployment.mutation("jobs:claim", { worker: "w", lease: 0, runs: ["r1"] })).rejects.toThrow(/lease/);
  });
});

describe("a lease", () => {
  test("holds until it expires; then the run is abandoned and the job is due again", async () => {
    const deployment = new Deployment();
    await deployment.add("a.example");
    await deployment.claim("one", "r1");
    deployment.pass(minute - 1);
    expect(await deployment.claim("two", "r2")).toEqual([]);
    deployment.pass(1);
    const leased = await deployment.claim("two", "r3");
    expect(leased).toHaveLength(1);
    expect(leased[0].job.failures).toBe(1);
    expect(await deployment.steps("a.example")).toEqual(["queued>leased", "leased>abandoned", "abandoned>leased"]);
    const runs = await deployment.query("jobs:runs", { job: leased[0].job.id, limit: 10 });
    expect(runs.map((run: { id: string; state: string; reason: string | null }) => [run.id, run.state, run.reason])).toEqual([
      ["r3", "leased", null],
      ["r1", "abandoned", "lease expired"],
    ]);
  });

  test("is extended by its worker while it holds", async () => {
    const deployment = new Deployment();
    await deployment.add("a.example", "b.example");
    await deployment.claim("w", "r1", "r2");
    deployment.pass(minute / 2);
    expect(await deployment.mutation("jobs:extend", { worker: "w", lease: minute, runs: ["r1", "r9"] })).toEqual(["r1"]);
    expect(await deployment.job("a.example")).toMatchObject({ leasedUntil: noon + 1.5 * minute, due: noon + 1.5 * minute });
    deployment.pass(minute / 2);
    expect(await deployment.mutation("jobs:extend", { worker: "w", lease: minute, runs: ["r1", "r2"] })).toEqual(["r1"]);
  });

  test("is not another worker's to extend", async () => {
    const deployment = new Deployment();
    await deployment.add("a.example");
    await deployment.claim("w", "r1");
    expect(await deployment.mutation("jobs:extend", { worker: "x", lease: minute, runs: ["r1"] })).toEqual([]);
  });

  test("that expired cannot be ended, although nobody has abandoned it yet", async () => {
    const deployment = new Deployment();
    await deployment.add("a.example");
    await deployment.claim("w", "r1");
    deployment.pass(minute);
    expect(await deployment.succeed("r1")).toBe(false);
    expect(await deployment.fail("r1")).toBe(false);
    expect((await deployment.job("a.example")).state).toBe("leased");
  });

  test("that another worker has now is not ended by the one before", async () => {
    const deployment = new Deployment();
    await deployment.add("a.example");
    await deployment.claim("one", "r1");
    deployment.pass(minute);
    await deployment.claim("two", "r2");
    expect(await deployment.succeed("r1")).toBe(false);
    expect(await deployment.succeed("r2")).toBe(true);
    expect(await deployment.steps("a.example")).toEqual(["queued>leased", "leased>abandoned", "abandoned>leased", "leased>succeeded"]);
  });

  test("is cleared by the minutely job when nobody claims", async () => {
    const deployment = new Deployment();
    await deployment.add("a.example", "b.example");
    await deployment.claim("w", "r1", "r2");
    expect(await deployment.mutation("jobs:abandonStale")).toBe(0);
    deployment.pass(minute);
    expect(await deployment.mutation("jobs:abandonStale")).toBe(2);
    expect(await deployment.job("a.example")).toMatchObject({ state: "abandoned", due: noon + minute, failures: 1, worker: null, leasedUntil: null });
    expect(await deployment.mutation("jobs:abandonStale")).toBe(0);
  });
});

describe("ending", () => {
  test("with success clears the failures and sets the next visit", async () => {
    const deployment = new Deployment();
    await deployment.add("a.example");
    await deployment.claim("w", "r1");
    await deployment.fail("r1");
    deployment.pass(5 * minute);
    await deployment.claim("w", "r2");
    expect(await deployment.succeed("r2", { next: { after: 2 * day, interval: 2 * day } })).toBe(true);
    expect(await deployment.job("a.example")).toMatchObject({
      state: "succeeded",
      due: noon + 5 * minute + 2 * day,
      failures: 0,
      runs: 2,
      interval: 2 * day,
      worker: null,
      run: "r2",
    });
  });

  test("with failure counts it, keeps the reason and backs off as the caller says", async () => {
    const deployment = new Deployment();
    await deployment.add("a.example");
    await deployment.claim("w", "r1");
    expect(await deployment.fail("r1")).toBe(true);
    const job = await deployment.job("a.example");
    expect(job).toMatchObject({ state: "failed", failures: 1, due: noon + 5 * minute });
    expect((await deployment.query("jobs:runs", { job: job.id, limit: 1 }))[0]).toEqual({
      id: "r1",
      job: job.id,
      worker: "w",
      state: "failed",
      started: noon,
      ended: noon,
      reason: "timed_out",
    });
    expect(await deployment.claim("w", "r2")).toEqual([]);
  });

  test("with no next visit leaves the job due never, until it is retried", async () => {
    const deployment = new Deployment();
    await deployment.add("a.example");
    await deployment.claim("w", "r1");
    await deployment.fail("r1", { next: { after: null, interval: day } });
    deployment.pass(1000 * day);
    expect(await deployment.claim("w", "r2")).toEqual([]);
    expect(await deployment.mutation("jobs:retry", { state: "failed", limit: 100 })).toBe(1);
    expect(await deployment.job("a.example")).toMatchObject({ state: "queued", due: noon + 1000 * day, failures: 0 });
    expect(await deployment.claim("w", "r3")).toHaveLength(1);
  });

  test("has its effect once; the call that ended the run is told so again, another is not", async () => {
    const deployment = new Deployment();
    await deployment.add("a.example");
    await deployment.claim("w", "r1");
    expect(await deployment.succeed("r1")).toBe(true);
    expect(await deployment.succeed("r1")).toBe(true);
    expect(await deployment.succeed("r1", { call: "another" })).toBe(false);
    expect(await deployment.fail("r1", { call: "another" })).toBe(false);
    expect(await deployment.steps("a.example")).toEqual(["queued>leased", "leased>succeeded"]);
  });

  test("by a worker that was told to stop gives the job back, and counts nothing", async () => {
    const deployment = new Deployment();
    await deployment.add("a.example");
    await deployment.claim("w", "r1");
    await deployment.fail("r1", { next: { after: 0, interval: day } });
    await deployment.claim("w", "r2");
    expect(await deployment.fail("r2", { reason: "stopped", next: { after: 0, interval: day } })).toBe(true);
    expect(await deployment.job("a.example")).toMatchObject({ state: "failed", failures: 1, due: noon });
  });

  test("of a run that never was is refused", async () => {
    const deployment = new Deployment();
    expect(await deployment.succeed("r1")).toBe(false);
    expect(await deployment.fail("r1")).toBe(false);
  });
});

describe("retrying", () => {
  test("leaves leased jobs to their worker and makes the others due", async () => {
    const deployment = new Deployment();
    await deployment.add("a.example", "b.example");
    await deployment.claim("w", "r1", "r2");
    await deployment.succeed("r1");
    expect(await deployment.mutation("jobs:retry", { limit: 100 })).toBe(1);
    expect(await deployment.steps("a.example")).toEqual(["queued>leased", "leased>succeeded", "succeeded>queued"]);
    expect((await deployment.job("b.example")).state).toBe("leased");
  });

  test("goes part by part, counts what it makes due, and ends", async () => {
    const deployment = new Deployment();
    await deployment.add("a.example", "b.example", "c.example", "d.example", "e.example");
    await deployment.claim("w", "r1", "r2", "r3", "r4");
    await deployment.succeed("r2");
    await deployment.fail("r3");
    await deployment.fail("r4", { next: { after: null, interval: day } });
    const parts = [];
    for (let i = 0; i < 3; i++) {
      parts.push(await deployment.mutation("jobs:retry", { limit: 2 }));
    }

    expect(parts).toEqual([2, 1, 0]);
    expect((await deployment.query("jobs:counts")).jobs).toMatchObject({ leased: 1, queued: 4 });
  });

  test("of one site touches no other", async () => {
    const deployment = new Deployment();
    await deployment.add("a.example", "b.example");
    await deployment.claim("w", "r1", "r2");
    await deployment.succeed("r1");
    await deployment.succeed("r2");
    expect(await deployment.mutation("jobs:retry", { site: "b.example", limit: 100 })).toBe(1);
    expect((await deployment.job("a.example")).state).toBe("succeeded");
  });
});

describe("listing", () => {
  test("goes by the time that jobs are due, those due never last, page by page", async () => {
    const deployment = new Deployment();
    await deployment.add("a.example", "b.example", "c.example", "d.example");
    await deployment.claim("w", "r1", "r2");
    await deployment.fail("r1", { next: { after: null, interval: day } });
    await deployment.succeed("r2", { next: { after: -day, interval: day } });
    const sites: string[] = [];
    let after: string | undefined;
    for (;;) {
      const page = await deployment.query("jobs:list", after === undefined ? { limit: 1 } : { limit: 1, after });
      if (page.length === 0) {
        break;
      }

      sites.push(page[0].site);
      after = page[0].id;
    }

    expect(sites).toEqual(["b.example", "c.example", "d.example", "a.example"]);
  });

  test("by state and site", async () => {
    const deployment = new Deployment();
    await deployment.add("a.example", "b.example");
    await deployment.claim("w", "r1");
    const sites = async (query: Record<string, unknown>) =>
      (await deployment.query("jobs:list", { limit: 10, ...query })).map((job: { site: string }) => job.site);
    expect(await sites({ state: "leased" })).toEqual(["a.example"]);
    expect(await sites({ state: "queued" })).toEqual(["b.example"]);
    expect(await sites({ site: "b.example" })).toEqual(["b.example"]);
    expect(await sites({ site: "b.example", state: "leased" })).toEqual([]);
  });

  test("of what is not a job is empty", async () => {
    const deployment = new Deployment();
    expect(await deployment.query("jobs:runs", { job: "nothing", limit: 5 })).toEqual([]);
    expect(await deployment.query("jobs:transitions", { job: "nothing", limit: 5 })).toEqual([]);
    expect(await deployment.query("jobs:list", { after: "nothing", limit: 5 })).toEqual([]);
    expect(await deployment.query("jobs:get", { job: "nothing" })).toEqual([]);
  });
});

describe("counting", () => {
  test("tells each state and what could be claimed, expired leases with it", async () => {
    const deployment = new Deployment();
    await deployment.add("a.example", "b.example", "c.example", "d.example");
    await deployment.claim("w", "r1", "r2", "r3");
    await deployment.succeed("r1");
    await deployment.fail("r2");
    const counts = () => deployment.query("jobs:counts");
    expect(await counts()).toEqual({ jobs: { queued: 1, leased: 1, succeeded: 1, failed: 1, abandoned: 0 }, due: 1 });
    deployment.pass(minute);
    expect((await counts()).due).toBe(2);
    await deployment.mutation("jobs:abandonStale");
    expect(await counts()).toEqual({ jobs: { queued: 1, leased: 0, succeeded: 1, failed: 1, abandoned: 1 }, due: 2 });
  });

  test("is right after many changes in different shards", async () => {
    const deployment = new Deployment();
    for (let i = 0; i < 40; i++) {
      await deployment.add(`s${i}.example`);
      await deployment.claim("w", `r${i}`);
      await deployment.succeed(`r${i}`);
    }

    expect((await deployment.query("jobs:counts")).jobs).toEqual({ queued: 0, leased: 0, succeeded: 40, failed: 0, abandoned: 0 });
  });
});
