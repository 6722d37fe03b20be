import {
  internalMutationGeneric,
  internalQueryGeneric,
  mutationGeneric,
  queryGeneric,
  type DataModelFromSchemaDefinition,
  type DocumentByName,
  type GenericMutationCtx,
  type GenericQueryCtx,
  type MutationBuilder,
  type QueryBuilder,
} from "convex/server";
import type { GenericValidator, ObjectType, PropertyValidators } from "convex/values";
import type schema from "../schema";

// What `npx convex codegen` would write, from the schema itself, so that everything is checked without a deployment.
export type DataModel = DataModelFromSchemaDefinition<typeof schema>;
export type Doc<Table extends keyof DataModel> = DocumentByName<DataModel, Table>;
export type QueryCtx = GenericQueryCtx<DataModel>;
export type MutationCtx = GenericMutationCtx<DataModel>;

export const internalQuery = internalQueryGeneric as QueryBuilder<DataModel, "internal">;
export const internalMutation = internalMutationGeneric as MutationBuilder<DataModel, "internal">;
export const publicQuery = queryGeneric as QueryBuilder<DataModel, "public">;
export const publicMutation = mutationGeneric as MutationBuilder<DataModel, "public">;

/** A function that is registered twice: for the holder of the deployment's key, and for workers that sign in. */
export interface Definition<Ctx, Args extends PropertyValidators, Result> {
  args: Args;
  returns: GenericValidator;
  handler: (ctx: Ctx, args: ObjectType<Args>) => Promise<Result>;
}

export function defineQuery<Args extends PropertyValidators, Result>(
  definition: Definition<QueryCtx, Args, Result>,
): Definition<QueryCtx, Args, Result> {
  return definition;
}

export function defineMutation<Args extends PropertyValidators, Result>(
  definition: Definition<MutationCtx, Args, Result>,
): Definition<MutationCtx, Args, Result> {
  return definition;
}
