/** The functions by the paths that convex-test looks for; `_generated` is only there to tell where they are. */
export const modules: Record<string, () => Promise<unknown>> = {
  "./functions/_generated/api.js": () => Promise.resolve({}),
  "./functions/jobs.ts": () => import("../functions/jobs"),
  "./functions/scans.ts": () => import("../functions/scans"),
  "./functions/signed/jobs.ts": () => import("../functions/signed/jobs"),
  "./functions/signed/scans.ts": () => import("../functions/signed/scans"),
};
