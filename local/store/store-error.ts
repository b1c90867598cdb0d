/** What can go wrong with the store's file. Each code says what it is and how to mend it. */
export type StoreErrorCode =
  | 'StoreInUse' // another process has the file open: stop it, or point this one at another data directory
  | 'StoreForeign' // the file is not a store of this product: move it away
  | 'StoreCorrupt' // SQLite finds the file damaged: restore a copy
  | 'StoreNewer' // written by a newer version: upgrade
  | 'StoreReadOnly' // file, directory or disk cannot be written: change permissions or mount options
  | 'StoreFull' // no space left on the device: free some; work goes on by itself
  | 'StoreCannotOpen' // the directory is missing or is not accessible
  | 'StoreIo' // the device failed; what was not confirmed is lost, restart after mending the disk
  | 'StoreClosed'; // used after close()

/** Thrown by the store; `code` is stable, the message says what is wrong and how to mend it. */
export class StoreError extends Error {
  constructor(
    readonly code: StoreErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'StoreError';
  }
}

/** SQLite's primary result codes (sqlite.org/rescode.html) that mean something to an operator. */
const BY_RESULT_CODE = new Map<number, [StoreErrorCode, string]>([
  [5, ['StoreInUse', 'another process has it open; stop that process or use another data directory']],
  [6, ['StoreInUse', 'another connection has it locked; stop that process or use another data directory']],
  [8, ['StoreReadOnly', 'it cannot be written; check the permissions of file, directory and mount']],
  [10, ['StoreIo', 'the device reported an error; check the disk, then start again']],
  [11, ['StoreCorrupt', 'it is damaged; restore a copy of the data directory']],
  [13, ['StoreFull', 'no space is left on the device; free some and the work goes on']],
  [14, ['StoreCannotOpen', 'it cannot be opened; check that the directory exists and is accessible']],
  [26, ['StoreForeign', 'it is not a database of this product; move it away']],
]);

/** Translates what `node:sqlite` throws; anything else is passed on unchanged. */
export function storeError(cause: unknown, path: string): Error {
  if (cause instanceof StoreError) return cause;
  const error = cause instanceof Error ? cause : new Error(String(cause));
  const resultCode = (cause as { errcode?: unknown }).errcode;
  const known = typeof resultCode === 'number' ? BY_RESULT_CODE.get(resultCode & 0xff) : undefined;
  if (!known) return error;
  const [code, advice] = known;
  return new StoreError(code, `${path}: ${advice} (${error.message})`, { cause });
}
