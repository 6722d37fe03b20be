import { cronJobs, makeFunctionReference } from "convex/server";

const crons = cronJobs();

// Claiming abandons expired runs too; this is for a queue whose workers are all gone.
crons.interval("abandon runs whose lease has expired", { minutes: 1 }, makeFunctionReference<"mutation">("jobs:abandonStale"), {});

export default crons;
