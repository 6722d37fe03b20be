import * as convexTesting from "convex-test";
import { makeFunctionReference } from "convex/server";
import { convexToJson, jsonToConvex, type Value } from "convex/values";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import schema from "../functions/schema";
import { useIndexes } from "./indexes";
import { modules } from "./modules";

/*
 * The functions of this folder behind Convex's HTTP API, in memory, for Whorl's own tests: what is posted to /api/query and /api/mutation
 * is called as a deployment would call it, one call after another. `Convex <key>` may call everything, `Bearer <token>` the public functions
 * as the subject that the token stands for, and nobody else more than that. /host/clock sets the time (milliseconds, then it stands still;
 * empty: it goes on), /host/reset forgets everything; no deployment offers either.
 */
const adminKey = process.env["WHORL_HOST_ADMIN_KEY"] ?? "";
const subjects = new Map(Object.entries(JSON.parse(process.env["WHORL_HOST_TOKENS"] ?? "{}") as Record<string, string>));
useIndexes((convexTesting as unknown as { DatabaseFake: { prototype: Parameters<typeof useIndexes>[0] } }).DatabaseFake.prototype);
let convex = convexTesting.convexTest(schema, modules);

// Convex takes 16 MiB of arguments.
const maxBody = 16 * 1024 * 1024;

// What a deployment answers when a function threw; its body says what.
const functionFailed = 560;

// How a client that names itself must do so.
const clientName = /^.+-\d+\.\d+\.\d+/;

const systemNow = Date.now;

type Kind = "query" | "mutation";
interface Call {
  path: string;
  args: Record<string, Value>;
}

let last: Promise<unknown> = Promise.resolve();

/** One at a time, as serialisable transactions look from outside. */
function inTurn<T>(run: () => Promise<T>): Promise<T> {
  const turn = last.then(run);
  last = turn.catch(() => undefined);
  return turn;
}

class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

async function call(request: IncomingMessage, kind: Kind): Promise<Value> {
  const client = request.headers["convex-client"];
  if (client !== undefined && !clientName.test(String(client))) {
    throw new Refusal(400, "InvalidClientVersion", `Convex-Client must be a name with a version, as name-1.2.3, and is '${String(client)}'`);
  }

  const [scheme, secret] = (request.headers.authorization ?? "").split(" ", 2);
  const isAdmin = scheme === "Convex" && adminKey !== "" && secret === adminKey;
  if (scheme === "Convex" && !isAdmin) {
    throw new Refusal(401, "BadAdminKey", "The provided admin key was invalid for this instance");
  }

  const subject = scheme === "Bearer" ? subjects.get(secret ?? "") : undefined;
  if (scheme === "Bearer" && subject === undefined) {
    throw new Refusal(401, "Unauthenticated", "Could not verify the token");
  }

  const { path, args } = parse(await read(request));
  if (!isAdmin && !(await isPublic(path))) {
    throw new Error(`Could not find public function for '${path}'. Did you forget to run \`npx convex dev\`?`);
  }

  const caller = subject === undefined ? convex : convex.withIdentity({ subject, issuer: "https://host.test", tokenIdentifier: `https://host.test|${subject}` });
  return await inTurn(async () =>
    kind === "query"
      ? ((await caller.query(makeFunctionReference<"query">(path), args)) as Value)
      : ((await caller.mutation(makeFunctionReference<"mutation">(path), args)) as Value),
  );
}

function parse(body: string): Call {
  let call: { path?: unknown; args?: unknown; format?: unknown };
  try {
    call = JSON.parse(body) as typeof call;
  } catch {
    throw new Refusal(400, "BadJsonBody", "The body is not JSON");
  }

  if (typeof call.path !== "string" || typeof call.args !== "object" || call.args === null || (call.format ?? "json") !== "json") {
    throw new Refusal(400, "BadJsonBody", "The body must hold path, args and format");
  }

  return { path: call.path, args: jsonToConvex(call.args as never) as Record<string, Value> };
}

async function isPublic(path: string): Promise<boolean> {
  const [file, name] = path.split(":", 2);
  const module = modules[`./functions/${file}.ts`];
  const found = module === undefined ? undefined : ((await module()) as Record<string, { isPublic?: boolean }>)[name ?? "default"];
  return found?.isPublic === true;
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBody) {
      throw new Refusal(413, "TooLarge", "The body is too large");
    }

    chunks.push(chunk);
  }

  return Buffer.concat(chunks).toString("utf8");
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) }).end(text);
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === "POST" && request.url === "/host/clock") {
    const now = await read(request);
    Date.now = now === "" ? systemNow : () => Number(now);
    answer(response, 200, null);
    return;
  }

  if (request.method === "POST" && request.url === "/host/reset") {
    convex = convexTesting.convexTest(schema, modules);
    answer(response, 200, null);
    return;
  }

  const kind = request.method === "POST" ? { "/api/query": "query", "/api/mutation": "mutation" }[request.url ?? ""] : undefined;
  try {
    if (kind === undefined) {
      throw new Refusal(404, "NotFound", "There is nothing here");
    }

    answer(response, 200, { status: "success", value: convexToJson(await call(request, kind as Kind)), logLines: [] });
  } catch (fault) {
    if (fault instanceof Refusal) {
      answer(response, fault.status, { code: fault.code, message: fault.message });
      return;
    }

    const { message, data } = fault as { message?: string; data?: Value };
    answer(response, functionFailed, {
      status: "error",
      errorMessage: `Uncaught ${String(message ?? fault)}`,
      ...(data === undefined ? {} : { errorData: convexToJson(data) }),
      logLines: [],
    });
  }
}

const server = createServer((request, response) => void serve(request, response));
server.listen(Number(process.env["PORT"] ?? 0), "127.0.0.1", () => {
  console.log(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}`);
});
