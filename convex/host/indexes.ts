/*
 * convex-test looks at every document of every table for each read, which is right and slow: two thousand jobs take minutes. This gives its
 * database lists of ids, by table and by the first field that a read compares for equality. It only narrows what is looked at: convex-test
 * still compares, sorts and cuts by itself.
 */
type Document = Record<string, unknown>;
type Writes = Record<string, Document | null>;

interface Source {
  type: string;
  indexName?: string;
  range?: { type: string; fieldPath: string; value: unknown }[];
}

/** What is used of convex-test's database; see serve.mjs for how it is had. */
interface Database {
  _documents: Record<string, Document>;
  _writes: Writes[];
  get(table: string | undefined, id: string): Document | null;
  commit(): void;
  _iterateDocs(table: string, callback: (document: Document) => void): void;
  _resolveQuerySource(query: { source: Source }): unknown;
}

class Lists {
  private readonly byTable = new Map<string, Set<string>>();
  private readonly byField = new Map<string, Map<unknown, Set<string>>>();

  wanted: { field: string; value: unknown } | null = null;

  update(id: string, before: Document | undefined, after: Document | null): void {
    const table = tableOf(id);
    const ids = entry(this.byTable, table, () => new Set<string>());
    if (after === null) {
      ids.delete(id);
    } else {
      ids.add(id);
    }

    for (const [name, values] of this.byField) {
      const [ofTable, field] = name.split(".", 2) as [string, string];
      if (ofTable === table) {
        values.get(before?.[field])?.delete(id);
        if (after !== null) {
          entry(values, after[field], () => new Set<string>()).add(id);
        }
      }
    }
  }

  idsOf(documents: Record<string, Document>, table: string): Iterable<string> {
    const all = this.byTable.get(table) ?? new Set<string>();
    if (this.wanted === null) {
      return all;
    }

    const { field, value } = this.wanted;
    const values = entry(this.byField, `${table}.${field}`, () => {
      const made = new Map<unknown, Set<string>>();
      for (const id of all) {
        entry(made, documents[id]![field], () => new Set<string>()).add(id);
      }

      return made;
    });
    return values.get(value) ?? [];
  }
}

function entry<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    map.set(key, (value = make()));
  }

  return value;
}

const tableOf = (id: string) => id.replace(/^[0-9]+/, "");

export function useIndexes(prototype: Database): void {
  const lists = new WeakMap<Database, Lists>();
  const of = (database: Database) => {
    let made = lists.get(database);
    if (made === undefined) {
      lists.set(database, (made = new Lists()));
    }

    return made;
  };

  const commit = prototype.commit;
  prototype.commit = function (this: Database) {
    const writes = this._writes.length === 1 ? this._writes[0]! : {};
    const before = Object.keys(writes).map((id) => [id, this._documents[id]] as const);
    commit.call(this);
    for (const [id, document] of before) {
      of(this).update(id, document, writes[id]!);
    }
  };

  const resolve = prototype._resolveQuerySource;
  prototype._resolveQuerySource = function (this: Database, query) {
    const first = query.source.type === "IndexRange" ? query.source.range?.[0] : undefined;
    const simple = first?.type === "Eq" && !first.fieldPath.includes(".") && ["string", "number", "boolean"].includes(typeof first.value);
    of(this).wanted = first !== undefined && simple ? { field: first.fieldPath, value: first.value } : null;
    try {
      return resolve.call(this, query);
    } finally {
      of(this).wanted = null;
    }
  };

  prototype._iterateDocs = function (this: Database, table, callback) {
    const ids = new Set(of(this).idsOf(this._documents, table));
    for (const writes of this._writes) {
      for (const id of Object.keys(writes)) {
        if (tableOf(id) === table) {
          ids.add(id);
        }
      }
    }

    for (const id of ids) {
      const document = this.get(table, id);
      if (document !== null) {
        callback(document);
      }
    }
  };
}
