import { convexTest } from "convex-test";
import { makeFunctionReference } from "convex/server";
import { vi } from "vitest";
import schema from "../functions/schema";

const modules = {
  ...import.meta.glob("../functions/**/*.ts"),
  // Its place tells where the functions are.
  "../functions/_generated/api.js": () => Promise.resolve({}),
};

/** Noon of a day; every test begins then. */
export const noon = Date.UTC(2026, 0, 15, 12);
export const minute = 60_000;
export const day = 24 * 60 * minute;

/** A deployment with nothing in it, and a clock that stands still until it is moved. */
export class Deployment {
  readonly convex = convexTest(schema, modules);

  constructor() {
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.setSystemTime(noon);
  }

  pass(milliseconds: number): void {
    vi.setSystemTime(Date.now() + milliseconds);
  }

  // Results are what the returns validators of the functions say; tests compare them with values written out.
  async query(path: string, args: Record<string, unknown> = {}): Promise<any> {
    return await this.convex.query(makeFunctionReference<"query">(path), args);
  }

  async mutation(path: string, args: Record<string, unknown> = {}): Promise<any> {
    return await this.convex.mutation(makeFunctionReference<"mutation">(path), args);
  }

  async add(...hosts: string[]): Promise<number> {
    const jobs = hosts.map((host) => ({ url: `https://${host}/`, site: host, origin: "test" }));
    return await this.mutation("jobs:add", { jobs });
  }

  async claim(worker: string, ...runs: string[]) {
    return await this.mutation("jobs:claim", { worker, lease: minute, runs });
  }

  async succeed(run: string, more: Record<string, unknown> = {}): Promise<boolean> {
    return await this.mutation("jobs:succeed", { run, call: `end of ${run}`, next: { after: day, interval: day }, ...more });
  }

  async fail(run: string, more: Record<string, unknown> = {}): Promise<boolean> {
    return await this.mutation("jobs:fail", {
      run,
      call: `end of ${run}`,
      reason: "timed_out",
      next: { after: 5 * minute, interval: day },
      ...more,
    });
  }

  async job(site: string) {
    return (await this.query("jobs:list", { site, limit: 1 }))[0];
  }

  /** The steps of a site's job as `from>to`. */
  async steps(site: string): Promise<string[]> {
    const steps = await this.query("jobs:transitions", { job: (await this.job(site)).id, limit: 100 });
    return steps.reverse().map((step: { from: string; to: string }) => `${step.from}>${step.to}`);
  }
}

export function scan(id: string, site: string, more: Record<string, unknown> = {}) {
  return {
    id,
    site,
    url: `https://${site}/`,
    time: Date.now(),
    class: "http_content",
    status: 200,
    title: `Shop of ${site}`,
    record: JSON.stringify({ id, site }),
    features: [] as { kind: string; value: string }[],
    changed: [],
    ...more,
  };
}
