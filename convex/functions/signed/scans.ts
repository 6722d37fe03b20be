import { signedMutation, signedQuery } from "../model/access";
import * as model from "../model/scans";

// For workers that sign in: the same functions, open to the identities that WHORL_WORKERS names.
export const write = signedMutation(model.write);
export const get = signedQuery(model.get);
export const ofSite = signedQuery(model.ofSite);
export const lastOf = signedQuery(model.lastOf);
export const lines = signedQuery(model.lines);
export const sites = signedQuery(model.sites);
export const byFeature = signedQuery(model.byFeature);
export const untold = signedQuery(model.untold);
export const tell = signedMutation(model.tell);
