import { makeFunctionReference } from "convex/server";
import { afterEach, describe, expect, test, vi } from "vitest";
import * as jobs from "../functions/jobs";
import * as scans from "../functions/scans";
import * as signedJobs from "../functions/signed/jobs";
import * as signedScans from "../functions/signed/scans";
import { Deployment } from "./deployment";

const counts = makeFunctionReference<"query">("signed/jobs:counts");
const add = makeFunctionReference<"mutation">("signed/jobs:add");
const worker = { subject: "worker-1", issuer: "https://issuer.example", tokenIdentifier: "https://issuer.example|worker-1" };

afterEach(() => vi.unstubAllEnvs());

describe("signed functions", () => {
  test("let in whom WHORL_WORKERS names, by subject or token identifier", async () => {
    const deployment = new Deployment();
    for (const name of ["worker-1", "someone, https://issuer.example|worker-1"]) {
      vi.stubEnv("WHORL_WORKERS", name);
      expect((await deployment.convex.withIdentity(worker).query(counts, {})).due).toBe(0);
      await deployment.convex.withIdentity(worker).mutation(add, { jobs: [] });
    }
  });

  test("refuse callers without a token", async () => {
    vi.stubEnv("WHORL_WORKERS", "worker-1");
    await expect(new Deployment().convex.query(counts, {})).rejects.toThrow(/unauthenticated/);
  });

  test("refuse identities that are not named, and everybody where nobody is", async () => {
    const deployment = new Deployment();
    for (const name of ["worker-2", "", " , "]) {
      vi.stubEnv("WHORL_WORKERS", name);
      await expect(deployment.convex.withIdentity(worker).query(counts, {})).rejects.toThrow(/forbidden/);
      await expect(deployment.convex.withIdentity(worker).mutation(add, { jobs: [] })).rejects.toThrow(/forbidden/);
    }
  });
});

describe("every function", () => {
  test("is internal, or signed: nobody without a key or a token can call one", () => {
    const visible = (module: object) => Object.entries(module).filter(([, fn]) => (fn as { isPublic?: boolean }).isPublic === true).map(([name]) => name);
    expect(visible(jobs)).toEqual([]);
    expect(visible(scans)).toEqual([]);
    expect(visible(signedJobs).sort()).toEqual(Object.keys(jobs).sort());
    expect(visible(signedScans).sort()).toEqual(Object.keys(scans).sort());
  });

  test("refuses arguments of another shape", async () => {
    const deployment = new Deployment();
    await expect(deployment.mutation("jobs:claim", { worker: 5, lease: 1, runs: [] })).rejects.toThrow();
    await expect(deployment.mutation("jobs:add", { jobs: [{ url: "https://a.example/" }] })).rejects.toThrow();
    await expect(deployment.query("jobs:list", { limit: 1, state: "nonsense" })).rejects.toThrow();
    await expect(deployment.query("jobs:counts", { more: 1 })).rejects.toThrow();
  });
});
