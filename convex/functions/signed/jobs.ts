import { signedMutation, signedQuery } from "../model/access";
import { fail as failing, succeed as succeeding } from "../model/endings";
import * as model from "../model/jobs";

// For workers that sign in: the same functions, open to the identities that WHORL_WORKERS names.
export const add = signedMutation(model.add);
export const claim = signedMutation(model.claim);
export const extend = signedMutation(model.extend);
export const succeed = signedMutation(succeeding);
export const fail = signedMutation(failing);
export const retry = signedMutation(model.retry);
export const abandonStale = signedMutation(model.abandonStale);
export const get = signedQuery(model.get);
export const list = signedQuery(model.list);
export const runs = signedQuery(model.runs);
export const transitions = signedQuery(model.transitions);
export const counts = signedQuery(model.counts);
