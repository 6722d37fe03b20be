import { internalMutation, internalQuery } from "./model/builders";
import * as model from "./model/scans";

// For whoever holds the deployment's key: internal functions, which nobody else can call.
export const write = internalMutation(model.write);
export const get = internalQuery(model.get);
export const ofSite = internalQuery(model.ofSite);
export const lastOf = internalQuery(model.lastOf);
export const lines = internalQuery(model.lines);
export const sites = internalQuery(model.sites);
export const byFeature = internalQuery(model.byFeature);
export const untold = internalQuery(model.untold);
export const tell = internalMutation(model.tell);
