import type { MutationCtx, QueryCtx } from "./builders";
import { jobStates, type JobState } from "./nouns";

// Two workers that end runs at the same moment conflict with a chance of one in so many, and Convex then repeats one of them.
const shards = 16;

/** Changes of the numbers of jobs in each state, written once at the end of a mutation. */
export class Tally {
  private readonly changes = new Map<JobState, number>();

  move(from: JobState | null, to: JobState): void {
    if (from !== null) {
      this.changes.set(from, (this.changes.get(from) ?? 0) - 1);
    }

    this.changes.set(to, (this.changes.get(to) ?? 0) + 1);
  }

  async write(ctx: MutationCtx): Promise<void> {
    const shard = Math.floor(Math.random() * shards);
    for (const [state, change] of this.changes) {
      if (change === 0) {
        continue;
      }

      const document = await ctx.db
        .query("counts")
        .withIndex("by_state", (q) => q.eq("state", state).eq("shard", shard))
        .unique();
      if (document === null) {
        await ctx.db.insert("counts", { state, shard, count: change });
      } else {
        await ctx.db.patch(document._id, { count: document.count + change });
      }
    }
  }
}

/** How many jobs are in each state. A shard may be below zero; the sum is not. */
export async function countStates(ctx: QueryCtx): Promise<Record<JobState, number>> {
  const counts = { queued: 0, leased: 0, succeeded: 0, failed: 0, abandoned: 0 };
  for (const state of jobStates) {
    const documents = await ctx.db
      .query("counts")
      .withIndex("by_state", (q) => q.eq("state", state))
      .take(shards);
    for (const document of documents) {
      counts[state] += document.count;
    }
  }

  return counts;
}
