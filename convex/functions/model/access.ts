import { ConvexError, type ObjectType, type PropertyValidators } from "convex/values";
import {
  publicMutation,
  publicQuery,
  type Definition,
  type MutationCtx,
  type QueryCtx,
} from "./builders";

/**
 * Lets in whom the deployment's environment variable WHORL_WORKERS names: subjects or token identifiers, with commas between.
 * Where it is not set nobody is let in: signing in somewhere is not yet a reason to run the queue.
 */
export async function requireWorker(ctx: QueryCtx | MutationCtx): Promise<void> {
  const identity = await ctx.auth.getUserIdentity();
  if (identity === null) {
    throw new ConvexError({ code: "unauthenticated", message: "no valid token came with the call" });
  }

  const workers = (process.env["WHORL_WORKERS"] ?? "").split(",").map((name) => name.trim()).filter((name) => name !== "");
  if (!workers.includes(identity.subject) && !workers.includes(identity.tokenIdentifier)) {
    throw new ConvexError({ code: "forbidden", message: "WHORL_WORKERS of the deployment does not name this identity" });
  }
}

export function signedQuery<Args extends PropertyValidators, Result>(definition: Definition<QueryCtx, Args, Result>) {
  return publicQuery({
    args: definition.args,
    returns: definition.returns,
    handler: async (ctx: QueryCtx, args: ObjectType<Args>) => {
      await requireWorker(ctx);
      return await definition.handler(ctx, args);
    },
  });
}

export function signedMutation<Args extends PropertyValidators, Result>(definition: Definition<MutationCtx, Args, Result>) {
  return publicMutation({
    args: definition.args,
    returns: definition.returns,
    handler: async (ctx: MutationCtx, args: ObjectType<Args>) => {
      await requireWorker(ctx);
      return await definition.handler(ctx, args);
    },
  });
}
