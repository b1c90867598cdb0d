/** A column holds text, a whole number below 2^31 or a truth value; `undefined` is not written. Instants are ISO 8601 text. */
export type Columns = Record<string, string | number | boolean | undefined>;

export interface Key {
  partition: string;
  row: string;
}

export interface StoredRow extends Key {
  etag: string;
  columns: Columns;
}
