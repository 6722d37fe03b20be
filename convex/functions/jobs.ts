import { internalMutation, internalQuery } from "./model/builders";
import { fail as failing, succeed as succeeding } from "./model/endings";
import * as model from "./model/jobs";

// For whoever holds the deployment's key: internal functions, which nobody else can call.
export const add = internalMutation(model.add);
export const claim = internalMutation(model.claim);
export const extend = internalMutation(model.extend);
export const succeed = internalMutation(succeeding);
export const fail = internalMutation(failing);
export const retry = internalMutation(model.retry);
export const abandonStale = internalMutation(model.abandonStale);
export const get = internalQuery(model.get);
export const list = internalQuery(model.list);
export const runs = internalQuery(model.runs);
export const transitions = internalQuery(model.transitions);
export const counts = internalQuery(model.counts);
